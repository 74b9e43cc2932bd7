package shrink

import (
	"strings"

	"fencepost/scenarios"
)

// What is measured of a scenario, the weightiest first: a scenario is simpler
// than another if it is smaller in the first of these in which they differ.
const (
	faults   = iota // steps
	nodes           // of the cluster
	signals         // offered by the workload
	breadth         // directions, stores and nodes that the faults touch
	settling        // nanoseconds after the run
	clutter         // fields that the file sets
	rough           // how far its times are from round ones
	length          // nanoseconds: of the faults, of the run, of the time before each fault
	measured
)

// measure is the size of a scenario.
type measure [measured]int64

// less tells whether m is simpler than n.
func (m measure) less(n measure) bool {
	for i := range m {
		if m[i] != n[i] {
			return m[i] < n[i]
		}
	}
	return false
}

// measureOf measures a scenario.
func measureOf(s *scenarios.Scenario) measure { return measureWith(s, bare(s)) }

// measureWith measures a scenario whose bare text is known.
func measureWith(s *scenarios.Scenario, text string) measure {
	full, ttl := s.WithDefaults(), s.TTL()
	m := measure{faults: int64(len(s.Steps)), nodes: int64(full.Cluster.Nodes)}
	if s.Nemesis != nil {
		m[faults] += 1_000_000
	}
	duration := full.Run.Duration.Resolve(ttl)
	offered := s.Workload.Signals
	if gap := offered.Rate.Interval(ttl); gap > 0 {
		m[signals] = duration/gap + 1
	}
	m[signals] += int64(offered.Count)
	for _, step := range s.Steps {
		m[breadth] += touched(step, m[nodes])
		spans(step, func(_ use, span scenarios.Span) scenarios.Span {
			m[rough] += roughness(span)
			low, high := span.Resolve(ttl)
			m[length] += abs(low) + abs(high)
			return span
		})
	}
	m[clutter] = int64(strings.Count(text, ": "))
	m[rough] += 10 * int64(strings.Count(text, ".."))
	m[settling] = full.Run.Settle.Resolve(ttl)
	m[rough] += roughness(s.Run.Duration.Span()) + roughness(s.Workload.Every)
	m[length] += duration
	return m
}

// touched counts what a step reaches, and how far it is from naming it.
func touched(step scenarios.Step, nodes int64) int64 {
	n := int64(1)
	parties(step, func(p scenarios.Party) scenarios.Party {
		switch p.Kind {
		case scenarios.AllParty, scenarios.FollowersParty:
			n += 2 * nodes
		case scenarios.AnyParty, scenarios.FollowerParty, scenarios.BoundParty, scenarios.CandidateParty:
			n++
		default:
		}
		return p
	})
	if v, ok := step.Verb.(scenarios.Net); ok {
		n += 2 * int64(len(v.Link.Stores()))
		if v.Link.Arrow == scenarios.Both {
			n *= 2
		}
	}
	switch t := step.Trigger; t.Kind {
	case scenarios.WhenTrigger:
		n += 2 + int64(t.When.Nth.Max)
	case scenarios.AfterTrigger:
		n++
	case scenarios.AtTrigger, scenarios.NoTrigger:
	}
	return n
}

// roughness tells how far a length is from a round one: whole ttl are best,
// then tenths of it, then whole milliseconds. A range is worse than a point.
func roughness(s scenarios.Span) int64 {
	if s.IsZero() {
		return 0
	}
	n := roughnessOf(s.Min)
	if !s.Fixed() {
		n += roughnessOf(s.Max)
	}
	return n
}

func roughnessOf(l scenarios.Length) int64 {
	for i, part := range []int64{1, 10, 100} {
		if l.Nanos == 0 && l.TTLs%(scenarios.OneTTL/part) == 0 {
			return int64(i)
		}
	}
	n := l.Nanos
	switch {
	case l.TTLs != 0:
		return 8
	case n%1_000_000_000 == 0:
		return 3
	case n%10_000_000 == 0:
		return 4
	case n%1_000_000 == 0:
		return 5
	default:
		return 9
	}
}

func abs(n int64) int64 { return max(n, -n) }
