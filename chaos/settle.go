package chaos

import (
	"fmt"
	"slices"
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
	standings := r.broker.standings()
	for _, id := range r.historian.Signals() {
		signal := rows[id]
		state, before := signal.state, *settled
		switch {
		case state == core.NoSignal:
			// A row that was lost is for no-lost-signal to judge.
		case state == core.InDoubt && !signal.alerted:
			settled.Unalerted++
		case !state.Final() && state != core.InDoubt:
			settled.Open++
		}
		executed := state == core.Executed || state == core.Submitted
		stands := standings[r.historian.KeyOf(id)]
		if state != core.InDoubt && executed != (stands == order.Accepted || stands == order.Filled) {
			settled.Different++
		}
		if *settled != before && settled.Example == 0 {
			settled.Example = id
		}
	}
	for _, p := range r.broker.orders() {
		if r.historian.SignalOf(p.key) == 0 {
			settled.Different++ // an order of which the ledger never knew
		}
	}
	return settled
}

// mostStep is by how much the wall clock may seem to have been set: a look may come
// late.
const mostStep = 5 * time.Millisecond

// mostLate is by how much the conductor may be late, in parts of a ttl: some of
// what it does takes its time.
const mostLate = 4

// measured judges the measures of a run that is over. What was measured
// counts for the checkers, not what the file would bear: an overlap of beliefs that
// is longer than any standstill is one. Below a tenth of a ttl nothing is gained.
func (r *run) measured() conditions {
	limit := time.Duration(r.program.stall)
	stood, stoodAt := r.watch.longest()
	waited, waitedAt, whose := r.hunger.longest()
	m := conditions{late: min(limit, max(stood, waited+hungerPulse, time.Duration(r.program.ttl/10)))}
	if by, at := r.clock.stepped(); by > mostStep {
		m.void, m.at = fmt.Sprintf("the machine's wall clock was set by %v", by.Round(time.Millisecond)), at
		return m
	}
	switch part, at := r.hunger.crowded(); {
	case stood > limit:
		m.stalled, m.at = true, stoodAt
		m.disturbed = fmt.Sprintf("the harness stood still for %v; harness_stall is %v",
			stood.Round(time.Millisecond), limit)
	case waited > limit:
		m.stalled, m.at = true, waitedAt
		m.disturbed = fmt.Sprintf("%s waited %v for a processor; harness_stall is %v",
			whose, waited.Round(time.Millisecond), limit)
	case part > crowdedFrom && !r.options.MayShare:
		m.at = at
		m.disturbed = fmt.Sprintf("others had %.0f %% of the machine for a second", 100*part)
	}
	return m
}

// demandAssumptions calls a run invalid whose assumptions did not hold: one in
// which the harness stood still for too long, or a node or a store did not get a
// processor for as long; or no held byte was delivered.
func (r *run) demandAssumptions(end int64) {
	unmet := func(step int, at int64, why string) {
		r.book.tell(end, func(j *scenarios.Judge, _ int64) { j.Unmet(step, at, why) })
	}
	if m := r.measured(); m.stalled {
		unmet(-1, m.at, m.disturbed)
	}
	if most := time.Duration(r.program.ttl / mostLate); r.late > max(most, time.Duration(r.program.stall)) {
		unmet(-1, end, fmt.Sprintf("a step or a heal came %v late", r.late.Round(time.Millisecond)))
	}
	for i := range r.program.own {
		v, ok := r.program.scenario.Steps[i].Verb.(scenarios.Net)
		if !ok || !r.steps[i].fired {
			continue
		}
		switch held, cut := r.steps[i].account.did(); {
		case v.Effect == scenarios.Hold && held == 0:
			unmet(i, end, "no byte was held and delivered later")
		case v.Effect == scenarios.CutReply && cut == 0:
			unmet(i, end, "no reply was cut")
		}
	}
}

// tampering is what links have done to what went over them: the bytes that they
// held and delivered later, and the replies that they cut.
type tampering struct{ held, cut int64 }

// tampered adds up what links have done.
func tampered(wires []*cable) (sum tampering) {
	for _, w := range wires {
		stats := w.Stats()
		sum.held += stats.Towards.Held + stats.Back.Held
		sum.cut += stats.RepliesCut
	}
	return sum
}

// account is what a step's links did from when it struck until they were the next
// step's: what was held is counted when it is delivered, after the step was healed.
type account struct {
	wires    []*cable
	from, to tampering
	closed   bool
}

// did returns how many bytes were held and replies cut.
func (a *account) did() (held, cut int64) {
	to := a.to
	if !a.closed {
		to = tampered(a.wires)
	}
	return to.held - a.from.held, to.cut - a.from.cut
}

// open begins a step's account, and closes those of steps that were healed and had
// one of the same links.
func (r *run) open(index int, wires []*cable) {
	for i := range r.steps {
		earlier := &r.steps[i]
		shared := slices.ContainsFunc(earlier.account.wires, func(w *cable) bool {
			return slices.Contains(wires, w)
		})
		if shared && earlier.ended && !earlier.account.closed {
			earlier.account.to, earlier.account.closed = tampered(earlier.account.wires), true
		}
	}
	r.steps[index].account = account{wires: wires, from: tampered(wires)}
}
