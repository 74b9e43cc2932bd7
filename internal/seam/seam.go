package seam

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"fencepost/core"
)

// Hold makes calls wait at one point.
type Hold struct {
	// Point is before:OP or after:OP.
	Point string
	// Skip lets so many calls pass first.
	Skip int
	// Count is how many calls wait; zero is all that come.
	Count int
	// For is how long each waits at most; zero is until the hold is released.
	For time.Duration
}

// Passage is how often a point was passed, and how many wait there now.
type Passage struct {
	Point   string `json:"point"`
	Passed  int    `json:"passed"`
	Waiting int    `json:"waiting"`
}

// Switch holds calls at points. It is safe for use by several goroutines.
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
	names := make([]string, 0, 2*len(core.Ops()))
	for _, op := range core.Ops() {
		names = append(names, "before:"+op.String(), "after:"+op.String())
	}
	return names
}

// Hold begins a hold in the place of an older one at the same point. The error
// names what makes no sense.
func (s *Switch) Hold(h Hold) error {
	if !slices.Contains(Points(), h.Point) {
		return fmt.Errorf("point %q: must be one of %s", h.Point, strings.Join(Points(), ", "))
	}
	if h.Skip < 0 || h.Count < 0 || h.For < 0 {
		return fmt.Errorf("point %s: skip, count and for must not be negative", h.Point)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.at(h.Point)
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
		list = append(list, Passage{Point: name, Passed: p.passed, Waiting: p.waiting})
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

// arrive counts the call and returns what it must wait for, if anything.
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
