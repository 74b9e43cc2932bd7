package chaos

import (
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/core/order"
	"fencepost/scenarios"
)

// settledWorld counts what `final` asks for, in the history of a run that is
// over.
func (r *run) settledWorld(entries []entry) *scenarios.SettledWorld {
	type row struct {
		state   core.SignalState
		alerted bool
	}
	rows := map[core.SignalID]row{}
	for i := range entries {
		e := &entries[i].record
		if entries[i].tell != nil {
			continue
		}
		switch e.Kind {
		case history.Stored:
			rows[e.Signal] = row{state: core.Received}
		case history.StateSet:
			rows[e.Signal] = row{state: e.State, alerted: e.Alerted || rows[e.Signal].alerted}
		case history.Missing:
			delete(rows, e.Signal)
		default:
		}
	}
	settled := &scenarios.SettledWorld{}
	for id := core.SignalID(1); id <= r.highest; id++ {
		signal, ok := rows[id]
		if !ok {
			continue // a row that was lost is for no-lost-signal to judge
		}
		state, before := signal.state, *settled
		switch {
		case state == core.InDoubt && !signal.alerted:
			settled.Unalerted++
		case !state.Final() && state != core.InDoubt:
			settled.Open++
		}
		executed := state == core.Executed || state == core.Submitted
		stands := r.broker.standing(r.keyOf[id])
		if state != core.InDoubt && executed != (stands == order.Accepted || stands == order.Filled) {
			settled.Different++
		}
		if *settled != before && settled.Example == 0 {
			settled.Example = id
		}
	}
	return settled
}

// mostStep is by how much the wall clock may seem to have been set: it and the
// boot clock are read one after the other.
const mostStep = 5 * time.Millisecond

// demandAssumptions calls a run invalid whose assumptions did not hold: one in
// which the harness stood still for too long, the machine's clock was set, or no
// held byte was delivered.
func (r *run) demandAssumptions(end int64) {
	unmet := func(step int, at int64, why string) {
		r.book.tell(end, func(j *scenarios.Judge, _ int64) { j.Unmet(step, at, why) })
	}
	if worst, at := r.watch.longest(); worst > time.Duration(r.program.stall) {
		unmet(-1, at, fmt.Sprintf("the harness stood still for %v; harness_stall is %v",
			worst.Round(time.Millisecond), time.Duration(r.program.stall)))
	}
	if by := r.clock.stepped(); by > mostStep {
		unmet(-1, end, fmt.Sprintf("the machine's wall clock was set by %v", by))
	}
	for i := range r.program.own {
		v, ok := r.program.scenario.Steps[i].Verb.(scenarios.Net)
		if ok && v.Effect == scenarios.Hold && r.steps[i].fired && r.delivered() == 0 {
			unmet(i, end, "no byte was held and delivered later")
		}
	}
}

// delivered counts the bytes that links held and delivered later.
func (r *run) delivered() int64 {
	sum := int64(0)
	for _, wires := range r.links {
		for _, w := range wires {
			if w != nil {
				stats := w.Stats()
				sum += stats.Towards.Held + stats.Back.Held
			}
		}
	}
	if r.replication != nil {
		stats := r.replication.Stats()
		sum += stats.Towards.Held + stats.Back.Held
	}
	return sum
}
