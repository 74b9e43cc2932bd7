package shrink

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/internal/shrink/recorded"
	"fencepost/scenarios"
	"fencepost/sim"
)

// Telling is one way to say in a scenario what befell a run on real processes.
type Telling struct {
	// What says which way it is, for people.
	What string
	Text string
}

// Retell says in scenarios for the simulator what befell a run on real processes,
// the most literal way first: the instants, nodes and durations as they were;
// then with the roles that the nodes had, as another node may lead here; then
// with the events at which it happened, as instants do not carry over; then with
// the triggers of the run's own file. The durations are always the real ones. A way
// in which no file stands is left out; the error says why none does.
func Retell(run *recorded.Run) ([]Telling, error) {
	r := heardOf(run)
	var list []Telling
	var refused error
	for _, way := range []struct {
		what string
		tell func(*scenarios.Scenario) *scenarios.Scenario
	}{
		{"at the instants and on the nodes of the run", r.literally},
		{"at the instants of the run, on the roles that its nodes had", r.byRole},
		{"at the events of the run, on the roles that its nodes had", r.byEvent},
		{"with the file's own triggers and the durations of the run", r.asFiled},
	} {
		s := ofWhatStruck(way.tell(run.Scenario), run.Kind())
		s.Name, s.Run.Seed, s.Run.Seeds = run.Name, 0, scenarios.Seeds{}
		s.Tiers, s.TierReason = []scenarios.Tier{scenarios.SimTier}, "It retells a run on real processes."
		text := scenarios.Format(s)
		if _, err := scenarios.Parse("", text); err != nil {
			refused = errors.Join(refused, fmt.Errorf("told %s: %w", way.what, err))
			continue
		}
		if told := (Telling{way.what, string(text)}); !slices.ContainsFunc(list, func(t Telling) bool {
			return t.Text == told.Text
		}) {
			list = append(list, told)
		}
	}
	if len(list) == 0 {
		return nil, refused
	}
	return list, nil
}

// ofWhatStruck leaves out the expectations that speak of steps that are not told, as
// they never struck. Nothing is left out if no other of the broken kind remains: such
// a file could not fail as the run did.
func ofWhatStruck(s *scenarios.Scenario, kind string) *scenarios.Scenario {
	isBroken := func(e scenarios.Expect) bool { return e.Claim.Word() == kind }
	told := slices.DeleteFunc(slices.Clone(s.Expect), func(e scenarios.Expect) bool {
		return untold(s, e.Claim)
	})
	if !slices.ContainsFunc(s.Expect, isBroken) || slices.ContainsFunc(told, isBroken) {
		s.Expect = told
	}
	return s
}

// untold tells whether a claim speaks of a step that the scenario does not have, or
// of a node that none of its steps binds.
func untold(s *scenarios.Scenario, claim scenarios.Claim) bool {
	for _, m := range moments(claim) {
		if _, ok := s.Step(m.Step); !ok && !m.IsZero() {
			return true
		}
	}
	var about scenarios.Party
	switch v := claim.(type) {
	case scenarios.Detect:
		about = v.Node
	case scenarios.Metric:
		about = v.Node
	}
	binds := func(step scenarios.Step) bool { return step.Bound() == about.Name }
	return about.Kind == scenarios.BoundParty && !slices.ContainsFunc(s.Steps, binds)
}

// heardOf returns what the run did as if it had been watched here.
func heardOf(run *recorded.Run) *seen {
	r := &seen{}
	for _, s := range run.Said {
		what, ok := event.Parse(s.Event)
		if ok && s.By != storeParty && slices.Contains(anchors, what) {
			r.said = append(r.said, said{s.At, nodeNamed(s.Node), what})
		}
	}
	for _, s := range run.Strikes {
		strike := sim.Strike{Step: s.Step - 1, At: s.At, Healed: s.Healed}
		for _, name := range s.Nodes {
			strike.Nodes = append(strike.Nodes, nodeNamed(name))
		}
		r.strikes = append(r.strikes, strike)
		r.elected = s.At - s.Since
	}
	return r
}

// storeParty is what a record says that a store has announced.
const storeParty = "store"

// nodeNamed returns the index of the node that a file calls by this name.
func nodeNamed(name string) int16 {
	n, err := strconv.ParseInt(strings.TrimPrefix(name, "n"), 10, 16)
	if err != nil || n < 1 {
		return history.None
	}
	return int16(n - 1)
}

