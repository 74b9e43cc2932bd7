package seam

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/core/event"
)

// Hold makes what comes to one point wait there.
type Hold struct {
	// Point is before:OP, after:OP or at:EVENT.
	Point string
	// Skip lets so many pass first, counted from now.
	Skip int
	// Nth is the first that waits, counted from the start of the process; zero
	// leaves that to Skip. Whoever has read how often the point was passed can
	// ask for one that comes later without a race.
	Nth int
	// Count is how many wait; zero is all that come.
	Count int
	// For is how long each waits at most; zero is until the hold is released.
	For time.Duration
}

// ErrPassed says that the passage that was to be held has been already.
var ErrPassed = errors.New("was passed already")

// Passage is how often a point was passed since the process started, those that
// wait there included; how many wait now; and whether a hold stands there.
type Passage struct {
	Point   string `json:"point"`
	Passed  int    `json:"passed"`
	Waiting int    `json:"waiting"`
	Armed   bool   `json:"armed"`
}

// Switch holds what passes its points. It is safe for use by several goroutines.
type Switch struct {
	mu     sync.Mutex
	points map[string]*point
}

// point is one named point. released is closed when its hold ends; it is nil
// while there is none.
type point struct {
	hold     Hold
	released chan struct{}
	held     int
	passed   int
	waiting  int
}

// New returns a switch that holds nothing.
func New() *Switch { return &Switch{points: map[string]*point{}} }

// Points lists every named point.
func Points() []string {
	names := make([]string, 0, 2*len(core.Ops())+event.Total)
	for _, op := range core.Ops() {
		names = append(names, "before:"+op.String(), "after:"+op.String())
	}
	for _, e := range event.All() {
		if !elsewhere(e) {
			names = append(names, "at:"+e.String())
		}
	}
	return names
}

// elsewhere reports whether the event is told by a sender, the store or the
// broker alone: no node announces it, and a hold would wait for ever.
func elsewhere(e event.Event) bool {
	switch e {
	case event.SignalReceived, event.SignalDuplicate, event.OrderSent, event.OrderAccepted:
		return true
	default:
		return false
	}
}

// Hold begins a hold in the place of an older one at the same point. The error
// names what makes no sense, or is ErrPassed.
func (s *Switch) Hold(h Hold) error {
	switch {
	case !slices.Contains(Points(), h.Point):
		return fmt.Errorf("point %q: must be one of %s", h.Point, strings.Join(Points(), ", "))
	case h.Skip < 0 || h.Nth < 0 || h.Count < 0 || h.For < 0:
		return fmt.Errorf("point %s: skip, nth, count and for must not be negative", h.Point)
	case h.Skip > 0 && h.Nth > 0:
		return fmt.Errorf("point %s: skip counts from now and nth from the start; one of them", h.Point)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.at(h.Point)
	if h.Nth > 0 {
		if p.passed >= h.Nth {
			return fmt.Errorf("point %s: number %d %w; %d were", h.Point, h.Nth, ErrPassed, p.passed)
		}
		h.Skip = h.Nth - p.passed - 1
	}
	p.end()
	p.hold, p.held, p.released = h, 0, make(chan struct{})
	return nil
}

// Release ends the hold at the point and lets go of everything that waits
// there.
func (s *Switch) Release(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(name).end()
}

// ReleaseAll ends every hold.
func (s *Switch) ReleaseAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.points {
		p.end()
	}
}

// Passages lists the points that were passed or are held, by name.
func (s *Switch) Passages() []Passage {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Passage, 0, len(s.points))
	for name, p := range s.points {
		list = append(list, Passage{
			Point: name, Passed: p.passed, Waiting: p.waiting, Armed: p.released != nil,
		})
	}
	slices.SortFunc(list, func(a, b Passage) int { return strings.Compare(a.Point, b.Point) })
	return list
}

// Pass waits while the point is held, or until the context ends.
func (s *Switch) Pass(ctx context.Context, name string) {
	wait, most := s.arrive(name)
	if wait == nil {
		return
	}
	var late <-chan time.Time
	if most > 0 {
		timer := time.NewTimer(most)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-wait:
	case <-late:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(name).waiting--
}

// arrive counts the passage and returns what it must wait for, if anything.
func (s *Switch) arrive(name string) (<-chan struct{}, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.at(name)
	p.passed++
	if p.released == nil {
		return nil, 0
	}
	if p.hold.Skip > 0 {
		p.hold.Skip--
		return nil, 0
	}
	if p.hold.Count > 0 && p.held == p.hold.Count {
		return nil, 0
	}
	p.held++
	p.waiting++
	return p.released, p.hold.For
}

// at returns the point. The caller holds the lock.
func (s *Switch) at(name string) *point {
	p, ok := s.points[name]
	if !ok {
		p = &point{}
		s.points[name] = p
	}
	return p
}

func (p *point) end() {
	if p.released != nil {
		close(p.released)
		p.released = nil
	}
}
