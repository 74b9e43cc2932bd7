package conformance_test

import (
	"testing"

	"fencepost/core"
)

// decided lets a person decide, and demands whether there is such an arrow.
func (l *ledger) decided(signal core.SignalID, outcome core.SignalState, want bool) {
	l.t.Helper()
	done, err := l.decide(signal, outcome)
	l.must(err)
	if done != want {
		l.t.Errorf("signal %d to %v: decided %v", signal, outcome, done)
	}
}

func TestPersonHoldsAndReleasesWhatNobodySent(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		signal := l.store(1, 0)
		l.decided(signal, core.Received, false)
		l.decided(signal, core.Held, true)
		l.decided(signal, core.Held, false)
		l.decided(signal, core.Received, true)
		l.decided(signal, core.Cancelled, true)
		l.decided(signal, core.Cancelled, false)
		l.decided(signal+1, core.Cancelled, false)
		if s := l.signal(signal); s.State != core.Cancelled || s.Version != 4 {
			t.Errorf("signal: %+v", s)
		}
	})
}

func TestHeldSignalIsNotPermittedAndExpires(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, signal := l.lead(n1), l.store(1, 0)
		l.decided(signal, core.Held, true)
		if in := l.ask(n1, permit(n1, epoch, signal, 1, 2)); in.Reason != core.StateChanged {
			t.Errorf("permit: %+v", in)
		}
		l.refused(n1, fact(n1, signal, 0, core.Rejected))
		l.recorded(n1, fact(n1, signal, 0, core.Expired), core.Expired)
	})
}

func TestPersonSaysWhatBecameOfASignalInDoubt(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		for i, outcome := range append(brokersWords, core.Void) {
			signal := l.sent(int64(i + 1))
			l.decided(signal, outcome, false)
			l.recorded(n1, fact(n1, signal, 1, core.InDoubt), core.InDoubt)
			l.decided(signal, outcome, true)
			state, _ := core.InDoubt.After(outcome)
			s, a := l.signal(signal), l.attempt(signal, 1)
			if s.State != state || s.Version != 4 || a.State != outcome || a.Outcome != outcome {
				t.Errorf("%v: %+v, %+v", outcome, s, a)
			}
		}
	})
}

// "No such order" frees the signal for another attempt. While one stands that
// was sent, or may be being sent, nobody can say so: in_doubt goes back to
// received only with its attempt void.
func TestPersonCannotFreeASignalWhoseAttemptStands(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch := l.lead(n1)
		signal := l.sent(1)
		l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
		l.grant(n1, epoch, signal)
		l.recorded(n1, fact(n1, signal, 1, core.Submitted), core.InDoubt)
		l.decided(signal, core.Void, false)
		l.recorded(n1, fact(n1, signal, 2, core.InDoubt), core.InDoubt)
		l.decided(signal, core.Void, true)
		if s, a := l.signal(signal), l.attempt(signal, 2); s.State != core.Received || a.State != core.Void {
			t.Errorf("%+v, %+v", s, a)
		}
	})
}

func TestPersonSettlesTheDoubtOfALateOutcome(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		l.lead(n1)
		for i, outcome := range append(brokersWords, core.Void) {
			signal := l.sent(int64(i + 1))
			l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
			l.recorded(n1, fact(n1, signal, 1, core.Submitted), core.InDoubt)
			l.decided(signal, outcome, true)
			state, _ := core.InDoubt.After(outcome)
			if s, a := l.signal(signal), l.attempt(signal, 1); s.State != state || a.State != core.Void {
				t.Errorf("%v: %+v, %+v", outcome, s, a)
			}
		}
	})
}
