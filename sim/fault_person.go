package sim

import (
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// unsentDecisions is what becomes of a signal that nobody has sent, by the
// person's act.
var unsentDecisions = map[scenarios.OperatorAct]core.SignalState{
	scenarios.OperatorHold:    core.Held,
	scenarios.OperatorRelease: core.Received,
	scenarios.OperatorCancel:  core.Cancelled,
	scenarios.OperatorReject:  core.Rejected,
}

// strikeOperator lets a person act: at once, or after the time that the person
// takes for each decision.
func (w *World) strikeOperator(index int32, st *step, v *scenarios.Operator) bool {
	st.saved, st.active = 0, true
	w.started(index)
	if v.Delay.IsZero() {
		w.operatorNext(index, v)
	} else {
		w.schedule(stepTurns, w.span(v.Delay), index)
	}
	return true
}

// operatorNext carries out the person's next decision, and plans or carries out
// the one after it.
func (w *World) operatorNext(index int32, v *scenarios.Operator) {
	st := &w.steps[index]
	if !st.active {
		return
	}
	unsent, decides := unsentDecisions[v.Act]
	switch {
	case decides:
		w.decideUnsent(unsent)
	case v.Act == scenarios.OperatorClear:
		w.acceptAuthority()
	default:
		for w.attestNext(st, v.Verdict == scenarios.VerdictWrong) {
			if !v.Delay.IsZero() {
				w.schedule(stepTurns, w.span(v.Delay), index)
				return
			}
		}
	}
	w.finished(index)
}

// attestNext lets the person say of the next signal in doubt what the broker's
// book says, or the opposite; false if there is none left.
func (w *World) attestNext(st *step, wrong bool) bool {
	for int(st.saved) < len(w.signals) {
		signal := w.signals[st.saved].signal
		st.saved++
		if state, _, _ := w.postgres.Signal(signal); signal == 0 || state != core.InDoubt {
			continue
		}
		if !wrong && w.underWay(signal) {
			continue // whoever is right waits until nothing can arrive any more
		}
		stands := w.broker.Standing(core.Time(w.now), signal)
		outcome := scenarios.Attested(stands, w.program.config.Broker.Lookup, wrong)
		w.tell(&history.Record{Kind: history.Attested, Signal: signal, Wrong: wrong, Node: history.None})
		w.postgres.Decide(core.Time(w.now), signal, outcome)
		w.drain()
		return true
	}
	return false
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

// underWay reports whether an order of the signal may still reach the broker:
// whoever says that there is none is right only if none can come.
func (w *World) underWay(signal core.SignalID) bool {
	for _, e := range w.queue.entries {
		if w.submits(e.slot, signal) {
			return true
		}
	}
	for i := range w.links {
		if w.anySubmits(w.links[i].held, signal) {
			return true
		}
	}
	for i := range w.hosts {
		if w.anySubmits(w.hosts[i].deferred, signal) || w.anySubmits(w.hosts[i].inbox, signal) {
			return true
		}
	}
	for i := range w.servers {
		if w.anySubmits(w.servers[i].waiting, signal) {
			return true
		}
	}
	return false
}

// anySubmits reports whether one of the slots carries an order of the signal.
func (w *World) anySubmits(list []int32, signal core.SignalID) bool {
	for _, i := range list {
		if w.submits(i, signal) {
			return true
		}
	}
	return false
}

// submits reports whether the slot carries an order of the signal.
func (w *World) submits(i int32, signal core.SignalID) bool {
	s := w.slots.list[i]
	mayArrive := s.what == requestArrives || s.what == orderWaits
	return mayArrive && s.op == core.Submit && s.effect.Signal == signal
}
