package conformance_test

import (
	"testing"
	"time"

	"fencepost/core"
)

func TestLedgerOfNobodyIsClosedAndRuns(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.want(n1, core.Effect{Op: core.Observe},
			core.Input{Kind: core.AuthorityObserved, Control: core.Run, Server: began})
		l.want(n1, core.Effect{Op: core.Heartbeat},
			core.Input{Kind: core.AuthorityObserved, Control: core.Run, Server: began})
		if l.rows().Authority.Known {
			t.Error("who only looks leaves no authority row")
		}
	})
}

func TestTakeoverNeedsTheEpochThatWasObserved(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		refused := core.Input{Kind: core.EpochWasRefused, Reason: core.StateChanged, Control: core.Run}
		l.want(n1, take(n1, 1), refused)
		l.want(n1, take(n1, 0), core.Input{Kind: core.EpochWasTaken, Epoch: 1, Control: core.Run})
		refused.Epoch = 1
		l.want(n2, take(n2, 0), refused)
		l.want(n2, take(n2, 2), refused)
		l.wait(time.Second)
		l.want(n2, take(n2, 1), core.Input{
			Kind: core.EpochWasTaken, Epoch: 2, Token: n1.token(1), Flags: core.Open, Age: time.Second,
			Control: core.Run,
		})
		r := l.rows()
		if len(r.Tenures) != 2 || len(r.Refusals) != 0 || r.Authority.Flagged != n2.nonce {
			t.Errorf("rows: %q", r.lines())
		}
	})
}

func TestTakeoverClosesThePredecessorsTenure(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.wait(3 * time.Second)
		l.lead(n2)
		before, after := l.rows().Tenures[0], l.rows().Tenures[1]
		if before.Open || before.Reason != core.Superseded || before.ClosedAt != began.Add(3*time.Second) {
			t.Errorf("the predecessor's tenure: %+v", before)
		}
		if !after.Open || after.OpenedAt != before.ClosedAt || after.Order <= before.Order {
			t.Errorf("the successor's: %+v", after)
		}
	})
}

func TestTakeoverRepeatedAfterALostAnswerTakesNothing(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.lead(n2)
		l.wait(time.Second)
		again := core.Input{
			Kind: core.EpochWasTaken, Epoch: 2, Token: n1.token(1), Flags: core.Open, Control: core.Run,
		}
		for _, observed := range []core.Epoch{1, 2} {
			l.want(n2, take(n2, observed), again)
		}
		if r := l.rows(); r.Authority.Epoch != 2 || len(r.Tenures) != 2 {
			t.Errorf("rows: %q", r.lines())
		}
	})
}

// The node counts its trust in the ledger from the request that was answered,
// and that is the repeated one.
func TestTakeoverRepeatedCountsAsAHeartbeat(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.want(n1, takePG(n1, 0), core.Input{Kind: core.EpochWasTaken, Epoch: 1, Control: core.Run})
		l.wait(ledgerTTL - µs)
		if in := l.ask(n1, takePG(n1, 1)); in.Kind != core.EpochWasTaken {
			t.Fatalf("repeated: %+v", in)
		}
		l.wait(ledgerTTL - µs)
		if in := l.standing(n2); in.Age != ledgerTTL-µs || !in.Flags.Has(core.Live) {
			t.Errorf("after a repeated takeover: %+v", in)
		}
	})
}

func TestTakeoverUnderATokenWhoseTenureIsClosedIsRefused(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		l.ask(n1, resign(n1, 1, core.Lapsed))
		l.want(n1, take(n1, 1), core.Input{
			Kind: core.EpochWasRefused, Epoch: 1, Reason: core.StateChanged, Control: core.Run,
		})
		next := take(n1, 1)
		next.Token = n1.token(2)
		for range 2 {
			l.want(n1, next, core.Input{
				Kind: core.EpochWasTaken, Epoch: 2, Token: n1.token(1), Control: core.Run,
			})
		}
	})
}

