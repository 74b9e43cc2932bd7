package sim

import (
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// storeOf translates a party on the far side of a link.
func storeOf(kind scenarios.PartyKind) core.Store {
	switch kind {
	case scenarios.RedisParty:
		return core.Redis
	case scenarios.PostgresParty:
		return core.Postgres
	case scenarios.BrokerParty:
		return core.Broker
	case scenarios.ReplicaParty:
		return replicaStore
	default:
		panic("sim: a link leads to a store")
	}
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
		d.off = true
		w.schedule(flapTurns, d.delay, index)
	default:
	}
	w.damageAll(st, directions(v.Link.Arrow), d)
	if v.Effect == scenarios.Reset {
		w.breakAll(st)
		// A reset is an instant: it breaks what is open, once or at a rate.
		st.saved = interval
		if interval > 0 {
			w.schedule(flapTurns, min(resetLasts, interval/2), index)
		} else if length.IsZero() {
			length = scenarios.Length{Nanos: resetLasts}.Span()
		}
	}
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
		w.turnFlap(index, st)
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

// turnFlap switches a flapping link between its states, and a repeated reset
// between breaking and healing.
func (w *World) turnFlap(index int32, st *step) {
	if !st.active {
		return
	}
	next, resetting := int64(0), false
	for _, node := range st.hit {
		for _, store := range st.stores {
			l := w.wire(node, store)
			for dir := range l.dir {
				for k := range l.dir[dir] {
					if d := &l.dir[dir][k]; d.step == index {
						next = w.turn(d, st.saved)
						resetting = d.effect == scenarios.Reset
					}
				}
			}
		}
		if node < 0 {
			w.replicationChanged()
		}
	}
	if resetting {
		w.breakAll(st)
	}
	if next > 0 {
		w.schedule(flapTurns, next, index)
	}
}

// turn changes one direction's state and says how long the new one lasts.
func (w *World) turn(d *damage, interval int64) int64 {
	d.off = !d.off
	switch d.effect {
	case scenarios.Flap:
		return d.delay
	case scenarios.Reset:
		// Between two resets the damage does nothing: a latency of zero.
		d.effect = scenarios.Latency
		return max(interval-resetLasts, 1)
	case scenarios.Latency:
		d.effect = scenarios.Reset
		return min(resetLasts, interval/2)
	default:
		return 0
	}
}