// literally tells it with instants and nodes.
func (r *seen) literally(s *scenarios.Scenario) *scenarios.Scenario {
	c := copied(s)
	c.Steps = nil
	for i := range r.strikes {
		strike := &r.strikes[i]
		step := lasted(s.Steps[strike.Step], strike)
		step.Trigger = scenarios.Trigger{Kind: scenarios.AtTrigger, At: r.since(strike)}
		// What struck several nodes at once becomes a step for each.
		for k, node := range orNone(strike.Nodes) {
			own := step
			if k > 0 {
				own.ID = ""
			}
			if node != history.None {
				own = struckNode(own, scenarios.Party{Kind: scenarios.NodeParty, Index: int(node) + 1})
			}
			c.Steps = append(c.Steps, own)
		}
	}
	return c
}

// orNone returns the nodes, or one that is none.
func orNone(nodes []int16) []int16 {
	if len(nodes) == 0 {
		return []int16{history.None}
	}
	return nodes
}

// struckNode returns the step with the node that it strikes; names that other
// steps bind stay, and so does whom a store serves.
func struckNode(step scenarios.Step, who scenarios.Party) scenarios.Step {
	if _, ok := step.Verb.(scenarios.Redis); ok {
		return step
	}
	return parties(step, func(p scenarios.Party) scenarios.Party {
		if p.Kind == scenarios.BoundParty {
			return p
		}
		return who
	})
}

// since is when the step struck, on the scenario's own clock.
func (r *seen) since(strike *sim.Strike) scenarios.Span {
	return scenarios.Length{Nanos: max(strike.At-r.elected, 0)}.Span()
}

// lasted returns the step with its fault lasting as long as it really did.
func lasted(step scenarios.Step, strike *sim.Strike) scenarios.Step {
	if strike.Healed <= strike.At || step.Verb.Word() == (scenarios.Roll{}).Word() {
		return step
	}
	return spans(step, func(u use, span scenarios.Span) scenarios.Span {
		if u == lasting {
			return scenarios.Length{Nanos: strike.Healed - strike.At}.Span()
		}
		return span
	})
}

// byRole tells it with instants and roles.
func (r *seen) byRole(s *scenarios.Scenario) *scenarios.Scenario {
	return r.cast(s, func(step *scenarios.Step, strike *sim.Strike) {
		step.Trigger = scenarios.Trigger{Kind: scenarios.AtTrigger, At: r.since(strike)}
	})
}

// byEvent tells it with events and roles: the event that came last before the
// step, as long as it was not long ago, else the step before it.
func (r *seen) byEvent(s *scenarios.Scenario) *scenarios.Scenario {
	ttl := s.TTL()
	previous := (*sim.Strike)(nil)
	return r.cast(s, func(step *scenarios.Step, strike *sim.Strike) {
		step.Trigger = scenarios.Trigger{Kind: scenarios.AtTrigger, At: r.since(strike)}
		for _, e := range r.around(strike.At) {
			if e.before && e.off < ttl/10 {
				step.Trigger = scenarios.Trigger{Kind: scenarios.WhenTrigger, When: e.when}
				break
			}
		}
		if step.Trigger.Kind == scenarios.AtTrigger && previous != nil && s.Steps[previous.Step].ID != "" {
			step.Trigger = scenarios.Trigger{
				Kind:  scenarios.AfterTrigger,
				After: scenarios.Moment{Step: s.Steps[previous.Step].ID},
				Plus:  gap(strike.At-previous.At, ttl),
			}
		}
		previous = strike
	})
}

// asFiled tells it with the triggers and parties of the file.
func (r *seen) asFiled(s *scenarios.Scenario) *scenarios.Scenario {
	c := copied(s)
	for i := range r.strikes {
		strike := &r.strikes[i]
		c.Steps[strike.Step] = lasted(s.Steps[strike.Step], strike)
	}
	return c
}

// cast tells it with the roles that the nodes had, each step set off as the
// function says.
func (r *seen) cast(
	s *scenarios.Scenario, set func(step *scenarios.Step, strike *sim.Strike),
) *scenarios.Scenario {
	c := copied(s)
	c.Steps = nil
	for i := range r.strikes {
		strike := &r.strikes[i]
		step := lasted(s.Steps[strike.Step], strike)
		if len(strike.Nodes) == 1 {
			step = struckNode(step, r.role(strike.Nodes[0], strike.At))
		}
		set(&step, strike)
		c.Steps = append(c.Steps, step)
	}
	return c
}
