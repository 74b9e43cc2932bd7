package conformance_test

import (
	"testing"

	"fencepost/core"
)

// outcomes that a broker can be the source of.
var brokersWords = []core.SignalState{core.Submitted, core.Executed, core.Rejected, core.Cancelled}

// nonsense is no outcome of an attempt.
var nonsense = []core.SignalState{core.NoSignal, core.Received, core.Held, core.Submitting, core.Expired}

// sent stores a signal and lets n1 be permitted its first attempt under the
// current epoch.
func (l *ledger) sent(key int64) core.SignalID {
	l.t.Helper()
	signal := l.store(key, 0)
	l.grant(n1, l.standing(n1).Epoch, signal)
	return signal
}

func TestDeposedSenderStillTellsWhatBecameOfItsOrder(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		signal := l.sent(1)
		l.lead(n2)
		l.want(n1, fact(n1, signal, 1, core.Submitted), core.Input{
			Kind: core.OutcomeWasRecorded, Signal: signal, Attempt: 1, State: core.Submitted, Version: 3,
		})
		l.wait(sendBy + µs)
		l.want(n1, fact(n1, signal, 1, core.Executed), core.Input{
			Kind: core.OutcomeWasRecorded, Signal: signal, Attempt: 1, State: core.Executed, Version: 4,
		})
		if n := len(l.rows().Refusals); n != 0 {
			t.Errorf("%d refusals: facts are not fenced", n)
		}
	})
}

func TestOutcomeThatIsRecordedAlreadyIsNoError(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		for i, outcome := range []core.SignalState{
			core.Submitted, core.InDoubt, core.Executed, core.Rejected, core.Cancelled, core.Void,
		} {
			signal := l.sent(int64(i + 1))
			first := l.ask(n1, fact(n1, signal, 1, outcome))
			before := l.rows()
			for _, e := range []core.Effect{
				fact(n1, signal, 1, outcome), fact(n2, signal, 1, outcome), judged(n2, signal, 1, outcome, 1),
			} {
				l.want(processOf(e.Token), e, first)
			}
			if d := difference(before, l.rows()); d != "" {
				t.Errorf("%v again:\n%s", outcome, d)
			}
		}
	})
}

func TestNobodyButItsSenderMovesAnAttemptBeforeSendBy(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		for i, outcome := range append(brokersWords, core.InDoubt, core.Void) {
			signal := l.sent(int64(i + 1))
			l.refused(n2, judged(n2, signal, 1, outcome, 2))
			l.refused(n2, fact(n2, signal, 1, outcome))
			l.wait(sendBy)
			l.refused(n2, judged(n2, signal, 1, outcome, 2))
			l.wait(µs)
			state, _ := core.Submitting.After(outcome)
			l.recorded(n2, judged(n2, signal, 1, outcome, 2), state)
		}
	})
}

// The signal may be in doubt for a reason of its own: it is the attempt that
// its sender may still be sending.
func TestAttemptIsItsSendersBeforeSendByAlsoIfTheSignalIsInDoubt(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		epoch := l.lead(n1)
		signal := l.sent(1)
		l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
		l.grant(n1, epoch, signal)
		l.recorded(n1, fact(n1, signal, 1, core.Cancelled), core.InDoubt)
		for _, outcome := range append(brokersWords, core.InDoubt, core.Void) {
			l.refused(n2, judged(n2, signal, 2, outcome, 5))
		}
		l.recorded(n1, fact(n1, signal, 2, core.Executed), core.Executed)
	})
}

func TestJudgementHoldsOnlyForTheVersionThatWasRead(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		signal := l.sent(1)
		l.wait(sendBy + µs)
		l.refused(n2, judged(n2, signal, 1, core.Void, 1))
		l.refused(n2, judged(n2, signal, 1, core.Executed, 3))
		l.recorded(n2, judged(n2, signal, 1, core.InDoubt, 2), core.InDoubt)
		l.refused(n2, judged(n2, signal, 1, core.Void, 2))
		l.recorded(n2, judged(n2, signal, 1, core.Void, 3), core.Received)
	})
}

// A node that was granted an attempt and never sent it knows of its own order
// only. Another may have been given the same attempt to send again.
func TestNeverSentOfAnotherProvesNothing(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		signal := l.sent(1)
		l.wait(sendBy + µs)
		epoch := l.lead(n2)
		l.recorded(n2, judged(n2, signal, 1, core.InDoubt, 2), core.InDoubt)
		if in := l.ask(n2, resend(n2, epoch, signal, 1, 3)); in.Kind != core.PermitWasGranted {
			l.t.Fatalf("resend: %+v", in)
		}
		l.refused(n1, fact(n1, signal, 1, core.Void))
		l.recorded(n2, fact(n2, signal, 1, core.InDoubt), core.InDoubt)
		l.refused(n1, fact(n1, signal, 1, core.Void))
		l.refused(n1, fact(n1, signal, 1, core.Rejected))
		l.recorded(n2, fact(n2, signal, 1, core.Void), core.Received)
	})
}

