package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

func TestCrashLosesHeartbeatsThatWereCommittedInMemory(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	beat := core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)}
	for _, at := range []core.Time{3 * second, 6 * second, 6*second + core.Time(300*time.Millisecond)} {
		l.ask(at, beat)
	}
	l.Crash(6*second + core.Time(500*time.Millisecond))
	if got := l.Authority().BeatAt; got != 3*second {
		t.Fatalf("heartbeat %v, want that of 3s", got)
	}
	l.ask(9*second, beat)
	l.Crash(9 * second)
	if got := l.Authority().BeatAt; got != 3*second {
		t.Fatalf("heartbeat %v after a second crash, want that of 3s", got)
	}
	l.take(10*second, 2)
	l.Crash(10 * second)
	if a := l.Authority(); a.BeatAt != 10*second || a.Epoch != 2 || !a.Open {
		t.Fatalf("authority %+v: the takeover is durable", a)
	}
}

func TestCrashKeepsALeaseInTheLedger(t *testing.T) {
	l := newLedger(t)
	l.ask(0, core.Effect{Op: core.TakeEpoch, Protocol: 1, Token: token(1), Tenure: core.TenurePG})
	l.ask(3*second, core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)})
	l.Crash(3 * second)
	if a := l.Authority(); a.BeatAt != 3*second || a.LeaseUntil != 13*second {
		t.Fatalf("authority %+v", a)
	}
}

func TestCrashKeepsEverythingElse(t *testing.T) {
	l, id := sent(t)
	before, _ := l.AttemptRow(id, 1)
	row := l.Row(id)
	l.Crash(second)
	after, ok := l.AttemptRow(id, 1)
	if !ok || after != before || l.Row(id) != row || l.Authority().Epoch != 1 {
		t.Fatalf("attempt %+v", after)
	}
}

func TestRewoundLedgerForgetsAndTellsWhatIsMissing(t *testing.T) {
	l, id := sent(t)
	copied := newLedger(t)
	copied.CopyFrom(&l.Postgres)
	l.record(second, id, 1, core.Executed)
	gone := l.admit(second, 9, 0)
	l.admit(second, 10, 0)
	l.take(20*second, 2)
	l.permit(20*second, gone)
	l.records.Reset()
	l.SetControl(20*second, core.Pause)
	l.records.Reset()
	l.Rewind(21*second, &copied.Postgres, true)
	if again := seen(&l.records, history.StateSet); len(again) != 1 || again[0].Signal != id ||
		again[0].State != core.Submitting {
		t.Fatalf("records %+v", l.records.List)
	}
	if mode := only(t, &l.records, history.ControlSet); mode.Control != core.Run {
		t.Fatalf("record %+v", mode)
	}
	if missing := seen(&l.records, history.Missing); len(missing) != 2 || missing[0].Signal != gone {
		t.Fatalf("records %+v", l.records.List)
	}
	if a := l.Authority(); a.Epoch != 1 || !a.Open || a.Token != token(1) {
		t.Fatalf("authority %+v", a)
	}
	l.standsAt(id, core.Submitting)
	l.standsAt(gone, core.NoSignal)
	if found, _ := l.list(21*second, openStates, 0); len(found) != 1 || found[0].Signal != id {
		t.Fatalf("found %+v", found)
	}
	if fresh := l.admit(22*second, 11, 0); fresh != gone+2 {
		t.Fatalf("a new signal has the id %d of a lost one", fresh)
	}
	if again := l.admit(22*second, 9, 0); again != gone {
		t.Fatalf("the lost signal came again as %d, it was %d", again, gone)
	}
	found, _ := l.list(22*second, openStates, 0)
	if len(found) != 3 || found[1].Signal != gone || found[2].Signal != gone+2 || found[1].Attempt != 0 {
		t.Fatalf("found %+v", found)
	}
	if in := l.permit(23*second, gone); in.Attempt != 1 {
		t.Fatalf("answer %+v", in)
	}
	l.records.Reset()
	l.Rewind(24*second, &copied.Postgres, true)
	if missing := seen(&l.records, history.Missing); len(missing) != 2 {
		t.Fatalf("what was missing already is missing again: %+v", missing)
	}
}

func TestRewindMakesALostEpochBeTakenAgain(t *testing.T) {
	l := newLedger(t)
	empty := newLedger(t)
	l.take(0, 1)
	l.Rewind(second, &empty.Postgres, true)
	in := l.ask(2*second, core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)})
	must(t, in, core.HeartbeatWasRefused, core.AuthorityGone)
	if in := l.take(3*second, 2); in.Epoch != 1 {
		t.Fatalf("takeover %+v", in)
	}
}

func TestLineageTellsARestoredLedgerFromTheOneThatWasLost(t *testing.T) {
	l := newLedger(t)
	copied := newLedger(t)
	copied.CopyFrom(&l.Postgres)
	lineage := func(at core.Time) uint32 { return l.ask(at, core.Effect{Op: core.Observe}).Lineage }
	first := lineage(0)
	if first == 0 {
		t.Fatal("a lineage is never zero")
	}
	l.Crash(second)
	l.Rewind(second, &copied.Postgres, false)
	if lineage(second) != first {
		t.Fatal("a crash, or a copy of the files, has the timeline of the original")
	}
	l.Rewind(2*second, &copied.Postgres, true)
	branched := lineage(2 * second)
	l.Rewind(3*second, &copied.Postgres, true)
	if third := lineage(3 * second); branched == first || third == first || third == branched {
		t.Fatalf("lineages %d, %d, %d", first, branched, third)
	}
	l.Rewind(4*second, &copied.Postgres, false)
	if lineage(4*second) != first {
		t.Fatal("a copy of the files of the first timeline has another one")
	}
}
