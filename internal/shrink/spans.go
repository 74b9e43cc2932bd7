package shrink

import "fencepost/scenarios"

// use says what a stretch of time in a step is for.
type use uint8

// The uses. Only what lasts is worth being shorter for its own sake.
const (
	moment  use = iota // when the step fires
	lasting            // how long the fault stands
	amount             // how much of something: a delay, a jump
)

// spans returns the step with each of its stretches of time as the function
// says. Absent ones stay absent: they are not shown.
func spans(step scenarios.Step, f func(use, scenarios.Span) scenarios.Span) scenarios.Step {
	on := func(u use, s *scenarios.Span) {
		if !s.IsZero() {
			*s = f(u, *s)
		}
	}
	if t := &step.Trigger; t.Kind == scenarios.AtTrigger {
		on(moment, &t.At)
	} else if t.Kind == scenarios.AfterTrigger {
		on(moment, &t.Plus)
	}
	switch v := step.Verb.(type) {
	case scenarios.Kill:
		on(lasting, &v.Restart)
		step.Verb = v
	case scenarios.Stop:
		on(lasting, &v.Restart)
		step.Verb = v
	case scenarios.Pause:
		on(lasting, &v.For)
		step.Verb = v
	case scenarios.Net:
		on(lasting, &v.For)
		on(amount, &v.Delay)
		on(amount, &v.Jitter)
		step.Verb = v
	case scenarios.Clock:
		on(lasting, &v.For)
		on(lasting, &v.Suspend)
		on(amount, &v.Jump)
		step.Verb = v
	case scenarios.Redis:
		on(lasting, &v.For)
		on(lasting, &v.Down)
		on(amount, &v.By)
		on(amount, &v.LoseLast.Window)
		step.Verb = v
	case scenarios.Postgres:
		on(lasting, &v.For)
		on(lasting, &v.Down)
		on(amount, &v.By)
		step.Verb = v
	case scenarios.Broker:
		on(lasting, &v.For)
		on(amount, &v.Delay)
		step.Verb = v
	case scenarios.Operator:
		on(amount, &v.Delay)
		step.Verb = v
	case scenarios.Roll:
		on(lasting, &v.Every)
		step.Verb = v
	case scenarios.Webhook, scenarios.Control:
	}
	return step
}

// parties returns the step with each of its parties as the function says. A
// trigger's node counts too, a store does not.
func parties(step scenarios.Step, f func(scenarios.Party) scenarios.Party) scenarios.Step {
	on := func(p *scenarios.Party) {
		if !p.IsZero() && !p.IsStore() {
			*p = f(*p)
		}
	}
	if step.Trigger.Kind == scenarios.WhenTrigger {
		on(&step.Trigger.When.Node)
	}
	switch v := step.Verb.(type) {
	case scenarios.Kill:
		on(&v.Node)
		step.Verb = v
	case scenarios.Stop:
		on(&v.Node)
		step.Verb = v
	case scenarios.Pause:
		on(&v.Node)
		step.Verb = v
	case scenarios.Net:
		on(&v.Link.Near)
		step.Verb = v
	case scenarios.Clock:
		on(&v.Node)
		step.Verb = v
	case scenarios.Redis:
		serves := make([]scenarios.Party, len(v.Serves))
		for i, p := range v.Serves {
			on(&p)
			serves[i] = p
		}
		if len(serves) > 0 {
			v.Serves = serves
		}
		on(&v.To)
		step.Verb = v
	case scenarios.Webhook:
		on(&v.To)
		step.Verb = v
	case scenarios.Postgres, scenarios.Broker, scenarios.Control, scenarios.Operator, scenarios.Roll:
	}
	return step
}

// copied returns a copy of which the lists may be changed.
func copied(s *scenarios.Scenario) *scenarios.Scenario {
	c := *s
	c.Steps = append([]scenarios.Step(nil), s.Steps...)
	c.Expect = append([]scenarios.Expect(nil), s.Expect...)
	c.Cluster.Config = append([]scenarios.Setting(nil), s.Cluster.Config...)
	return &c
}
