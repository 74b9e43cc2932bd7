package conformance_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"fencepost/chaos/store"
	"fencepost/core"
	"fencepost/core/history"
)

// historianWalk holds what the harness reads from the audit of a real ledger
// against what the model tells of itself while it is asked the same: the
// checkers are fed with the one in a run on real processes and with the other
// in the simulator.
type historianWalk struct {
	*ledgerWalk
	bed       *disturbedBed
	historian *store.Historian
	// read is what the historian told so far, and fence the last number of the
	// fence's sequence before the walk.
	read  []history.Record
	fence uint64
}

func TestMachineOfTheHistorianFindsNoDifference(t *testing.T) {
	b, seen := newDisturbedBed(t), map[string]int{}
	met(t, 4, seen, demands{
		60: {
			history.TenureOpened.String(), history.TenureEnded.String(),
			history.HeartbeatSet.String(), history.EffectAccepted.String(),
			history.EffectRefused.String(), history.Permitted.String(), history.Voided.String(),
			history.Stored.String(), history.StateSet.String(), history.ControlSet.String(),
			history.AuthorityAccepted.String(),
		},
	}, func(rt *rapid.T) {
		w := &historianWalk{
			ledgerWalk: &ledgerWalk{pair: newPair(rt, b.bed, map[string]int{}), rt: rt, lawful: true},
			bed:        b,
			historian:  store.NewHistorian(func(at int64) int64 { return at }, nodeOf),
		}
		w.model.records.NodeOf = nodeOf
		w.mishap = func(_ mishap, _ core.Op, at func(*disturbedBed) error) {
			if err := at(b); err != nil {
				w.part("a mishap\n  real:  %v", err)
			}
		}
		// A real clock never stands still: a heartbeat is known by its instant.
		w.before = func() { w.pass(µs) }
		w.start()
		w.begin()
		steps := 0
		actions := w.actions(&steps)
		// Another server would be one with an audit of its own.
		delete(actions, "restart")
		actions["an answer lost"] = func(*rapid.T) {
			how := answerLost
			w.armed = &how
			defer func() { w.armed = nil }()
			rapid.SampledFrom([]func(*rapid.T){
				w.take, w.permit, w.record, w.resign, w.offer,
			}).Draw(rt, "what")(rt)
		}
		actions["repair"] = func(*rapid.T) { w.repair() }
		rt.Repeat(actions)
		w.hear()
		for _, r := range w.read {
			seen[r.Kind.String()]++
		}
	})
}

// nodeOf numbers the processes.
func nodeOf(nonce core.Nonce) int16 {
	for i, p := range processes {
		if p.nonce == nonce {
			return int16(i)
		}
	}
	return history.None
}

// start skips what the audit has of before.
func (w *historianWalk) start() {
	if _, err := w.bed.server.Audit().Drain(w.real.ctx); err != nil {
		w.t.Fatalf("%v", err)
	}
	err := w.bed.admin.QueryRow(w.real.ctx,
		`SELECT last_value - (NOT is_called)::int FROM fence_seq`).Scan(&w.fence)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
}

// repair lets a person accept the authority, now and then.
func (w *historianWalk) repair() {
	if w.seldom("repair") {
		last := uint64(w.model.Authority().Epoch)
		w.acceptAuthority(core.Epoch(rapid.Uint64Range(last, last+2).Draw(w.rt, "witness")))
	}
}

// hear compares the whole history so far.
func (w *historianWalk) hear() {
	rows, err := w.bed.server.Audit().Drain(w.real.ctx)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	w.read = append(w.read, w.historian.Tell(rows)...)
	w.model.heard()
	want := readable(w.model.story)
	for i := range max(len(want), len(w.read)) {
		left, right := "nothing", "nothing"
		if i < len(want) {
			left = want[i]
		}
		if i < len(w.read) {
			right = record(w.ofTheWalk(w.read[i]))
		}
		if left != right {
			w.part("record %d: %s\n  real:  %s", i, left, right)
		}
	}
}

// readable is what can be read of a story from the rows that it left. What a
// sender is told leaves none, nor does a permit that was refused for the mode or
// the signal's state. A takeover that is repeated leaves those of a heartbeat,
// which it counts as.
func readable(story []history.Record) (lines []string) {
	for i, r := range story {
		if r.Kind == history.Announced || r.Kind == history.EffectRefused && !r.Logged {
			continue
		}
		lines = append(lines, record(r))
		told := i+1 < len(story) && story[i+1].Kind == history.EffectAccepted &&
			story[i+1].Op == core.Heartbeat
		if r.Kind == history.HeartbeatSet && !told {
			r.Kind, r.Op, r.Current = history.EffectAccepted, core.Heartbeat, r.Epoch
			lines = append(lines, record(r))
		}
	}
	return lines
}

// ofTheWalk gives a record the numbers that the walk counts from one.
func (w *historianWalk) ofTheWalk(r history.Record) history.Record {
	if r.Seq != 0 {
		r.Seq -= w.fence
	}
	if r.Signal != 0 {
		r.Signal -= w.real.before
	}
	return r
}

// record is a record in one line, without the instants of the real clock, without
// the number of an instrument, and without what a refusal need not tell.
func record(r history.Record) string {
	r.At, r.Until, r.Instrument = 0, 0, 0
	if r.Kind == history.EffectRefused {
		r.Attempt = 0
	}
	return fmt.Sprintf("%v %+v", r.Kind, r)
}
