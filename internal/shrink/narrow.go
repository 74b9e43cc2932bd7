package shrink

import (
	"fmt"

	"fencepost/scenarios"
)

// at is one step's place in candidates: what is changed, in a copy.
func at(s *scenarios.Scenario, i int, what string, step scenarios.Step) candidate {
	c := copied(s)
	c.Steps[i] = step
	return candidate{c, fmt.Sprintf("step %d: %s", i+1, what)}
}

// narrowLinks breaks fewer links, fewer stores and one direction only.
func narrowLinks(s *scenarios.Scenario) []candidate {
	var list []candidate
	for i, step := range s.Steps {
		v, ok := step.Verb.(scenarios.Net)
		if !ok {
			continue
		}
		change := func(what string, f func(v *scenarios.Net)) {
			narrow := v
			f(&narrow)
			next := step
			next.Verb = narrow
			list = append(list, at(s, i, what, next))
		}
		if v.Link.Far.Kind == scenarios.AllParty {
			for _, store := range v.Link.Stores() {
				change("one store", func(v *scenarios.Net) { v.Link.Far = scenarios.Party{Kind: store} })
				change("one store, one way", func(v *scenarios.Net) {
					v.Link.Far, v.Link.Arrow = scenarios.Party{Kind: store}, scenarios.Back
				})
			}
		}
		if v.Link.Arrow == scenarios.Both && v.Effect != scenarios.CutReply {
			change("back", func(v *scenarios.Net) { v.Link.Arrow = scenarios.Back })
			change("out", func(v *scenarios.Net) { v.Link.Arrow = scenarios.Towards })
		}
		if v.Effect == scenarios.CutReply && v.Link.Arrow == scenarios.Both {
			change("the reply's way", func(v *scenarios.Net) { v.Link.Arrow = scenarios.Back })
		}
		if !v.Jitter.IsZero() {
			change("no jitter", func(v *scenarios.Net) { v.Jitter = scenarios.Span{} })
		}
		if v.Effect != scenarios.Drop && v.Effect != scenarios.CutReply {
			change("drop", func(v *scenarios.Net) {
				*v = scenarios.Net{Link: v.Link, Effect: scenarios.Drop, For: v.For, As: v.As}
			})
		}
	}
	return list
}

// namedParties lets steps name the node that they hit, or the leader, instead
// of drawing one or hitting several.
func namedParties(s *scenarios.Scenario) []candidate {
	nodes := s.WithDefaults().Cluster.Nodes
	var list []candidate
	for i, step := range s.Steps {
		vague := false
		parties(step, func(p scenarios.Party) scenarios.Party {
			vague = vague || p.Kind != scenarios.NodeParty && p.Kind != scenarios.LeaderParty
			return p
		})
		if !vague {
			continue
		}
		for n := range nodes + 1 {
			who := scenarios.Party{Kind: scenarios.NodeParty, Index: n}
			if n == 0 {
				who = scenarios.Party{Kind: scenarios.LeaderParty}
			}
			list = append(list, at(s, i, "only "+who.String(), parties(step,
				func(p scenarios.Party) scenarios.Party {
					if p.Kind == scenarios.NodeParty || p.Kind == scenarios.LeaderParty {
						return p
					}
					return who
				})))
		}
	}
	return list
}

// plainTriggers replaces "when" and "after" by "at".
func plainTriggers(s *scenarios.Scenario) []candidate {
	ttl := s.TTL()
	var list []candidate
	for i, step := range s.Steps {
		if step.Trigger.Kind == scenarios.AtTrigger {
			continue
		}
		var instants []scenarios.Length
		if at, ok := instant(s, step.Trigger, 0); ok {
			instants = append(instants, at)
		}
		duration := s.WithDefaults().Run.Duration.Resolve(ttl)
		for k := int64(0); k <= 15 && k*ttl/10 < duration; k++ {
			instants = append(instants, tenths(k))
		}
		if t := step.Trigger; t.Kind == scenarios.WhenTrigger && t.When.Nth.Max > 1 {
			for nth := 1; nth <= min(t.When.Nth.Max, 10); nth++ {
				next := step
				next.Trigger.When.Nth = scenarios.Count{Min: nth, Max: nth}
				if nth == 1 {
					next.Trigger.When.Nth = scenarios.Count{}
				}
				list = append(list, at(s, i, "at an earlier event", next))
			}
		}
		for _, l := range instants {
			next := step
			next.Trigger = scenarios.Trigger{Kind: scenarios.AtTrigger, At: l.Span()}
			list = append(list, at(s, i, "at a fixed time", next))
		}
	}
	return list
}

// instant works out when a trigger fires, if the file alone tells.
func instant(s *scenarios.Scenario, t scenarios.Trigger, depth int) (scenarios.Length, bool) {
	switch {
	case t.Kind == scenarios.AtTrigger:
		return t.At.Min, true
	case t.Kind != scenarios.AfterTrigger || depth > len(s.Steps):
		return scenarios.Length{}, false
	}
	other, ok := s.Step(t.After.Step)
	if !ok {
		return scenarios.Length{}, false
	}
	start, ok := instant(s, other.Trigger, depth+1)
	if !ok {
		return scenarios.Length{}, false
	}
	if t.After.End {
		spans(other, func(u use, span scenarios.Span) scenarios.Span {
			if u == lasting {
				start = start.Plus(span.Min)
			}
			return span
		})
	}
	return oneUnit(start.Plus(t.Plus.Min), s.TTL()), true
}

// oneUnit returns the length in one unit, as a file can hold it.
func oneUnit(l scenarios.Length, ttl int64) scenarios.Length {
	if l.Nanos == 0 || l.TTLs == 0 {
		return l
	}
	return scenarios.Length{Nanos: l.Resolve(ttl)}
}

// tidySteps drops ids and names that nobody uses, and what a step says beyond
// its need.
func tidySteps(s *scenarios.Scenario) []candidate {
	var list []candidate
	for i, step := range s.Steps {
		if step.ID != "" {
			next := step
			next.ID = ""
			list = append(list, at(s, i, "without its id", next))
		}
		if step.Heals != "" {
			next := step
			next.Heals = ""
			list = append(list, at(s, i, "healed at the end", next))
		}
		next := step
		switch v := step.Verb.(type) {
		case scenarios.Kill:
			v.As = ""
			next.Verb = v
			list = append(list, at(s, i, "without a name", next))
			v.Restart = scenarios.Span{}
			next.Verb = v
			list = append(list, at(s, i, "without a restart", next))
		case scenarios.Stop:
			v.As = ""
			next.Verb = v
			list = append(list, at(s, i, "without a name", next))
			v.Restart = scenarios.Span{}
			next.Verb = v
			list = append(list, at(s, i, "without a restart", next))
		case scenarios.Pause:
			v.As = ""
			next.Verb = v
			list = append(list, at(s, i, "without a name", next))
		case scenarios.Net:
			v.As = ""
			next.Verb = v
			list = append(list, at(s, i, "without a name", next))
		case scenarios.Webhook:
			v.To = scenarios.Party{}
			next.Verb = v
			list = append(list, at(s, i, "to any instance", next))
			v.Count = scenarios.Count{Min: 1, Max: 1}
			next.Verb = v
			list = append(list, at(s, i, "one signal", next))
		default:
		}
	}
	return list
}
