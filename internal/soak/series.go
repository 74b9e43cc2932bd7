package soak

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"fencepost/chaos"
)

// key names a series.
type key struct {
	party    string
	life     int
	resource chaos.Resource
}

// series are what all parties held at the quiet points. It belongs to whoever
// watches.
type series struct {
	plan   *Plan
	points map[key][]Point
	// round is that of the quiet point that is looked at, seen what was read at it so
	// far, until when and how many signals had been offered by then.
	round   int
	at      time.Duration
	signals int
	seen    map[key][]float64
	// offered are the signals at each quiet point.
	offered map[time.Duration]int
}

func newSeries(p *Plan) *series {
	return &series{
		plan: p, points: map[key][]Point{}, seen: map[key][]float64{}, offered: map[time.Duration]int{},
	}
}

// add takes a look. It reports true if a quiet point has just ended.
func (s *series) add(g *chaos.Glance) bool {
	round, quiet := s.plan.quiet(g.At)
	ended := len(s.seen) > 0 && (!quiet || round != s.round)
	if ended {
		s.close()
	}
	if !quiet {
		return ended
	}
	s.round, s.at, s.signals = round, g.At, g.Offered
	for _, h := range g.Holdings {
		k := key{h.Party, h.Life, h.Resource}
		s.seen[k] = append(s.seen[k], h.Amount)
	}
	return ended
}

// close makes a point of the least that was read at a quiet point: what is under way
// just then only adds to it, and a leak lies below everything.
func (s *series) close() {
	for k, amounts := range s.seen {
		s.points[k] = append(s.points[k], Point{s.at, slices.Min(amounts)})
	}
	if len(s.seen) > 0 {
		s.offered[s.at] = s.signals
	}
	clear(s.seen)
}

// trends judges every series that is long enough, in an order that is the same for
// the same series.
func (s *series) trends() []Trend {
	keys := slices.SortedFunc(maps.Keys(s.points), func(a, b key) int {
		return cmp.Or(strings.Compare(a.party, b.party), a.life-b.life,
			strings.Compare(string(a.resource), string(b.resource)))
	})
	var all []Trend
	for _, k := range keys {
		points := s.points[k]
		signals := s.offered[points[len(points)-1].At] - s.offered[points[0].At]
		if t, ok := judge(k, points, signals); ok {
			all = append(all, t)
		}
	}
	return all
}

// covers tells whether a trend speaks of the whole soak: it has most of the quiet
// points, and one of the last two. A process that leaks until it does not answer any
// more is not judged by its healthy beginning.
func (s *series) covers(t *Trend) bool {
	looked := slices.Sorted(maps.Keys(s.offered))
	recent := looked[max(len(looked)-2, 0)]
	return 2*(len(t.Points)+warmUp) > len(looked) && t.Points[len(t.Points)-1].At >= recent
}

// unseen names a party that was to live for the whole soak and a resource of which
// too little was seen, "" if there is none.
func (s *series) unseen(trends []Trend) string {
	process := []chaos.Resource{chaos.Descriptors, chaos.Goroutines, chaos.Heap, chaos.Resident}
	store := []chaos.Resource{chaos.Connections}
	for _, party := range s.plan.parties() {
		resources := process
		if party == redisParty || party == postgresParty {
			resources = store
		}
		for _, resource := range resources {
			found := slices.ContainsFunc(trends, func(t Trend) bool {
				return t.Party == party && t.Resource == resource && s.covers(&t)
			})
			if !found {
				return party + "'s " + string(resource)
			}
		}
	}
	return ""
}