func TestBrokersWordOnAVoidAttemptPutsTheSignalInDoubtWithAnAlert(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		for i, outcome := range brokersWords {
			signal := l.sent(int64(i + 1))
			l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
			late := core.Input{
				Kind: core.OutcomeWasRecorded, Signal: signal, Attempt: 1, State: core.InDoubt, Version: 4,
				Flags: core.Late,
			}
			l.want(n1, judged(n1, signal, 1, outcome, 1), late)
			l.want(n1, fact(n1, signal, 1, outcome), late) // its answer may have been lost
			s, a := l.signal(signal), l.attempt(signal, 1)
			if !s.Alerted || a.State != core.Void || a.Outcome != core.Void || a.Late != outcome {
				t.Errorf("%v: %+v, %+v", outcome, s, a)
			}
		}
	})
}

func TestDoubtAboutAVoidAttemptNeedsTheVersionThatWasRead(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		signal := l.sent(1)
		l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
		l.refused(n2, judged(n2, signal, 1, core.InDoubt, 2))
		l.recorded(n2, judged(n2, signal, 1, core.InDoubt, 3), core.InDoubt)
	})
}

func TestBrokersWordOnAVoidAttemptAlertsAFinalSignalAndLeavesItFinal(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch := l.lead(n1)
		signal := l.sent(1)
		l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
		l.grant(n1, epoch, signal)
		l.recorded(n1, fact(n1, signal, 2, core.Executed), core.Executed)
		l.want(n1, fact(n1, signal, 1, core.Executed), core.Input{
			Kind: core.OutcomeWasRecorded, Signal: signal, Attempt: 1, State: core.Executed, Version: 6,
			Flags: core.Late,
		})
		if s := l.signal(signal); !s.Alerted || s.Version != 6 {
			t.Errorf("signal: %+v", s)
		}
	})
}

// The broker has spoken of an earlier attempt that was void: an order may
// exist, and "received" would let a second one be sent.
func TestVoidAfterALateOutcomeLeavesTheSignalInDoubt(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch := l.lead(n1)
		signal := l.sent(1)
		l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
		l.grant(n1, epoch, signal)
		l.recorded(n1, fact(n1, signal, 1, core.Submitted), core.InDoubt)
		l.recorded(n1, fact(n1, signal, 2, core.Void), core.InDoubt)
		if a := l.attempt(signal, 2); a.State != core.Void {
			t.Errorf("attempt: %+v", a)
		}
	})
}

func TestSignalThatNobodySentCanOnlyExpireOrBeRejected(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		signal := l.store(1, 0)
		for outcome := core.NoSignal; outcome <= core.Void; outcome++ {
			if outcome != core.Expired && outcome != core.Rejected {
				l.refused(n1, fact(n1, signal, 0, outcome))
			}
			l.refused(n1, fact(n1, signal, 1, outcome))
		}
		l.refused(n1, judged(n1, signal, 0, core.Expired, 2))
		l.recorded(n1, judged(n1, signal, 0, core.Expired, 1), core.Expired)
		l.recorded(n1, judged(n1, signal, 0, core.Expired, 1), core.Expired)
		l.refused(n1, fact(n1, signal, 0, core.Rejected))
		second := l.store(2, 0)
		l.recorded(n1, fact(n1, second, 0, core.Rejected), core.Rejected)
		third := l.sent(3)
		l.refused(n1, fact(n1, third, 0, core.Expired))
		l.refused(n1, fact(n1, third, 0, core.Rejected))
	})
}

func TestWhatIsNoOutcomeIsRefusedWhateverTheAttempt(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		standing, void := l.sent(1), l.sent(2)
		l.recorded(n1, fact(n1, void, 1, core.Void), core.Received)
		for _, outcome := range nonsense {
			l.refused(n1, fact(n1, standing, 1, outcome))
			l.refused(n1, fact(n1, void, 1, outcome))
		}
	})
}

func TestOutcomeOfASignalThatIsGoneIsRefusedWithoutAState(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.want(n1, fact(n1, 5, 1, core.Executed), core.Input{
			Kind: core.RecordWasRefused, Signal: 5, Attempt: 1,
		})
	})
}

func TestAlertIsRaisedOnceAndStays(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		signal := l.sent(1)
		doubt := fact(n1, signal, 1, core.InDoubt)
		l.recorded(n1, doubt, core.InDoubt)
		if s := l.signal(signal); s.Alerted || s.Version != 3 {
			t.Errorf("without an alert: %+v", s)
		}
		doubt.Alert = true
		l.recorded(n1, doubt, core.InDoubt)
		if s := l.signal(signal); !s.Alerted || s.Version != 4 {
			t.Errorf("with it: %+v", s)
		}
		l.recorded(n1, doubt, core.InDoubt)
		l.recorded(n1, fact(n1, signal, 1, core.InDoubt), core.InDoubt)
		if s := l.signal(signal); !s.Alerted || s.Version != 4 {
			t.Errorf("again: %+v", s)
		}
	})
}