// The range may have changed since the taker read it.
func TestTakerOutsideTheRangeOfVersionsIsRefused(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.must(l.setProtocol(2, 3))
		refused := core.Input{
			Kind: core.EpochWasRefused, Epoch: 1, Reason: core.NotAdmitted, Control: core.Run,
		}
		next := take(n2, 1)
		for _, speaks := range []uint16{0, 1, 4} {
			next.Protocol = speaks
			l.want(n2, next, refused)
		}
		next.Epoch = 7
		l.want(n2, next, refused)
		// Who holds the tenure is answered, whatever it speaks, and goes on.
		l.want(n1, take(n1, 0), core.Input{Kind: core.EpochWasTaken, Epoch: 1, Control: core.Run})
		l.want(n1, beat(n1, 1), core.Input{
			Kind: core.HeartbeatConfirmed, Epoch: 1, Control: core.Run, Server: began, Protocol: 2<<16 | 3,
		})
		next.Epoch, next.Protocol = 1, 3
		if in := l.ask(n2, next); in.Kind != core.EpochWasTaken {
			t.Errorf("a version that is admitted: %+v", in)
		}
		l.must(l.setProtocol(0, 0))
		if in := l.ask(n1, core.Effect{Op: core.TakeEpoch, Epoch: 2, Token: n1.token(2)}); in.Epoch != 3 {
			t.Errorf("every version is admitted: %+v", in)
		}
	})
}

func TestTakerThroughRedisRespectsALivePGTenureOnly(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.lead(n2)
		l.ask(n3, takePG(n3, 2))
		if a := l.rows().Authority; a.Epoch != 2 {
			t.Fatalf("a live tenure gave way to one of kind pg: %+v", a)
		}
		l.wait(ledgerTTL + µs)
		l.want(n3, takePG(n3, 2), core.Input{
			Kind: core.EpochWasTaken, Epoch: 3, Token: n2.token(1), Flags: core.Open, Age: ledgerTTL + µs,
			Control: core.Run,
		})
		l.wait(ledgerTTL - µs)
		l.want(n1, take(n1, 3), core.Input{
			Kind: core.EpochWasRefused, Epoch: 3, Reason: core.StateChanged, Control: core.Run,
		})
		l.wait(µs)
		l.want(n1, take(n1, 3), core.Input{
			Kind: core.EpochWasTaken, Epoch: 4, Token: n3.token(1), Flags: core.Open, Age: ledgerTTL,
			Control: core.Run,
		})
	})
}

func TestNobodyTakesAPGEpochForATTLAfterARestart(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.must(l.restart())
		for _, step := range []struct {
			wait time.Duration
			want core.InputKind
		}{{0, core.EpochWasRefused}, {ledgerTTL, core.EpochWasRefused}, {µs, core.EpochWasTaken}} {
			l.wait(step.wait)
			if in := l.ask(n1, takePG(n1, 0)); in.Kind != step.want {
				t.Errorf("%v later: %+v", step.wait, in)
			}
		}
	})
}

func TestTenureIsLiveUntilItsLeaseHasRunOut(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		l.wait(time.Second)
		l.ask(n1, beat(n1, 1))
		l.wait(ledgerTTL)
		seen := core.Input{
			Kind: core.AuthorityObserved, Epoch: 1, Token: n1.token(1), Flags: core.Open | core.Live,
			Age: ledgerTTL, Control: core.Run, Server: began.Add(ledgerTTL + time.Second),
		}
		l.want(n2, core.Effect{Op: core.Observe}, seen)
		l.wait(µs)
		seen.Flags, seen.Age, seen.Server = core.Open, seen.Age+µs, seen.Server.Add(µs)
		l.want(n2, core.Effect{Op: core.Observe}, seen)
	})
}

func TestPGTenureIsLiveUntilItsColumnExpires(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.ask(n1, takePG(n1, 0))
		l.wait(time.Second)
		l.ask(n1, beat(n1, 1))
		l.wait(ledgerTTL - µs)
		seen := core.Input{
			Kind: core.AuthorityObserved, Epoch: 1, Token: n1.token(1), Tenure: core.TenurePG,
			Flags: core.Open | core.Live, Age: ledgerTTL - µs, Control: core.Run,
			Server: began.Add(time.Second + ledgerTTL - µs),
		}
		l.want(n2, core.Effect{Op: core.Observe}, seen)
		l.wait(µs)
		seen.Flags, seen.Age, seen.Server = core.Open, seen.Age+µs, seen.Server.Add(µs)
		l.want(n2, core.Effect{Op: core.Observe}, seen)
	})
}

func TestHeartbeatOfTheLeaderIsConfirmedWithTheMode(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.wait(time.Second)
		for _, mode := range []core.Control{core.Run, core.Pause, core.Halt} {
			l.mode(mode)
			l.want(n1, beat(n1, 1), core.Input{
				Kind: core.HeartbeatConfirmed, Epoch: 1, Control: mode, Server: began.Add(time.Second),
			})
		}
		if in := l.standing(n2); in.Age != 0 || in.Control != core.Halt {
			t.Errorf("observed: %+v", in)
		}
	})
}

