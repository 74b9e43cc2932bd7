package edge

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"

	"fencepost/core"
)

// Seeds is how many seeds each drift is tried under, unless something else is
// asked for.
const Seeds = 100

// The grid of the map: drifts in parts per million up to a limit that no clock
// comes near, disturbances in thousandths of a ttl.
const (
	driftStep  = 1_000
	driftLimit = 400_000
)

// amounts are the disturbances of each kind that the map shows, equally many.
var amounts = map[Disturbance][]int64{
	Pause: {0, 400, 500, 600, 700, 800, 1000, 2000, 4000},
	Delay: {0, 100, 200, 400, 500, 600, 700, 1000, 2000},
}

// Point is one place of the edge.
type Point struct {
	// Amount is how much of the disturbance, in ttl.
	Amount float64 `json:"amount"`
	// Drift is the least difference between the rates of the nodes' clocks and the
	// servers', in percent, at which two nodes believed at once; null if none did
	// up to the limit.
	Drift *float64 `json:"drift_percent"`
	// Open: the search for this point was interrupted, and says nothing.
	Open bool `json:"open,omitempty"`
}

// Curve is the edge for one timing and one kind of disturbance.
type Curve struct {
	Timing      Timing  `json:"timing"`
	Disturbance string  `json:"disturbance"`
	Points      []Point `json:"points"`

	kind Disturbance
}

// Map is what was found.
type Map struct {
	Seeds int `json:"seeds"`
	// Promised is ρ, and Limit up to where was searched, in percent.
	Promised float64 `json:"promised_percent"`
	Limit    float64 `json:"limit_percent"`
	Curves   []Curve `json:"curves"`
	// Runs and Events tell what the search took.
	Runs   int64 `json:"runs"`
	Events int64 `json:"events"`
	// ExecutorBroken tells whether single-executor or no-stale-effect broke in any
	// of the runs, Other which other invariants did.
	ExecutorBroken bool     `json:"executor_broken"`
	Other          []string `json:"other"`
	// Interrupted: the search ended before all points were found.
	Interrupted bool `json:"interrupted"`
}

// Search draws the map with so many seeds for each drift, on so many cores (0
// means all), until ctx ends: what was found until then is the map. The error
// says that the simulator refuses a timing.
func Search(ctx context.Context, seeds, workers int) (*Map, error) {
	if seeds < 1 {
		return nil, fmt.Errorf("search the edge: %d seeds are too few", seeds)
	}
	m := &Map{
		Seeds: seeds, Promised: percent(core.ForTTL(core.DefaultTTL).DriftPPM), Limit: percent(driftLimit),
		Other: []string{},
	}
	for _, timing := range Timings() {
		for _, kind := range []Disturbance{Pause, Delay} {
			m.Curves = append(m.Curves, Curve{
				Timing: timing, Disturbance: kind.String(), kind: kind,
				Points: make([]Point, len(amounts[kind])),
			})
		}
	}
	var next atomic.Int64
	var group sync.WaitGroup
	found := make([]bisection, len(m.Curves)*len(amounts[Pause]))
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range workers {
		group.Go(func() {
			for ctx.Err() == nil {
				k := int(next.Add(1) - 1)
				if k >= len(found) {
					return
				}
				c := &m.Curves[k/len(amounts[Pause])]
				amount := amounts[c.kind][k%len(amounts[Pause])]
				found[k] = bisect(ctx, situation{timing: c.Timing, kind: c.kind, amount: amount}, seeds)
			}
		})
	}
	group.Wait()
	return m, m.collect(found)
}

// collect puts the points into their curves.
func (m *Map) collect(found []bisection) error {
	var problems []error
	others := map[string]bool{}
	for k := range found {
		f := &found[k]
		problems = append(problems, f.err)
		m.Runs += f.runs
		m.Events += f.events
		m.ExecutorBroken = m.ExecutorBroken || f.executors
		for _, name := range f.others {
			others[name] = true
		}
		c := &m.Curves[k/len(amounts[Pause])]
		p := &c.Points[k%len(amounts[Pause])]
		p.Amount = float64(amounts[c.kind][k%len(amounts[Pause])]) / 1000
		p.Open = !f.found
		m.Interrupted = m.Interrupted || p.Open
		if f.found && f.drift <= driftLimit {
			drift := percent(f.drift)
			p.Drift = &drift
		}
	}
	for name := range others {
		m.Other = append(m.Other, name)
	}
	sort.Strings(m.Other)
	return errors.Join(problems...)
}

// bisection is the search for one point.
type bisection struct {
	drift        int64 // beyond the limit if nothing broke
	found        bool  // not if the search was interrupted
	runs, events int64
	executors    bool
	others       []string
	err          error
}

// bisect looks for the least drift at which two nodes believe at once.
func bisect(ctx context.Context, s situation, seeds int) bisection {
	b := bisection{found: true}
	breaks := func(steps int) bool {
		if b.err != nil || ctx.Err() != nil {
			b.found = false
			return true
		}
		s.drift = int64(steps) * driftStep
		f, err := s.probe(seeds)
		b.err = err
		b.runs += f.runs
		b.events += f.events
		b.executors = b.executors || f.executors
		if f.other != 0 {
			b.others = append(b.others, f.other.String())
		}
		return f.believers
	}
	const limit = driftLimit / driftStep
	if !breaks(limit) {
		b.drift = driftLimit + driftStep
		return b
	}
	b.drift = int64(sort.Search(limit, breaks)) * driftStep
	return b
}

func percent(ppm int64) float64 { return float64(ppm) / 10_000 }
