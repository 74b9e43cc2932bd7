package sim

import (
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// strikeClock disturbs a machine's clocks.
func (w *World) strikeClock(index int32, st *step, v *scenarios.Clock) bool {
	st.hit = w.resolve(v.Node, st.hit)
	if len(st.hit) == 0 {
		return false
	}
	st.saved = w.span(v.Jump)
	for _, node := range st.hit {
		h := &w.hosts[node]
		w.fault(w.clockFault(v), true, node)
		switch {
		case !v.Jump.IsZero():
			h.clock.jump(st.saved)
		case !v.Drift.IsZero():
			rate := between(w.draw(siteStepDrift, int(index)), int64(v.Drift.Min), int64(v.Drift.Max))
			w.drifts = append(w.drifts, drifting{node: node, step: index, before: h.clock.drift, rate: rate})
			w.setRate(node, rate)
		default:
			if h.asleep == 0 {
				h.suspended = w.now
			}
			h.asleep++
			w.pause(node)
		}
	}
	if !v.Jump.IsZero() && v.For.IsZero() {
		// Nothing lasts: a clock that was set stays set.
		for _, node := range st.hit {
			w.fault(w.clockFault(v), false, node)
		}
		w.instant(index)
		return true
	}
	length := v.For
	if !v.Suspend.IsZero() {
		length = v.Suspend
	}
	w.healLater(index, length)
	w.started(index)
	return true
}

// clockFault classes what befalls a clock. The protocol rests on the rates of
// clocks alone, and only on their bound.
func (w *World) clockFault(v *scenarios.Clock) history.Fault {
	bound := w.program.config.DriftPPM
	if int64(v.Drift.Max) > bound || int64(v.Drift.Min) < -bound {
		return history.ClockFault
	}
	return history.ClockJump
}

// clockChanged works out again what depends on the rate of a node's clock.
func (w *World) clockChanged(node int16, h *host) {
	if !h.up {
		return
	}
	if !h.paused {
		w.setWake(node, w.wakeOf(h))
	}
	if h.until <= w.now {
		return // what is over does not begin anew
	}
	// Belief ends by the clock whether or not the process stands still.
	h.until = 0
	w.observeBelief(node, h)
}

// drifting is one fault that has a node's clock run at another rate.
type drifting struct {
	node         int16
	step         int32
	before, rate int64
}

// setRate has a node's clock run at that rate from now on.
func (w *World) setRate(node int16, rate int64) {
	h := &w.hosts[node]
	h.clock.setDrift(w.now, rate)
	w.clockChanged(node, h)
}

// endDrift ends one of the faults of a node's clock. The latest that stands
// counts; with the last of them the clock has its own rate again.
func (w *World) endDrift(node int16, step int32) {
	for i := range w.drifts {
		d := w.drifts[i]
		if d.node != node || d.step != step {
			continue
		}
		w.drifts = append(w.drifts[:i], w.drifts[i+1:]...)
		for k := i; k < len(w.drifts); k++ {
			if later := &w.drifts[k]; later.node == node {
				later.before = d.before
				return // a later one stands
			}
		}
		w.setRate(node, d.before)
		return
	}
}

// healClock puts the clocks right: a jump is taken back, a drift ends, a
// machine wakes up.
func (w *World) healClock(index int32, st *step, v *scenarios.Clock) {
	for _, node := range st.hit {
		h := &w.hosts[node]
		switch {
		case !v.Jump.IsZero():
			h.clock.jump(-st.saved)
		case !v.Drift.IsZero():
			w.endDrift(node, index)
		default:
			if h.asleep--; h.asleep == 0 {
				h.clock.slept(w.now - h.suspended)
			}
			w.resume(node)
		}
		w.fault(w.clockFault(v), false, node)
	}
}

// strikeWebhook delivers signals beside the workload.
func (w *World) strikeWebhook(index int32, st *step, v *scenarios.Webhook) bool {
	st.hit = w.resolve(v.To, st.hit)
	if len(st.hit) == 0 {
		return false
	}
	count := between(w.draw(siteStepCount, int(index)), int64(v.Count.Min), int64(v.Count.Max))
	switch v.Act {
	case scenarios.WebhookBurst:
		for k := range count {
			key := int32(len(w.signals))
			w.signals = append(w.signals, sent{})
			w.judge.Offered(key, w.now)
			w.newOffer(key, st.hit[int(k)%len(st.hit)], true, 0)
		}
	case scenarios.WebhookDuplicate:
		// One new signal, delivered count times to each instance at once.
		key := int32(len(w.signals))
		w.signals = append(w.signals, sent{})
		w.judge.Offered(key, w.now)
		for k := range count {
			w.newOffer(key, st.hit[int(k)%len(st.hit)], k == 0, 0)
		}
	case scenarios.WebhookReplay:
		// What was delivered first comes again.
		for k := range min(int(count), len(w.signals)) {
			w.newOffer(int32(k), st.hit[k%len(st.hit)], false, 0)
		}
	case scenarios.WebhookMalformed:
		for k := range count {
			w.offerMalformed(st.hit[int(k)%len(st.hit)])
		}
	default:
		panic("sim: what senders do is known")
	}
	w.instant(index)
	return true
}

// strikeControl changes the control mode in the ledger.
func (w *World) strikeControl(index int32, v *scenarios.Control) bool {
	halted := w.postgres.Control() != core.Run
	w.postgres.SetControl(core.Time(w.now), v.Set)
	w.drain()
	w.tell(&history.Record{
		Kind: history.Announced, Event: event.ControlChanged, Node: history.None,
		Subject: history.None, Control: v.Set,
	})
	w.controlChanged(halted)
	w.instant(index)
	return true
}

// controlChanged tells whether execution is stopped from now on.
func (w *World) controlChanged(before bool) {
	if stops := w.postgres.Control() != core.Run; stops != before {
		w.fault(history.ControlFault, stops, history.None)
	}
}

// strikeRoll restarts one instance after the other.
func (w *World) strikeRoll(index int32, st *step, v *scenarios.Roll) bool {
	st.saved = 0
	w.steps[index].active = true
	w.started(index)
	w.rollNext(index, v)
	return true
}

// rollNext restarts the next instance of a roll: it comes back after half of the
// gap, and the next one follows when the gap is over.
func (w *World) rollNext(index int32, v *scenarios.Roll) {
	st := &w.steps[index]
	node := int16(st.saved)
	if int(node) >= len(w.hosts) || w.ended {
		w.finished(index)
		return
	}
	st.saved++
	gap := w.span(v.Every)
	w.hosts[node].downs++
	w.hosts[node].next = w.hosts[node].next || v.To == scenarios.NextRelease
	w.fault(history.NodeFault, true, node)
	w.endProcess(node, v.How == scenarios.ByKill)
	i, s := w.slots.take(nodeStarts, node)
	s.index, s.life = index, 0
	w.queue.push(w.now+gap/2, i)
	w.schedule(stepTurns, gap, index)
}
