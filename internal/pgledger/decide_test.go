package pgledger_test

import (
	"errors"
	"testing"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

func TestPersonResolvesADoubt(t *testing.T) {
	for outcome, want := range map[core.SignalState]string{
		core.Executed: "executed", core.Rejected: "rejected", core.Cancelled: "cancelled",
		core.Submitted: "submitted", core.Void: "received",
	} {
		t.Run(outcome.String(), func(t *testing.T) {
			n1, signal, _, _ := sent(t)
			d := pgledger.Decision{Signal: signal, Outcome: outcome, By: "ops", Reason: "seen in the book"}
			if err := n1.Decide(t.Context(), d); !errors.Is(err, pgledger.ErrNoArrow) {
				t.Errorf("while it may still be sent: %v", err)
			}
			n1.record(signal, 1, core.InDoubt)
			if err := n1.Decide(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			detail, err := n1.Signal(t.Context(), signal)
			if err != nil || detail.State != want || detail.DecidedBy != "ops" ||
				detail.StateReason != d.Reason ||
				detail.Version != 4 {
				t.Errorf("signal %+v, %v", detail, err)
			}
			if a := detail.Attempts[0]; a.State != outcome.String() || a.RecordedBy != "ops" {
				t.Errorf("attempt %+v", a)
			}
		})
	}
}

// The doubt is over attempt 1; attempt 2 was permitted and may leave any moment.
func TestPersonCannotFreeASignalWhoseLaterAttemptMayStillBeSent(t *testing.T) {
	n1, signal, conn, _ := sent(t)
	n1.record(signal, 1, core.Void)
	n1.permit(1, signal, 2, 3)
	n1.record(signal, 1, core.Executed)
	d := pgledger.Decision{Signal: signal, Outcome: core.Void, By: "ops", Reason: "not in the book"}
	if err := n1.Decide(t.Context(), d); !errors.Is(err, pgledger.ErrNoArrow) {
		t.Errorf("before send_by: %v", err)
	}
	lapse(t, conn)
	if err := n1.Decide(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	detail, err := n1.Signal(t.Context(), signal)
	if err != nil || detail.State != "received" || detail.Attempts[1].State != "void" {
		t.Errorf("signal %+v, %v", detail, err)
	}
}

func TestPersonHoldsAndFreesASignalThatNobodyHasSent(t *testing.T) {
	n1, signal, _ := leading(t)
	for _, step := range []core.SignalState{core.Held, core.Received, core.Held, core.Cancelled} {
		d := pgledger.Decision{Signal: signal, Outcome: step, By: "ops", Reason: "news"}
		if err := n1.Decide(t.Context(), d); err != nil {
			t.Fatalf("%v: %v", step, err)
		}
		if step == core.Held {
			if in := n1.permit(1, signal, 1, n1.reread(signal).Version); in.Kind != core.PermitWasRefused {
				t.Errorf("permit for a held signal: %+v", in)
			}
		}
	}
	if err := n1.Decide(t.Context(), pgledger.Decision{
		Signal: signal, Outcome: core.Received, By: "ops", Reason: "news",
	}); !errors.Is(err, pgledger.ErrNoArrow) {
		t.Errorf("a cancelled signal came back: %v", err)
	}
}

func TestDecisionIsSignedAndMeant(t *testing.T) {
	n1, signal, _ := leading(t)
	for _, d := range []pgledger.Decision{
		{Signal: signal, Outcome: core.Held, Reason: "why"},
		{Signal: signal, Outcome: core.Held, By: "ops"},
		{Signal: signal, Outcome: core.Submitting, By: "ops", Reason: "why"},
		{Signal: signal, Outcome: core.Expired, By: "ops", Reason: "why"},
	} {
		if err := n1.Decide(t.Context(), d); err == nil {
			t.Errorf("carried out %+v", d)
		}
	}
	if err := n1.Decide(t.Context(), pgledger.Decision{
		Signal: signal + 1000, Outcome: core.Held, By: "ops", Reason: "why",
	}); !errors.Is(err, pgledger.ErrNoSignal) {
		t.Errorf("about a signal that is not there: %v", err)
	}
}
