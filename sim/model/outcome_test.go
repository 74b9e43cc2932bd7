package model_test

import (
	"testing"

	"fencepost/core"
	"fencepost/core/history"
)

// sent is a ledger in which process 1 leads and has a permit for one signal,
// granted at zero: send_by is at two seconds.
func sent(t *testing.T) (*ledger, core.SignalID) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(0, 7, 0)
	l.permit(0, id)
	return l, id
}

// outcome is what process 1 records of the first attempt, as it was read.
func (l *ledger) outcome(id core.SignalID, state core.SignalState, version uint32) core.Effect {
	return core.Effect{
		Op: core.Record, Signal: id, Attempt: 1, State: state, Version: version, Token: token(1),
	}
}

func TestOutcomeMovesSignalAndAttempt(t *testing.T) {
	for _, outcome := range []core.SignalState{
		core.Submitted, core.InDoubt, core.Executed, core.Rejected, core.Cancelled,
	} {
		l, id := sent(t)
		in := l.record(second, id, 1, outcome)
		must(t, in, core.OutcomeWasRecorded, core.NoReason)
		row, _ := l.AttemptRow(id, 1)
		if in.State != outcome || in.Version != 3 || in.Attempt != 1 || row.State != outcome {
			t.Fatalf("%v: answer %+v, attempt %+v", outcome, in, row)
		}
		if set := only(t, &l.records, history.StateSet); set.State != outcome || set.Signal != id ||
			set.Attempt != 1 {
			t.Fatalf("%v: record %+v", outcome, set)
		}
	}
}

func TestOutcomeOnceMoreChangesNothing(t *testing.T) {
	l, id := sent(t)
	first := l.outcome(id, core.Executed, 2)
	must(t, l.ask(second, first), core.OutcomeWasRecorded, core.NoReason)
	before := l.Row(id)
	in := l.ask(second, first)
	must(t, in, core.OutcomeWasRecorded, core.NoReason)
	if in.State != core.Executed || in.Version != 3 || l.Row(id) != before || len(l.records.List) != 0 {
		t.Fatalf("answer %+v, records %v", in, l.records.List)
	}
}

func TestFinalStateStays(t *testing.T) {
	for _, final := range []core.SignalState{core.Executed, core.Rejected, core.Cancelled} {
		for other := core.Received; other <= core.Void; other++ {
			l, id := sent(t)
			l.record(second, id, 1, final)
			in := l.record(second, id, 1, other)
			if other != final && in.Kind != core.RecordWasRefused || in.State != final {
				t.Fatalf("%v after %v: %+v", other, final, in)
			}
			l.standsAt(id, final)
		}
	}
}

func TestNobodyButItsSenderMovesAnAttemptBeforeSendBy(t *testing.T) {
	l, id := sent(t)
	l.take(second, 2)
	for _, outcome := range []core.SignalState{core.Void, core.InDoubt, core.Submitted, core.Executed} {
		in := l.record(2*second, id, 1, outcome)
		must(t, in, core.RecordWasRefused, core.NoReason)
		if in.State != core.Submitting || in.Version != 2 {
			t.Fatalf("answer %+v", in)
		}
	}
	sender := core.Effect{Op: core.Record, Signal: id, Attempt: 1, State: core.Submitted, Token: token(1)}
	copied := newLedger(t)
	copied.CopyFrom(&l.Postgres)
	must(t, copied.ask(2*second, sender), core.OutcomeWasRecorded, core.NoReason)
	must(t, l.record(2*second+1, id, 1, core.InDoubt), core.OutcomeWasRecorded, core.NoReason)
}

func TestDeposedLeaderStillRecordsFacts(t *testing.T) {
	l, id := sent(t)
	l.take(second, 2)
	l.record(3*second, id, 1, core.InDoubt)
	fact := core.Effect{Op: core.Record, Signal: id, Attempt: 1, State: core.Executed, Token: token(1)}
	must(t, l.ask(4*second, fact), core.OutcomeWasRecorded, core.NoReason)
	l.standsAt(id, core.Executed)
}

func TestVoidGivesTheSignalBackForANewAttempt(t *testing.T) {
	l, id := sent(t)
	in := l.record(second, id, 1, core.Void)
	must(t, in, core.OutcomeWasRecorded, core.NoReason)
	if in.State != core.Received || in.Version != 3 {
		t.Fatalf("answer %+v", in)
	}
	if void := only(t, &l.records, history.Voided); void.Signal != id || void.Attempt != 1 {
		t.Fatalf("record %+v", void)
	}
	in = l.record(second, id, 1, core.Void)
	if in.Kind != core.OutcomeWasRecorded || in.Version != 3 || len(l.records.List) != 0 {
		t.Fatalf("void once more: %+v", in)
	}
	if in := l.permit(second, id); in.Attempt != 2 {
		t.Fatalf("answer %+v", in)
	}
}

