package sim

import (
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/scenarios"
	"fencepost/sim/model"
)

// conclusion asks the checkers and the judge for their verdicts.
func (w *World) conclusion() Result {
	w.suite.Finish(w.now)
	result := Result{
		Hash: scramble(w.hash ^ uint64(w.events)), Events: w.events, SimNanos: w.now,
		Excused: w.suite.Excused(), Counts: w.counts, Offered: int64(len(w.signals)),
		Marks: *w.marks.finish(&w.counts, w.suite.Marks()),
	}
	result.Seed, _ = w.tape.SeedOf()
	result.Unused, result.Unnamed = w.tape.Unmatched()
	if v, broken := w.suite.Violation(); broken {
		result.Verdict = scenarios.Fail
		result.Failure = &scenarios.Failure{
			Invariant: v.Invariant, At: v.At, Node: v.Node, Detail: v.Detail, Step: w.lastStep(v.At),
		}
		return result
	}
	if why := w.suite.GaveUp(); why != "" {
		w.judge.Undecided(w.now, why)
	}
	w.demandDamage()
	w.judge.Settled(w.settledWorld(), w.now)
	result.Verdict, result.Failure = w.judge.Verdict(w.now)
	return result
}

// demandDamage calls a run invalid in which a link was to hold messages and deliver
// them late, or to cut replies, and none was.
func (w *World) demandDamage() {
	for i := range w.program.verbs {
		v, ok := w.program.verbs[i].(*scenarios.Net)
		if !ok || !w.steps[i].fired {
			continue
		}
		switch {
		case v.Effect == scenarios.Hold && w.released == 0:
			w.judge.Unmet(i, w.now, "no message was held and delivered later")
		case v.Effect == scenarios.CutReply && !w.steps[i].cut:
			w.judge.Unmet(i, w.now, "no reply was cut")
		default:
		}
	}
}

// lastStep is the step that fired last.
func (w *World) lastStep(at int64) string { return w.judge.LastStep(at) }

// settledWorld counts what `final` asks for.
func (w *World) settledWorld() scenarios.SettledWorld {
	var settled scenarios.SettledWorld
	for key := range w.signals {
		signal := w.signals[key].signal
		if signal == 0 {
			continue
		}
		state, _, alerted := w.postgres.Signal(signal)
		switch {
		case state == core.NoSignal:
			// A row that was lost is for no-lost-signal to judge.
		case state == core.InDoubt && !alerted:
			settled.Unalerted++
		case !state.Final() && state != core.InDoubt:
			settled.Open++
		}
		executed := state == core.Executed || state == core.Submitted
		stands := w.broker.Standing(core.Time(w.now), signal)
		if state != core.InDoubt && executed != (stands == order.Accepted || stands == order.Filled) {
			settled.Different++
		}
	}
	return settled
}

// crashLoses is how far back a crash of PostgreSQL may lose heartbeats that
// were committed in memory: three times wal_writer_delay.
const crashLoses = 600 * time.Millisecond

// resetModels empties the stores.
func (w *World) resetModels() {
	c := &w.program.config
	w.records.NodeOf = nodeOf
	w.redis.Reset(&w.records)
	w.replica.reset()
	w.ledger.reset(w.program.nodes)
	w.postgres.Reset(model.PostgresConfig{
		TTL: c.TTL, SendBy: c.SendBy, CrashLoses: crashLoses, OneOpen: w.program.oneOpen,
	}, &w.records)
	w.startCopies()
	w.broker.Reset(model.BrokerConfig{
		Promise: c.Broker, FillAfter: w.program.fillAfter, Unfilled: w.program.unfilled,
	}, &w.records)
}
