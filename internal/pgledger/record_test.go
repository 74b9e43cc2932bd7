package pgledger_test

import (
	"testing"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// sent starts a leader of epoch 1 whose signal has been permitted once.
func sent(t *testing.T) (n1 *process, signal core.SignalID, conn executor, dsn string) {
	t.Helper()
	n1, signal, dsn = leading(t)
	if in := n1.permit(1, signal, 1, 1); in.Kind != core.PermitWasGranted {
		t.Fatalf("permit %+v", in)
	}
	return n1, signal, connect(t, dsn), dsn
}

// wantRecorded checks an answer to Record.
func wantRecorded(t *testing.T, in core.Input, state core.SignalState, version uint32) {
	t.Helper()
	if in.Kind != core.OutcomeWasRecorded || in.State != state || in.Version != version {
		t.Errorf("%+v, want %v in version %d", in, state, version)
	}
}

// wantRefused checks an answer to Record.
func wantRefused(t *testing.T, in core.Input, state core.SignalState) {
	t.Helper()
	if in.Kind != core.RecordWasRefused || in.State != state {
		t.Errorf("%+v, want a refusal, and the signal %v", in, state)
	}
}

func TestOutcomeIsRecordedOnce(t *testing.T) {
	n1, signal, _, _ := sent(t)
	n1.Note(signal, 1, pgledger.BrokerNote{OrderID: "B-7", Detail: "filled 2 @ 52000"})
	wantRecorded(t, n1.record(signal, 1, core.Executed), core.Executed, 3)
	wantRecorded(t, n1.record(signal, 1, core.Executed), core.Executed, 3)
	wantRefused(t, n1.record(signal, 1, core.Rejected), core.Executed)
	wantRefused(t, n1.record(signal, 1, core.InDoubt), core.Executed)
	wantRefused(t, n1.record(signal, 1, core.Void), core.Executed)
	detail, err := n1.Signal(t.Context(), signal)
	if err != nil || detail.EndedAt == nil || detail.AlertedAt != nil {
		t.Fatalf("signal %+v, %v", detail, err)
	}
	a := detail.Attempts[0]
	if a.State != "executed" || *a.Outcome != "executed" || a.BrokerOrderID != "B-7" ||
		a.BrokerDetail != "filled 2 @ 52000" {
		t.Errorf("attempt %+v", a)
	}
}

// A leader whose records are slow to commit must not miss its heartbeat: the two
// have no row in common.
func TestRecordLeavesTheHeartbeatsRowAlone(t *testing.T) {
	n1, signal, conn, _ := sent(t)
	const version = `SELECT xmin::text FROM instance_metadata WHERE instance_id = 'n1'`
	before := read[string](t, conn, version)
	wantRecorded(t, n1.record(signal, 1, core.Executed), core.Executed, 3)
	if after := read[string](t, conn, version); after != before {
		t.Error("a record has written the row of the heartbeat")
	}
	const processed = `SELECT coalesce(last_signal_processed::text, '') FROM instance_metadata
		WHERE instance_id = 'n1'`
	n1.beat(1)
	first := read[string](t, conn, processed)
	if first == "" {
		t.Error("the heartbeat does not say that a signal was processed")
	}
	n1.beat(1)
	if again := read[string](t, conn, processed); again != first {
		t.Errorf("a signal was processed at %s, and at %s after another heartbeat", first, again)
	}
}

// Permits are fenced, facts are not.
func TestDeposedLeaderMayRecordWhatItHasSent(t *testing.T) {
	n1, signal, _, dsn := sent(t)
	start(t, dsn, "n2").lead()
	wantRecorded(t, n1.record(signal, 1, core.Submitted), core.Submitted, 3)
	wantRecorded(t, n1.record(signal, 1, core.Executed), core.Executed, 4)
}

func TestNobodyButTheSenderMovesAnAttemptBeforeSendBy(t *testing.T) {
	n1, signal, conn, dsn := sent(t)
	n2 := start(t, dsn, "n2")
	n2.lead()
	for _, outcome := range []core.SignalState{core.Void, core.InDoubt, core.Executed} {
		wantRefused(t, n2.record(signal, 1, outcome), core.Submitting)
	}
	lapse(t, conn)
	// Not having sent it oneself proves nothing; having read what the broker
	// says does.
	wantRefused(t, n2.record(signal, 1, core.Void), core.Submitting)
	wantRecorded(t, n2.decide(signal, core.Void, 2), core.Received, 3)
	wantRefused(t, n1.decide(signal, core.InDoubt, 2), core.Received)
}

// decide records what a reading of the signal in that version suggests.
func (p *process) decide(signal core.SignalID, outcome core.SignalState, version uint32) core.Input {
	p.t.Helper()
	return p.call(core.Effect{
		Op: core.Record, Signal: signal, Attempt: 1, State: outcome, Version: version, Token: p.token,
	})
}

func TestVoidAttemptLetsTheSignalBeTriedAgain(t *testing.T) {
	n1, signal, _, _ := sent(t)
	wantRecorded(t, n1.record(signal, 1, core.Void), core.Received, 3)
	wantRecorded(t, n1.record(signal, 1, core.Void), core.Received, 3)
	if in := n1.permit(1, signal, 1, 3); in.Kind != core.PermitWasRefused {
		t.Errorf("the same attempt again: %+v", in)
	}
	if in := n1.permit(1, signal, 2, 3); in.Kind != core.PermitWasGranted || in.Version != 4 {
		t.Fatalf("the next attempt: %+v", in)
	}
	wantRecorded(t, n1.record(signal, 2, core.Executed), core.Executed, 5)
	// Attempt 1 is void for good, also now.
	wantRecorded(t, n1.record(signal, 1, core.Void), core.Executed, 5)
	detail, err := n1.Signal(t.Context(), signal)
	if err != nil || len(detail.Attempts) != 2 ||
		detail.Attempts[0].ClientOrderID == detail.Attempts[1].ClientOrderID {
		t.Errorf("signal %+v, %v", detail, err)
	}
}

// A void attempt turns out to have been sent after all. The fact is kept, and
// the signal stops for a person, before a second order can leave.
func TestLateOutcomeOfAVoidAttemptIsKeptAndRaisesTheAlert(t *testing.T) {
	for name, younger := range map[string]bool{"alone": false, "beside a younger attempt": true} {
		t.Run(name, func(t *testing.T) {
			n1, signal, conn, dsn := sent(t)
			n2 := start(t, dsn, "n2")
			n2.lead()
			lapse(t, conn)
			n2.decide(signal, core.Void, 2)
			version := uint32(4)
			if younger {
				n2.permit(2, signal, 2, 3)
				version = 5
			}
			wantRecorded(t, n1.record(signal, 1, core.Executed), core.InDoubt, version)
			wantRecorded(t, n1.record(signal, 1, core.Executed), core.InDoubt, version)
			if in := n2.permit(2, signal, 2, 3); in.Kind != core.PermitWasRefused {
				t.Errorf("a permit beside the late outcome: %+v", in)
			}
			detail, err := n1.Signal(t.Context(), signal)
			if err != nil || detail.AlertedAt == nil ||
				detail.AlertReason != "late outcome of a void attempt: executed" {
				t.Fatalf("signal %+v, %v", detail, err)
			}
			if a := detail.Attempts[0]; a.State != "void" || a.LateOutcome == nil ||
				*a.LateOutcome != "executed" {
				t.Errorf("attempt %+v", a)
			}
			if younger {
				wantRecorded(t, n2.record(signal, 2, core.Rejected), core.Rejected, version+1)
			}
		})
	}
}

func TestLateOutcomeOfAFinalSignalOnlyRaisesTheAlert(t *testing.T) {
	n1, signal, _, _ := sent(t)
	n1.record(signal, 1, core.Void)
	n1.permit(1, signal, 2, 3)
	n1.record(signal, 2, core.Executed)
	wantRecorded(t, n1.record(signal, 1, core.Executed), core.Executed, 6)
	detail, err := n1.Signal(t.Context(), signal)
	if err != nil || detail.State != "executed" || detail.AlertedAt == nil || detail.EndedAt == nil {
		t.Errorf("signal %+v, %v", detail, err)
	}
}

// What a reading suggested holds only for the version that was read; what the
// broker said of a void attempt holds always.
func TestDecisionsAreGuardedByTheVersionRead(t *testing.T) {
	n1, signal, conn, dsn := sent(t)
	n2 := start(t, dsn, "n2")
	lapse(t, conn)
	wantRefused(t, n2.decide(signal, core.Void, 1), core.Submitting)
	wantRecorded(t, n1.decide(signal, core.InDoubt, 2), core.InDoubt, 3)
	wantRefused(t, n2.decide(signal, core.Void, 2), core.InDoubt)
	wantRefused(t, n2.decide(signal, core.Executed, 2), core.InDoubt)
	// The same once more, because its answer was lost.
	wantRecorded(t, n1.decide(signal, core.InDoubt, 2), core.InDoubt, 3)
	wantRecorded(t, n2.decide(signal, core.Void, 3), core.Received, 4)
	wantRefused(t, n1.decide(signal, core.InDoubt, 3), core.Received)
	wantRecorded(t, n1.decide(signal, core.Executed, 3), core.InDoubt, 5)
}

func TestDoubtIsAlertedOnceAndKeepsItsReason(t *testing.T) {
	n1, signal, _, _ := sent(t)
	doubt := core.Effect{Op: core.Record, Signal: signal, Attempt: 1, State: core.InDoubt, Token: n1.token}
	wantRecorded(t, n1.call(doubt), core.InDoubt, 3)
	doubt.Alert, doubt.Reason = true, core.GateDeadline
	wantRecorded(t, n1.call(doubt), core.InDoubt, 4)
	wantRecorded(t, n1.call(doubt), core.InDoubt, 4)
	detail, err := n1.Signal(t.Context(), signal)
	if err != nil || detail.AlertedAt == nil || detail.AlertReason != "gate_deadline" {
		t.Errorf("signal %+v, %v", detail, err)
	}
	list, err := n1.Signals(t.Context(), pgledger.SignalFilter{Alerted: true})
	if err != nil || len(list) != 1 {
		t.Errorf("waiting for a person: %+v, %v", list, err)
	}
}

func TestOutcomeWithoutAnAttemptIsForUnsentSignalsOnly(t *testing.T) {
	n1, signal, _, _ := sent(t)
	wantRefused(t, n1.record(signal, 0, core.Expired), core.Submitting)
	wantRefused(t, n1.record(signal, 0, core.Executed), core.Submitting)
	wantRefused(t, n1.record(signal, 7, core.Executed), core.Submitting)
	wantRefused(t, n1.record(signal+1000, 1, core.Executed), core.NoSignal)
	wantRecorded(t, n1.record(n1.admit("s2"), 0, core.Rejected), core.Rejected, 2)
	third := n1.admit("s3")
	wantRefused(t, n1.record(third, 0, core.Cancelled), core.Received)
	wantRecorded(t, n1.record(third, 0, core.Expired), core.Expired, 2)
	wantRecorded(t, n1.record(third, 0, core.Expired), core.Expired, 2)
}

// Every arrow of core, and no other, exists in the ledger.
func TestLedgerDrawsTheArrowsOfCore(t *testing.T) {
	outcomes := []core.SignalState{
		core.Submitted, core.InDoubt, core.Executed, core.Rejected, core.Cancelled, core.Void, core.Expired,
	}
	_, _, conn, dsn := sent(t)
	n1 := start(t, dsn, "n2")
	n1.lead()
	for _, from := range []core.SignalState{
		core.Submitting, core.Submitted, core.InDoubt, core.Executed, core.Rejected, core.Cancelled,
	} {
		for _, outcome := range outcomes {
			signal := n1.admit(from.String() + "/" + outcome.String())
			n1.permit(2, signal, 1, 1)
			if from != core.Submitting {
				n1.record(signal, 1, from)
			}
			want, ok := from.After(outcome)
			in := n1.record(signal, 1, outcome)
			if ok && (in.Kind != core.OutcomeWasRecorded || in.State != want) ||
				!ok && (in.Kind != core.RecordWasRefused || in.State != from) {
				t.Errorf("%v + %v: %+v, core says %v, %v", from, outcome, in, want, ok)
			}
		}
	}
	if got := read[int64](t, conn, `SELECT count(*) FROM signals s
		WHERE s.state NOT IN ('received', 'submitting') AND NOT EXISTS (
			SELECT FROM attempts a WHERE a.signal = s.id AND a.state = s.state)`); got != 0 {
		t.Errorf("%d signals do not stand where their attempts do", got)
	}
}

// The broker spoke of an order of attempt 1, which was void. That attempt 2 was
// never sent does not make the signal one that may be sent again.
func TestVoidBesideALateOutcomeStaysInDoubt(t *testing.T) {
	n1, signal, _, _ := sent(t)
	n1.record(signal, 1, core.Void)
	n1.permit(1, signal, 2, 3)
	wantRecorded(t, n1.record(signal, 1, core.Executed), core.InDoubt, 5)
	wantRecorded(t, n1.record(signal, 2, core.Void), core.InDoubt, 6)
	resend := core.Effect{
		Op: core.Permit, Resend: true, Signal: signal, Attempt: 2, Version: 6, Epoch: 1, Token: n1.token,
	}
	if in := n1.call(resend); in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
		t.Errorf("sending a void attempt again: %+v", in)
	}
}

