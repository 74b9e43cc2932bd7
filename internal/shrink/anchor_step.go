package shrink

import (
	"fmt"

	"fencepost/scenarios"
	"fencepost/sim"
)

// mostAnchors is how many events are tried for a step, the nearest ones.
const mostAnchors = 14

// anchorStep lets one step wait for an event of the run instead of an instant,
// and strike a role instead of a node. It stays as it is if it then fails under
// fewer than half of the schedules.
func (t *task) anchorStep(a *Anchored, step int) {
	run, ok := watched(t.now, t.seed)
	if !ok {
		return
	}
	struck := run.strike(step)
	if struck == nil {
		return
	}
	var list []candidate
	for _, parted := range run.parts(t.now, step, struck) {
		list = append(list, run.triggers(parted, step, struck)...)
	}
	if !t.choose(a, list, (a.Fails+1)/2) {
		// No event will do. A role still may.
		t.choose(a, roles(run.parts(t.now, step, struck)), a.Fails)
	}
}

// roles makes candidates of what parts returned; the last is the scenario itself.
func roles(parted []*scenarios.Scenario) []candidate {
	var list []candidate
	for _, s := range parted[:len(parted)-1] {
		list = append(list, candidate{s, "a role"})
	}
	return list
}

// parts returns what becomes of the scenario if the step strikes a role, or the
// node that an earlier step has struck, instead of a node by its name, and then
// the scenario itself.
func (r *seen) parts(s *scenarios.Scenario, step int, struck *sim.Strike) []*scenarios.Scenario {
	var list []*scenarios.Scenario
	if len(struck.Nodes) != 1 {
		return []*scenarios.Scenario{s}
	}
	node, named := struck.Nodes[0], false
	parties(s.Steps[step], func(p scenarios.Party) scenarios.Party {
		named = named || p.Kind == scenarios.NodeParty && p.Index == int(node)+1
		return p
	})
	as := func(c *scenarios.Scenario, who scenarios.Party) {
		c.Steps[step] = parties(c.Steps[step], func(p scenarios.Party) scenarios.Party {
			if p.IsSeveral() || p.Kind == scenarios.BoundParty {
				return p
			}
			return who
		})
		list = append(list, c)
	}
	if named {
		as(copied(s), r.role(node, struck.At))
	}
	for _, other := range r.strikes {
		if other.Step == step || other.At > struck.At || len(other.Nodes) != 1 || other.Nodes[0] != node {
			continue
		}
		c := copied(s)
		name := bound(c, other.Step)
		if name != "" {
			as(c, scenarios.Party{Kind: scenarios.BoundParty, Name: name})
		}
	}
	return append(list, s)
}

// bound lets a step bind the node that it strikes and returns the name; "" if its
// verb cannot.
func bound(s *scenarios.Scenario, step int) string {
	if name := s.Steps[step].Bound(); name != "" {
		return name
	}
	name := fmt.Sprintf("hit%d", step+1)
	switch v := s.Steps[step].Verb.(type) {
	case scenarios.Kill:
		v.As = name
		s.Steps[step].Verb = v
	case scenarios.Stop:
		v.As = name
		s.Steps[step].Verb = v
	case scenarios.Pause:
		v.As = name
		s.Steps[step].Verb = v
	case scenarios.Net:
		v.As = name
		s.Steps[step].Verb = v
	default:
		return ""
	}
	return name
}

// triggers returns the scenario with the step set off by an event near its
// instant, or by a moment of an earlier step.
func (r *seen) triggers(s *scenarios.Scenario, step int, struck *sim.Strike) []candidate {
	var list []candidate
	if s.Steps[step].Trigger.Kind != scenarios.AtTrigger {
		list = append(list, candidate{s, "as it waits already"})
	}
	set := func(c *scenarios.Scenario, what string, trigger scenarios.Trigger) {
		c.Steps[step].Trigger = trigger
		list = append(list, candidate{c, fmt.Sprintf("step %d: %s", step+1, what)})
	}
	events := r.around(struck.At)
	for _, e := range events[:min(mostAnchors, len(events))] {
		set(copied(s), "at "+e.when.Event.String(),
			scenarios.Trigger{Kind: scenarios.WhenTrigger, When: e.when})
	}
	ttl := s.TTL()
	for _, other := range r.strikes {
		if other.Step == step || other.At > struck.At || follows(s, other.Step, step) {
			continue
		}
		for _, m := range []struct {
			at  int64
			end bool
		}{{other.At, false}, {other.Healed, true}} {
			if m.at == 0 || m.at > struck.At {
				continue
			}
			c := copied(s)
			set(c, "after another", scenarios.Trigger{
				Kind: scenarios.AfterTrigger, After: scenarios.Moment{Step: named(c, other.Step), End: m.end},
				Plus: gap(struck.At-m.at, ttl),
			})
		}
	}
	return list
}

// follows tells whether a step waits, by however many others, for another one.
func follows(s *scenarios.Scenario, step, other int) bool {
	for range s.Steps {
		t := s.Steps[step].Trigger
		if t.Kind != scenarios.AfterTrigger {
			return false
		}
		for i := range s.Steps {
			if s.Steps[i].ID == t.After.Step {
				step = i
			}
		}
		if step == other {
			return true
		}
	}
	return false
}

// named gives the step an id, if it has none, and returns it.
func named(s *scenarios.Scenario, step int) string {
	if s.Steps[step].ID == "" {
		s.Steps[step].ID = fmt.Sprintf("%s%d", s.Steps[step].Verb.Word(), step+1)
	}
	return s.Steps[step].ID
}

// gap is a stretch of time between two steps, to the hundredth of a ttl; the zero
// Span is none.
func gap(nanos, ttl int64) scenarios.Span {
	if hundredths := nanos * 100 / ttl; hundredths > 0 {
		return scenarios.Length{TTLs: hundredths * scenarios.OneTTL / 100}.Span()
	}
	return scenarios.Span{}
}