func TestNeverSentIsNoProofOnceAnotherMaySendTheSameAttempt(t *testing.T) {
	l, id := sent(t)
	l.take(3*second, 2)
	l.record(3*second, id, 1, core.InDoubt)
	resend := l.permitOf(id)
	resend.Attempt, resend.Resend = 1, true
	must(t, l.ask(3*second, resend), core.PermitWasGranted, core.NoReason)
	l.record(4*second, id, 1, core.InDoubt)
	for _, denial := range []core.SignalState{core.Void, core.Rejected} {
		must(t, l.ask(4*second, l.outcome(id, denial, 0)), core.RecordWasRefused, core.NoReason)
		l.standsAt(id, core.InDoubt)
	}
	must(t, l.record(4*second, id, 1, core.Void), core.OutcomeWasRecorded, core.NoReason)
}

func TestDecisionFromAReadingHoldsOnlyForTheVersionRead(t *testing.T) {
	l, id := sent(t)
	l.record(second, id, 1, core.InDoubt)
	void := l.outcome(id, core.Void, 2)
	in := l.ask(3*second, void)
	must(t, in, core.RecordWasRefused, core.NoReason)
	if in.State != core.InDoubt || in.Version != 3 {
		t.Fatalf("answer %+v", in)
	}
	void.Version = 3
	must(t, l.ask(3*second, void), core.OutcomeWasRecorded, core.NoReason)
}

func TestLateOutcomeOfAVoidAttemptPutsTheSignalInDoubtWithAnAlert(t *testing.T) {
	for _, outcome := range []core.SignalState{core.Submitted, core.Executed, core.Rejected, core.Cancelled} {
		l, id := sent(t)
		l.record(second, id, 1, core.Void)
		e := l.outcome(id, outcome, 1)
		in := l.ask(2*second, e)
		must(t, in, core.OutcomeWasRecorded, core.NoReason)
		if in.State != core.InDoubt || in.Version != 4 || in.Flags != core.Late {
			t.Fatalf("%v: answer %+v", outcome, in)
		}
		row, _ := l.AttemptRow(id, 1)
		if row.State != core.Void || row.Late != outcome {
			t.Fatalf("%v: attempt %+v", outcome, row)
		}
		if set := only(t, &l.records, history.StateSet); set.State != core.InDoubt || !set.Alerted {
			t.Fatalf("%v: record %+v", outcome, set)
		}
		if in = l.ask(2*second, e); in.Version != 4 || in.Flags != core.Late || len(l.records.List) != 0 {
			t.Fatalf("%v once more: %+v", outcome, in)
		}
		must(t, l.ask(3*second, l.permitOf(id)), core.PermitWasRefused, core.StateChanged)
	}
}

func TestDoubtAboutAVoidAttemptNeedsAFreshReading(t *testing.T) {
	l, id := sent(t)
	l.record(second, id, 1, core.Void)
	e := l.outcome(id, core.InDoubt, 2)
	must(t, l.ask(2*second, e), core.RecordWasRefused, core.NoReason)
	l.standsAt(id, core.Received)
	e.Version = 3
	must(t, l.ask(2*second, e), core.OutcomeWasRecorded, core.NoReason)
	l.standsAt(id, core.InDoubt)
}

func TestLateOutcomeBesideAYoungerAttempt(t *testing.T) {
	l, id := sent(t)
	l.record(second, id, 1, core.Void)
	l.permit(second, id)
	l.record(2*second, id, 1, core.Executed)
	l.standsAt(id, core.InDoubt)
	if row, _ := l.AttemptRow(id, 2); row.State != core.Submitting {
		t.Fatalf("the younger attempt %+v", row)
	}
	in := l.record(2*second, id, 2, core.Void)
	must(t, in, core.OutcomeWasRecorded, core.NoReason)
	if in.State != core.InDoubt {
		t.Fatal("the signal could be sent again although the broker has spoken of an order")
	}
	only(t, &l.records, history.Voided)
}

func TestStandingAttemptHasArrowsOfItsOwn(t *testing.T) {
	l, id := sent(t)
	l.record(second, id, 1, core.Void)
	l.permit(second, id)
	l.record(2*second, id, 2, core.Submitted)
	l.record(2*second, id, 1, core.Executed)
	l.standsAt(id, core.InDoubt)
	for _, outcome := range []core.SignalState{core.InDoubt, core.Void} {
		must(t, l.record(9*second, id, 2, outcome), core.RecordWasRefused, core.NoReason)
	}
	must(t, l.record(9*second, id, 2, core.Executed), core.OutcomeWasRecorded, core.NoReason)
	l.standsAt(id, core.Executed)
}

