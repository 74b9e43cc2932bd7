package shrink

import (
	"fmt"

	"fencepost/scenarios"
)

// cutAtFailure ends the run right after the failure and leaves out what would
// have come later. The instant is on the run's clock, which begins before that
// of the steps, so nothing that mattered is lost.
func cutAtFailure(s *scenarios.Scenario, failedAt int64) []candidate {
	ttl := s.TTL()
	if failedAt >= s.WithDefaults().Run.Duration.Resolve(ttl) {
		return nil
	}
	c := copied(s)
	end := max(failedAt, 1_000_000)
	tenth := max(ttl/10, 1)
	c.Run.Duration = tenths((end + tenth - 1) / tenth)
	gone := map[int]bool{}
	for i, step := range s.Steps {
		at, _ := step.Trigger.At.Resolve(ttl)
		gone[i] = step.Trigger.Kind == scenarios.AtTrigger && at > failedAt
	}
	if c = without(c, gone); c == nil {
		return nil
	}
	return []candidate{{c, "nothing after the failure"}}
}

// hasty leaves a run next to no time to settle: what fails before its end does so
// as well, and what does not fail is known the sooner.
func (t *task) hasty(s *scenarios.Scenario) []candidate {
	c := copied(s)
	c.Run.Settle = tenths(1)
	return []candidate{{c, "no time to settle"}}
}

// settleAgain gives the run the usual time to settle again, if it fails so.
func (t *task) settleAgain() {
	c := copied(t.now)
	c.Run.Settle = scenarios.Length{}
	found := try(nil, c, []uint64{t.seed}, t.kind)
	t.runs += found.runs
	t.events += found.events
	if found.alike {
		t.take(candidate{c, "the usual time to settle"}, &found)
	}
}

// shorterRuns ends the run earlier.
func shorterRuns(s *scenarios.Scenario) []candidate {
	ttl := s.TTL()
	var list []candidate
	for _, span := range rounder(s.WithDefaults().Run.Duration.Span(), ttl) {
		last := int64(0)
		for _, step := range s.Steps {
			if step.Trigger.Kind == scenarios.AtTrigger {
				_, at := step.Trigger.At.Resolve(ttl)
				last = max(last, at)
			}
		}
		if span.Min.Resolve(ttl) < last {
			continue
		}
		c := copied(s)
		c.Run.Duration = span.Min
		list = append(list, candidate{c, "a run of " + span.String()})
	}
	return list
}

// earlier moves all steps from one on towards the beginning.
func earlier(s *scenarios.Scenario) []candidate {
	ttl := s.TTL()
	order := byTime(s)
	var list []candidate
	before := int64(0)
	for k, i := range order {
		t := s.Steps[i].Trigger
		if t.Kind != scenarios.AtTrigger {
			break
		}
		from, _ := t.At.Resolve(ttl)
		gap := from - before
		before = from
		for _, by := range []int64{gap, gap / 2, gap / 4, gap % ttl, gap % (ttl / 10)} {
			if by <= 0 {
				continue
			}
			c := copied(s)
			for _, j := range order[k:] {
				if c.Steps[j].Trigger.Kind == scenarios.AtTrigger {
					c.Steps[j].Trigger.At = moved(c.Steps[j].Trigger.At, -by, ttl)
				}
			}
			if d := c.Run.Duration.Resolve(ttl); d > by {
				c.Run.Duration = inTTLs(d-by, ttl)
			}
			list = append(list, candidate{c, fmt.Sprintf("%d steps earlier", len(order)-k)})
		}
	}
	return list
}

// moved shifts a span. A range keeps its width.
func moved(s scenarios.Span, by, ttl int64) scenarios.Span {
	low, high := s.Resolve(ttl)
	return scenarios.Span{Min: inTTLs(low+by, ttl), Max: inTTLs(high+by, ttl)}
}

// inTTLs returns the length in ttl where it is round in them, else as it is.
func inTTLs(n, ttl int64) scenarios.Length {
	if tenth := ttl / 10; tenth > 0 && n%tenth == 0 {
		return tenths(n / tenth)
	}
	return scenarios.Length{Nanos: n}
}

// rounderTimes gives one stretch of time after the other a shorter or rounder
// value.
func rounderTimes(s *scenarios.Scenario) []candidate {
	ttl := s.TTL()
	var list []candidate
	for i, step := range s.Steps {
		count := 0
		spans(step, func(_ use, span scenarios.Span) scenarios.Span {
			count++
			return span
		})
		for k := range count {
			var choices []scenarios.Span
			pick(step, k, func(span scenarios.Span) scenarios.Span {
				choices = rounder(span, ttl)
				return span
			})
			for _, choice := range choices {
				next := pick(step, k, func(scenarios.Span) scenarios.Span { return choice })
				list = append(list, at(s, i, "a time of "+choice.String(), next))
			}
		}
	}
	return list
}

// pick changes the k-th stretch of time of the step.
func pick(step scenarios.Step, k int, f func(scenarios.Span) scenarios.Span) scenarios.Step {
	n := -1
	return spans(step, func(_ use, span scenarios.Span) scenarios.Span {
		if n++; n == k {
			return f(span)
		}
		return span
	})
}

// points draws other numbers of a step together: counts and rates of drift.
func points(s *scenarios.Scenario) []candidate {
	var list []candidate
	for i, step := range s.Steps {
		next := step
		switch v := step.Verb.(type) {
		case scenarios.Clock:
			for _, drift := range []scenarios.Percent{v.Drift.Min, v.Drift.Max} {
				if v.Drift.Min == v.Drift.Max {
					break
				}
				v.Drift = scenarios.PercentRange{Min: drift, Max: drift}
				next.Verb = v
				list = append(list, at(s, i, "one drift", next))
			}
		case scenarios.Webhook:
			for _, n := range []int{v.Count.Min, v.Count.Max} {
				if v.Count.Min == v.Count.Max {
					break
				}
				v.Count = scenarios.Count{Min: n, Max: n}
				next.Verb = v
				list = append(list, at(s, i, "one count", next))
			}
		default:
		}
	}
	return list
}