// The signal is in doubt because of attempt 1; attempt 2 has arrows of its own.
func TestOutcomeNeedsAnArrowOfItsAttemptToo(t *testing.T) {
	n1, signal, _, _ := sent(t)
	n1.record(signal, 1, core.Void)
	n1.permit(1, signal, 2, 3)
	n1.record(signal, 2, core.Submitted)
	wantRecorded(t, n1.record(signal, 1, core.Executed), core.InDoubt, 6)
	wantRefused(t, n1.record(signal, 2, core.InDoubt), core.InDoubt)
	wantRefused(t, n1.record(signal, 2, core.Void), core.InDoubt)
	wantRecorded(t, n1.record(signal, 2, core.Executed), core.Executed, 7)
}

// Whoever made the signal one that may be sent, its attempt is still under way.
func TestNoPermitBesideAStandingAttempt(t *testing.T) {
	n1, signal, conn, _ := sent(t)
	exec(t, conn, `SET session_replication_role = replica`)
	exec(t, conn, `UPDATE signals SET state = 'received'`)
	if in := n1.permit(1, signal, 2, 2); in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
		t.Errorf("a second attempt beside the first: %+v", in)
	}
}

// A doubt that is recorded again after a second send is news of the attempt,
// also when the signal is in doubt already because of an earlier one.
func TestDoubtAfterAResendIsRecorded(t *testing.T) {
	n1, signal, _, _ := sent(t)
	n1.record(signal, 1, core.Void)
	n1.permit(1, signal, 2, 3)
	wantRecorded(t, n1.record(signal, 2, core.InDoubt), core.InDoubt, 5)
	resend := core.Effect{
		Op: core.Permit, Resend: true, Signal: signal, Attempt: 2, Version: 5, Epoch: 1, Token: n1.token,
	}
	if in := n1.call(resend); in.Kind != core.PermitWasGranted {
		t.Fatalf("resend %+v", in)
	}
	wantRecorded(t, n1.record(signal, 1, core.Executed), core.InDoubt, 7)
	wantRecorded(t, n1.record(signal, 2, core.InDoubt), core.InDoubt, 8)
	detail, err := n1.Signal(t.Context(), signal)
	if err != nil || detail.Attempts[1].State != "in_doubt" {
		t.Errorf("signal %+v, %v", detail, err)
	}
}

func TestVoidAttemptTakesNoDecisionOfANode(t *testing.T) {
	n1, signal, _, _ := sent(t)
	n1.record(signal, 1, core.Void)
	wantRefused(t, n1.record(signal, 1, core.Expired), core.Received)
	wantRefused(t, n1.decide(signal, core.InDoubt, 2), core.Received)
	wantRecorded(t, n1.decide(signal, core.InDoubt, 3), core.InDoubt, 4)
}

func TestAlertedSignalsAreListedAsSuch(t *testing.T) {
	n1, signal, _, _ := sent(t)
	doubt := core.Effect{Op: core.Record, Signal: signal, Attempt: 1, State: core.InDoubt, Token: n1.token}
	review := core.Effect{Op: core.Fetch, States: 1 << core.InDoubt}
	for _, alert := range []bool{false, true} {
		doubt.Alert = alert
		n1.call(doubt)
		if in := n1.calls(review); len(in) != 2 || in[0].Flags.Has(core.Alerted) != alert {
			t.Errorf("alert %v: %+v", alert, in)
		}
		if in := n1.reread(signal); in.Flags.Has(core.Alerted) != alert {
			t.Errorf("alert %v: %+v", alert, in)
		}
	}
}
