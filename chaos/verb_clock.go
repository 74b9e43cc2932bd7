package chaos

import (
	"context"
	"slices"
	"time"

	"fencepost/core/history"
	"fencepost/scenarios"
)

// strikeClock disturbs a machine's clocks, through the one value by which the
// service tells the time.
func (r *run) strikeClock(ctx context.Context, index int, v scenarios.Clock) (bool, error) {
	hit := r.resolve(ctx, v.Node)
	if len(hit) == 0 {
		return false, nil
	}
	r.steps[index].hit = hit
	at, class := r.clock.now(), r.clockFault(v)
	for _, node := range hit {
		r.fault(class, true, node, at)
	}
	r.started(ctx, index, at)
	strike, undo := r.clockAct(ctx, index, v)
	for _, node := range hit {
		if err := strike(r.nodes[node]); err != nil {
			return true, err
		}
	}
	heal := func() {
		at := r.clock.now()
		r.finished(ctx, index, at)
		for _, node := range hit {
			r.broke(undo(r.nodes[node]))
			r.fault(class, false, node, r.clock.now())
		}
	}
	switch {
	case !v.Suspend.IsZero():
		r.healLater(index, v.Suspend, heal)
	case !v.Jump.IsZero() && v.For.IsZero():
		// Nothing lasts: a clock that was set stays set.
		undo = func(*instance) error { return nil }
		heal()
	default:
		r.healLater(index, v.For, heal)
	}
	return true, nil
}

// clockAct returns what is done to a node's clock, and what undoes it.
func (r *run) clockAct(
	ctx context.Context, index int, v scenarios.Clock,
) (strike, undo func(*instance) error) {
	jumps := func(by int64) func(*instance) error {
		return func(n *instance) error { n.machine.jump += by; return n.setClock(ctx) }
	}
	switch {
	case !v.Jump.IsZero():
		by := r.chance.span(v.Jump, r.program.ttl)
		return jumps(by), jumps(-by)
	case !v.Drift.IsZero():
		ppm := r.chance.between(int64(v.Drift.Min), int64(v.Drift.Max))
		strike = func(n *instance) error {
			n.machine.drifts = append(n.machine.drifts, drift{index, ppm})
			return n.setClock(ctx)
		}
		undo = func(n *instance) error {
			m := &n.machine
			m.drifts = slices.DeleteFunc(m.drifts, func(d drift) bool { return d.step == index })
			return n.setClock(ctx)
		}
		return strike, undo
	default:
		asleep := r.clock.now()
		strike = func(n *instance) error { return r.pause(ctx, n) }
		undo = func(n *instance) error {
			// The monotonic clock stood still, whatever else keeps the process from going on.
			n.machine.slept += r.clock.now() - asleep
			return r.resume(ctx, n)
		}
		return strike, undo
	}
}

// clockFault classes what befalls a clock. The protocol rests on the rates of
// clocks alone, and only on their bound.
func (r *run) clockFault(v scenarios.Clock) history.Fault {
	bound := r.program.config.DriftPPM
	if int64(v.Drift.Max) > bound || int64(v.Drift.Min) < -bound {
		return history.ClockFault
	}
	return history.ClockJump
}

func text(nanos int64) string { return time.Duration(nanos).String() }
