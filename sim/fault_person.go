package sim

import (
	"fencepost/core"
	"fencepost/core/order"
	"fencepost/scenarios"
)

// unsentDecisions is what becomes of a signal that nobody has sent, by the
// person's act.
var unsentDecisions = map[scenarios.OperatorAct]core.SignalState{
	scenarios.OperatorHold:    core.Held,
	scenarios.OperatorRelease: core.Received,
	scenarios.OperatorCancel:  core.Cancelled,
}

// decideUnsent lets a person decide about every signal that waits and that
// nobody has sent.
func (w *World) decideUnsent(next core.SignalState) {
	for key := range w.signals {
		signal := w.signals[key].signal
		if signal == 0 {
			continue
		}
		state, _, _ := w.postgres.Signal(signal)
		if state == core.Received || state == core.Held {
			w.postgres.Decide(core.Time(w.now), signal, next)
			w.drain()
		}
	}
	if next == core.Received {
		// Whoever lets signals go publishes it.
		w.publish(core.WorkHeard)
	}
}

// truth is what a person says of a signal in doubt after a look into the
// broker's book; the opposite if the person is wrong.
func (w *World) truth(signal core.SignalID, wrong bool) core.SignalState {
	stands := w.broker.Standing(core.Time(w.now), signal)
	if wrong {
		if stands == order.Absent {
			return core.Executed
		}
		return core.Void
	}
	switch stands {
	case order.Cancelled:
		return core.Cancelled
	case order.Rejected:
		return core.Rejected
	case order.Absent:
		return core.Void
	case order.Accepted:
		if w.program.config.Broker.Lookup != order.LookupNone {
			return core.Submitted
		}
		// Nobody else can ever ask, so the person waits for the end.
		return core.Executed
	case order.Filled, order.Unknown:
		return core.Executed
	default:
		return core.Executed
	}
}
