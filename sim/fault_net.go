package sim

import (
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// storeOf translates a party on the far side of a link; here the replica of
// Redis is a store like the others.
func storeOf(kind scenarios.PartyKind) core.Store {
	if kind == scenarios.ReplicaParty {
		return replicaStore
	}
	store := kind.Store()
	if store == core.NoStore {
		panic("sim: a link leads to a store")
	}
	return store
}

// nodeStores are the stores that a node talks to, each at its own number less one.
var nodeStores = [...]core.Store{core.Redis, core.Postgres, core.Broker, replicaStore}

// storesOf are the stores on the far side of a link: each that nodes know of, or
// one.
func storesOf(far scenarios.PartyKind) []core.Store {
	if far == scenarios.AllParty {
		return nodeStores[:core.Broker]
	}
	store := storeOf(far)
	return nodeStores[store-1 : store]
}

// directions tells which ways of a link an arrow means.
func directions(a scenarios.Arrow) [ways]bool {
	return [ways]bool{
		out:  a == scenarios.Both || a == scenarios.Towards,
		back: a == scenarios.Both || a == scenarios.Back,
	}
}

// strikeNet damages links.
func (w *World) strikeNet(index int32, st *step, v *scenarios.Net) bool {
	if v.Link.Near.IsStore() {
		// The replica's connection to the primary is no node's.
		st.hit = append(st.hit, history.None)
	} else {
		st.hit = w.resolve(v.Link.Near, st.hit)
	}
	if len(st.hit) == 0 {
		return false
	}
	w.bind(v.As, st.hit)
	st.stores = storesOf(v.Link.Far.Kind)
	d := damage{effect: v.Effect, step: index, cut: v.On, delay: w.span(v.Delay), jitter: w.span(v.Jitter)}
	interval, length := v.Rate.Interval(w.program.ttl), v.For
	switch v.Effect {
	case scenarios.Bandwidth:
		d.byteTime = interval * messageBytes
	case scenarios.Flap:
		if d.delay == 0 {
			d.delay = max(interval/2, 1)
		}
		d.pulse = pulse{began: w.now, period: 2 * d.delay, lasts: d.delay}
	case scenarios.Reset:
		// A reset is an instant: it breaks what is open, once or at a rate.
		switch {
		case interval > 0:
			lasts := max(min(resetLasts, interval/2), 1)
			d.pulse = pulse{began: w.now, period: lasts + max(interval-resetLasts, 1), lasts: lasts}
		case length.IsZero():
			length = scenarios.Length{Nanos: resetLasts}.Span()
		default: // once, however long the step lasts
			d.pulse = pulse{began: w.now, lasts: resetLasts, once: true}
		}
	default:
	}
	st.pulse = d.pulse
	w.damageAll(st, directions(v.Link.Arrow), d)
	st.breaks = v.Effect == scenarios.Reset
	if st.breaks || v.Effect == scenarios.Refuse {
		w.breakAll(st)
	}
	w.nextPulse(index, st)
	w.healLater(index, length)
	w.started(index)
	return true
}

// resetLasts is for how long a reset breaks whatever is written: a connection
// that was broken is noticed and replaced in about a millisecond.
const resetLasts = 1_000_000

// breakAll breaks the open connections of the step's links.
func (w *World) breakAll(st *step) {
	for _, node := range st.hit {
		for _, store := range st.stores {
			if node >= 0 {
				w.breakOpen(node, store)
			}
		}
	}
}

// damageAll applies one damage to the step's links.
func (w *World) damageAll(st *step, dirs [ways]bool, d damage) {
	if d.effect == scenarios.CutReply {
		dirs[back] = true
	}
	for _, node := range st.hit {
		if node >= 0 {
			w.fault(history.LinkFault, true, node)
		}
		for _, store := range st.stores {
			w.damageLink(node, store, dirs, d)
		}
	}
}

// healNet removes a step's damage.
func (w *World) healNet(index int32, st *step) {
	for _, node := range st.hit {
		for _, store := range st.stores {
			w.healLink(node, store, index)
		}
		if node >= 0 {
			w.fault(history.LinkFault, false, node)
		}
	}
}

// turnStep goes on with a step that acts more than once.
func (w *World) turnStep(index int32) {
	if st := &w.steps[index]; st.stores != nil {
		w.pulseTurns(index, st)
		return
	}
	switch v := w.verb(index).(type) {
	case *scenarios.Roll:
		w.rollNext(index, v)
	case *scenarios.Operator:
		w.operatorNext(index, v)
	default:
		panic("sim: this verb acts once")
	}
}

// nextPulse plans the turn at which a fault that comes and goes has something to
// do. Messages look at the clock; but a reset breaks what is open at its
// beginning, and the replica is told of beginning and end.
func (w *World) nextPulse(index int32, st *step) {
	p := &st.pulse
	switch {
	case p.period == 0 && !p.once, p.spent(w.now):
	case st.hit[0] < 0:
		w.schedule(stepTurns, p.turns(w.now), index)
	case st.breaks && !p.once:
		w.schedule(stepTurns, p.period, index)
	default:
	}
}

// pulseTurns carries out such a turn.
func (w *World) pulseTurns(index int32, st *step) {
	if !st.active {
		return
	}
	if st.hit[0] < 0 {
		w.replicationChanged()
	}
	if st.breaks && st.pulse.strikes(w.now) {
		w.breakAll(st)
	}
	w.nextPulse(index, st)
}