func TestSignalThatAPersonEndedStaysAsItIs(t *testing.T) {
	l, id := sent(t)
	l.record(second, id, 1, core.Void)
	l.permit(second, id)
	l.record(2*second, id, 2, core.Submitted)
	l.record(2*second, id, 1, core.Executed)
	if !l.Decide(3*second, id, core.Executed) {
		t.Fatal("the decision was refused")
	}
	must(t, l.record(4*second, id, 2, core.Rejected), core.RecordWasRefused, core.NoReason)
	l.standsAt(id, core.Executed)
}

func TestLateOutcomeOfAFinalSignalOnlyAlerts(t *testing.T) {
	l, id := sent(t)
	l.record(second, id, 1, core.Void)
	l.permit(second, id)
	l.record(2*second, id, 2, core.Executed)
	in := l.record(3*second, id, 1, core.Executed)
	must(t, in, core.OutcomeWasRecorded, core.NoReason)
	set := only(t, &l.records, history.StateSet)
	if in.State != core.Executed || set.State != core.Executed || !set.Alerted || !l.Row(id).Alerted {
		t.Fatalf("answer %+v, record %+v", in, set)
	}
}

func TestAlertIsRaisedOnceAndRaisesTheVersion(t *testing.T) {
	l, id := sent(t)
	l.record(second, id, 1, core.InDoubt)
	e := l.outcome(id, core.InDoubt, 3)
	e.Alert = true
	in := l.ask(2*second, e)
	must(t, in, core.OutcomeWasRecorded, core.NoReason)
	if set := only(t, &l.records, history.StateSet); in.Version != 4 || !set.Alerted ||
		set.State != core.InDoubt {
		t.Fatalf("answer %+v, record %+v", in, set)
	}
	if in = l.ask(2*second, e); in.Version != 4 || len(l.records.List) != 0 {
		t.Fatalf("the alert was raised twice: %+v", in)
	}
}

func TestUnsentSignalOnlyExpiresOrIsRejected(t *testing.T) {
	for outcome := core.NoSignal; outcome <= core.Void; outcome++ {
		l := newLedger(t)
		l.take(0, 1)
		id := l.admit(0, 7, 0)
		in := l.record(second, id, 0, outcome)
		switch outcome {
		case core.Expired, core.Rejected:
			must(t, in, core.OutcomeWasRecorded, core.NoReason)
			l.standsAt(id, outcome)
			if in := l.record(second, id, 0, outcome); in.Kind != core.OutcomeWasRecorded || in.Version != 2 {
				t.Fatalf("%v once more: %+v", outcome, in)
			}
		default:
			must(t, in, core.RecordWasRefused, core.NoReason)
			l.standsAt(id, core.Received)
		}
	}
}

func TestUnsentSignalExpiresOnlyAsItWasRead(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(0, 7, 0)
	l.permit(0, id)
	l.record(second, id, 1, core.Void)
	e := core.Effect{Op: core.Record, Signal: id, State: core.Expired, Version: 1, Token: token(1)}
	must(t, l.ask(second, e), core.RecordWasRefused, core.NoReason)
	l.standsAt(id, core.Received)
	e.Version = 3
	must(t, l.ask(second, e), core.OutcomeWasRecorded, core.NoReason)
}

func TestSignalThatWasSentDoesNotExpire(t *testing.T) {
	l, id := sent(t)
	for _, outcome := range []core.SignalState{core.Expired, core.Rejected} {
		must(t, l.record(9*second, id, 0, outcome), core.RecordWasRefused, core.NoReason)
	}
	must(t, l.record(9*second, id, 1, core.Expired), core.RecordWasRefused, core.NoReason)
	stale := core.Effect{Op: core.Record, Signal: id, State: core.Expired, Version: 1, Token: token(1)}
	must(t, l.ask(9*second, stale), core.RecordWasRefused, core.NoReason)
}

func TestOutcomeOfNothingIsRefused(t *testing.T) {
	l, id := sent(t)
	must(t, l.record(0, id, 2, core.Executed), core.RecordWasRefused, core.NoReason)
	if in := l.record(0, 99, 1, core.Executed); in.Kind != core.RecordWasRefused ||
		in.State != core.NoSignal {
		t.Fatalf("answer %+v", in)
	}
}
