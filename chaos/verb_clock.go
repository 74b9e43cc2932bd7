package chaos

import (
	"context"
	"time"

	"fencepost/core/history"
	"fencepost/scenarios"
)

// strikeClock disturbs a machine's clocks, through the one value by which the
// service tells the time.
func (r *run) strikeClock(ctx context.Context, index int, v scenarios.Clock) (bool, error) {
	hit := r.resolve(v.Node)
	if len(hit) == 0 {
		return false, nil
	}
	at, class := r.clock.now(), r.clockFault(v)
	for _, node := range hit {
		r.fault(class, true, node, at)
	}
	r.started(ctx, index, at)
	strike, undo := r.clockAct(ctx, v)
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
func (r *run) clockAct(ctx context.Context, v scenarios.Clock) (strike, undo func(*instance) error) {
	move := func(name string, value any) func(*instance) error {
		return func(n *instance) error { return n.moveClock(ctx, map[string]any{name: value}) }
	}
	switch {
	case !v.Jump.IsZero():
		by := r.chance.span(v.Jump, r.program.ttl)
		return move("jump", text(by)), move("jump", text(-by))
	case !v.Drift.IsZero():
		ppm := r.chance.between(int64(v.Drift.Min), int64(v.Drift.Max))
		return move("drift_ppm", ppm), move("drift_ppm", 0)
	default:
		asleep := r.clock.now()
		return func(n *instance) error { return r.pause(ctx, n) },
			func(n *instance) error { return r.wakeMachine(ctx, n, asleep) }
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

// wakeMachine lets a process go on as if its machine had slept: the monotonic
// clock stood still meanwhile.
func (r *run) wakeMachine(ctx context.Context, n *instance, since int64) error {
	slept := r.clock.now() - since
	if err := r.resume(ctx, n); err != nil || !n.up || n.pauses > 0 {
		return err
	}
	return n.moveClock(ctx, map[string]any{"slept": text(slept)})
}

func text(nanos int64) string { return time.Duration(nanos).String() }