func TestHeartbeatOfADeposedLeaderIsRefusedWithARow(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.want(n1, beat(n1, 1), core.Input{Kind: core.HeartbeatWasRefused, Reason: core.AuthorityGone})
		l.lead(n1)
		l.lead(n2)
		superseded := core.Input{Kind: core.HeartbeatWasRefused, Epoch: 2, Reason: core.Superseded}
		l.want(n1, beat(n1, 1), superseded)
		l.want(n1, beat(n1, 2), superseded)
		l.want(n2, beat(n2, 3), superseded)
		other := beat(n2, 2)
		other.Token = n2.token(2)
		l.want(n2, other, superseded)
		l.ask(n2, resign(n2, 2, core.GracefulShutdown))
		closed := core.Input{Kind: core.HeartbeatWasRefused, Epoch: 2, Reason: core.TenureClosed}
		l.want(n2, beat(n2, 2), closed)
		want := []refusalRow{
			{core.Heartbeat, 1, 0, n1.token(1), 0, core.AuthorityGone},
			{core.Heartbeat, 1, 2, n1.token(1), 0, core.Superseded},
			{core.Heartbeat, 2, 2, n1.token(1), 0, core.Superseded},
			{core.Heartbeat, 3, 2, n2.token(1), 0, core.Superseded},
			{core.Heartbeat, 2, 2, n2.token(2), 0, core.Superseded},
			{core.Heartbeat, 2, 2, n2.token(1), 0, core.TenureClosed},
		}
		if d := difference(rows{Refusals: want}, rows{Refusals: l.rows().Refusals}); d != "" {
			t.Errorf("refusals:\n%s", d)
		}
	})
}

func TestFollowersHeartbeatAnswersWithTheAuthority(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		l.wait(2 * time.Second)
		l.want(n2, core.Effect{Op: core.Heartbeat}, core.Input{
			Kind: core.AuthorityObserved, Epoch: 1, Token: n1.token(1), Flags: core.Open | core.Live,
			Age: 2 * time.Second, Control: core.Run, Server: began.Add(2 * time.Second),
		})
	})
}

func TestLeaderThatCameBackAsFollowerKeepsLookingStaleUntilItsTenureIsClosed(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.wait(2 * time.Second)
		if in := l.ask(n1, core.Effect{Op: core.Heartbeat}); in.Age != 2*time.Second {
			t.Errorf("a follower's heartbeat refreshed an open tenure: %+v", in)
		}
		l.ask(n1, resign(n1, 1, core.Lapsed))
		if in := l.ask(n1, core.Effect{Op: core.Heartbeat}); in.Age != 0 || in.Flags != 0 {
			t.Errorf("after closing: %+v", in)
		}
	})
}

func TestTenureIsClosedOnceWithItsReason(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		l.wait(time.Second)
		closed := core.Input{Kind: core.TenureWasClosed, Epoch: 1}
		l.want(n1, resign(n1, 1, core.GracefulShutdown), closed)
		l.wait(time.Second)
		l.want(n1, resign(n1, 1, core.SplitBrain), closed)
		r := l.rows()
		row := r.Tenures[0]
		if row.Open || row.Reason != core.GracefulShutdown || row.ClosedAt != began.Add(time.Second) {
			t.Errorf("history: %+v", row)
		}
		if len(r.Refusals) != 0 || r.Authority.Flagged != 0 || r.Authority.Open {
			t.Errorf("rows: %q", r.lines())
		}
	})
}

func TestClosingOfAnothersTenureIsRefusedWithARow(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.want(n1, resign(n1, 1, core.Lapsed), core.Input{Kind: core.CloseWasRefused})
		l.lead(n1)
		l.lead(n2)
		refused := core.Input{Kind: core.CloseWasRefused, Epoch: 2}
		l.want(n1, resign(n1, 1, core.Lapsed), refused)
		l.want(n1, resign(n1, 2, core.Lapsed), refused)
		l.want(n2, resign(n2, 1, core.Lapsed), refused)
		want := []refusalRow{
			{core.Resign, 1, 0, n1.token(1), 0, core.AuthorityGone},
			{core.Resign, 1, 2, n1.token(1), 0, core.Superseded},
			{core.Resign, 2, 2, n1.token(1), 0, core.Superseded},
			{core.Resign, 1, 2, n2.token(1), 0, core.Superseded},
		}
		r := l.rows()
		if d := difference(rows{Refusals: want}, rows{Refusals: r.Refusals}); d != "" {
			t.Errorf("refusals:\n%s", d)
		}
		if !r.Authority.Open || r.Tenures[0].Reason != core.Superseded {
			t.Errorf("rows: %q", r.lines())
		}
	})
}
