package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

func TestPersonSaysWhatBecameOfASignalInDoubt(t *testing.T) {
	for _, outcome := range []core.SignalState{
		core.Executed, core.Rejected, core.Cancelled, core.Submitted, core.Void,
	} {
		l, id := sent(t)
		if l.Decide(second, id, outcome) {
			t.Fatalf("%v of a signal that is being sent", outcome)
		}
		l.record(second, id, 1, core.InDoubt)
		l.records.Reset()
		if !l.Decide(second, id, outcome) {
			t.Fatalf("%v of a signal in doubt was refused", outcome)
		}
		row, _ := l.AttemptRow(id, 1)
		if row.State != outcome || l.Row(id).Version != 4 {
			t.Fatalf("%v: attempt %+v", outcome, row)
		}
		if outcome == core.Void {
			only(t, &l.records, history.Voided)
			l.standsAt(id, core.Received)
			l.permit(2*second, id)
			continue
		}
		l.standsAt(id, outcome)
	}
}

func TestPersonHoldsAndReleasesWhatNobodyHasSent(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(0, 7, 0)
	if !l.Decide(0, id, core.Held) || l.Decide(0, id, core.Held) {
		t.Fatal("a received signal is held once")
	}
	must(t, l.ask(0, l.permitOf(id)), core.PermitWasRefused, core.StateChanged)
	if !l.Decide(0, id, core.Received) {
		t.Fatal("a held signal was not released")
	}
	l.permit(0, id)
	other := l.admit(0, 8, 0)
	l.Decide(0, other, core.Held)
	if !l.Decide(0, other, core.Cancelled) || l.Decide(0, other, core.Received) ||
		l.Decide(0, 99, core.Held) {
		t.Fatal("a cancelled signal stays")
	}
}

func TestPersonsVoidNeedsTheStandingAttemptVoid(t *testing.T) {
	l, id := sent(t)
	l.record(second, id, 1, core.Void)
	l.permit(second, id)
	l.record(second, id, 1, core.Executed)
	if l.Decide(second+core.Time(sendBy), id, core.Void) {
		t.Fatal("its sender may still send the second attempt")
	}
	if !l.Decide(second+core.Time(sendBy)+1, id, core.Void) {
		t.Fatal("the decision was refused")
	}
	if a, _ := l.AttemptRow(id, 2); a.State != core.Void {
		t.Fatalf("attempt %+v", a)
	}
}

func TestRepairRaisesTheEpochToTheWitness(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	l.records.Reset()
	l.AcceptAuthority(5*second, 4)
	if accepted := only(t, &l.records, history.AuthorityAccepted); accepted.Epoch != 4 {
		t.Fatalf("record %+v", accepted)
	}
	if ended := only(t, &l.records, history.TenureEnded); ended.Epoch != 1 ||
		ended.Span != int64(5*time.Second) {
		t.Fatalf("record %+v", ended)
	}
	a := l.Authority()
	if a.Epoch != 4 || a.Open || !a.Token.IsZero() || len(l.Tenures()) != 4 {
		t.Fatalf("authority %+v, history %+v", a, l.Tenures())
	}
	must(t, l.ask(6*second, core.Effect{Op: core.Heartbeat, Epoch: 1, Token: token(1)}),
		core.HeartbeatWasRefused, core.Superseded)
	if in := l.take(6*second, 2); in.Epoch != 5 || in.Flags != 0 {
		t.Fatalf("takeover %+v", in)
	}
}

func TestEveryAcceptanceIsCountedAndKept(t *testing.T) {
	l := newLedger(t)
	accepted := func(at core.Time) uint32 { return l.ask(at, core.Effect{Op: core.Observe}).Accepted }
	if accepted(0) != 0 {
		t.Fatal("nobody has accepted anything")
	}
	l.AcceptAuthority(0, 0)
	l.take(second, 1)
	if accepted(second) != 1 {
		t.Fatalf("%d acceptances after one where nothing was lost", accepted(second))
	}
	l.AcceptAuthority(2*second, 5)
	if accepted(2*second) != 2 || l.Authority().Epoch != 5 {
		t.Fatalf("authority %+v", l.Authority())
	}
}
