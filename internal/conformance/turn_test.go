package conformance_test

import (
	"testing"
	"time"

	"fencepost/core"
)

// of stores a signal of an instrument.
func (l *ledger) of(instrument int32, key int64, exit bool) core.SignalID {
	l.t.Helper()
	a, err := l.admit(offer{key: key, payload: key, instrument: instrument, exit: exit})
	l.must(err)
	return a.signal
}

// denied demands that a permit is refused because it is another's turn.
func (l *ledger) denied(who process, epoch core.Epoch, signal core.SignalID) {
	l.t.Helper()
	s := l.signal(signal)
	in := l.ask(who, permit(who, epoch, signal, s.Attempt+1, s.Version))
	if in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
		l.t.Errorf("signal %d: %+v", signal, in)
	}
}

// ended records an outcome of the first attempt and demands whether the answer
// says that another of the instrument waits.
func (l *ledger) ended(signal core.SignalID, outcome core.SignalState, more bool) {
	l.t.Helper()
	answers := l.answers(n1, fact(n1, signal, 1, outcome))
	if answers[0].Kind != core.OutcomeWasRecorded || (len(answers) == 2) != more ||
		more && answers[1].Kind != core.WorkHeard {
		l.t.Errorf("signal %d to %v: %+v, want more work: %v", signal, outcome, answers, more)
	}
}

const received = uint16(1 << core.Received)

// One signal of an instrument is open at a time, the oldest first; other
// instruments do not wait for it.
func TestOneSignalOfAnInstrumentIsOpenAtATime(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		epoch := l.lead(n1)
		first, second, other := l.of(1, 1, false), l.of(1, 2, false), l.of(2, 3, false)
		l.lists(received, 0, true, first, other)
		l.denied(n1, epoch, second)
		l.grant(n1, epoch, first)
		l.denied(n1, epoch, second)
		l.grant(n1, epoch, other)
		l.lists(received, 0, true)
		l.ended(first, core.Submitted, false)
		l.denied(n1, epoch, second)
		l.ended(first, core.Executed, true)
		l.lists(received, 0, true, second)
		l.grant(n1, epoch, second)
		l.ended(second, core.Executed, false)
	})
}

func TestExitsGoBeforeEntriesOfTheirInstrument(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		epoch := l.lead(n1)
		entry, exit, later := l.of(1, 1, false), l.of(1, 2, true), l.of(1, 3, true)
		other := l.of(2, 4, false)
		l.lists(received, 0, true, exit, other)
		l.denied(n1, epoch, entry)
		l.denied(n1, epoch, later)
		l.grant(n1, epoch, exit)
		l.ended(exit, core.Executed, true)
		l.lists(received, 0, true, later, other)
		l.grant(n1, epoch, later)
		l.ended(later, core.Executed, true)
		l.lists(received, 0, true, entry, other)
		l.grant(n1, epoch, entry)
	})
}

// What is in doubt keeps its instrument until somebody knows: the position is
// not known, and an exit that assumes one may open the opposite.
func TestDoubtStandsInTheWayOfItsInstrumentUntilItIsResolved(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		epoch := l.lead(n1)
		entry, exit := l.of(1, 1, false), l.of(1, 2, true)
		l.decided(exit, core.Held, true) // what a person holds stands in nobody's way
		l.grant(n1, epoch, entry)
		l.decided(exit, core.Received, true)
		l.recorded(n1, fact(n1, entry, 1, core.InDoubt), core.InDoubt)
		l.lists(received, 0, true)
		l.denied(n1, epoch, exit)
		l.decided(entry, core.Executed, true)
		l.lists(received, 0, true, exit)
		l.grant(n1, epoch, exit)
	})
}

// A signal whose validity has ended stands in nobody's way, and is listed all the
// same: somebody has to record that it expired.
func TestWhatMayNotBeSentAnyMoreStandsInNobodysWay(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		epoch := l.lead(n1)
		a, err := l.admit(offer{key: 1, payload: 1, instrument: 1, exit: true, validFor: time.Second})
		l.must(err)
		entry := l.of(1, 2, false)
		l.denied(n1, epoch, entry)
		l.wait(time.Second)
		l.lists(received, 0, true, a.signal, entry)
		l.grant(n1, epoch, entry)
		l.lists(received, 0, true, a.signal)
	})
}

// A late outcome puts a signal in doubt beside one that is open by then: a fact is
// never refused. Neither lets a third one pass, and of the two doubts the older
// one is sent again first.
func TestLateDoubtIsRecordedBesideAnOpenSignal(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch := l.lead(n1)
		first, second, third := l.of(1, 1, false), l.of(1, 2, false), l.of(1, 3, true)
		l.decided(second, core.Held, true)
		l.decided(third, core.Held, true)
		l.grant(n1, epoch, first)
		l.recorded(n1, fact(n1, first, 1, core.Void), core.Received)
		l.decided(first, core.Held, true)
		l.decided(second, core.Received, true)
		l.grant(n1, epoch, second)
		l.decided(first, core.Received, true)
		l.recorded(n1, fact(n1, first, 1, core.Submitted), core.InDoubt)
		l.recorded(n1, fact(n1, second, 1, core.InDoubt), core.InDoubt)
		l.decided(third, core.Received, true)
		l.denied(n1, epoch, third)
		again := resend(n1, epoch, second, 1, l.signal(second).Version)
		if in := l.ask(n1, again); in.Reason != core.StateChanged {
			t.Errorf("the younger doubt: %+v", in)
		}
		l.decided(first, core.Cancelled, true)
		if in := l.ask(n1, again); in.Kind != core.PermitWasGranted {
			t.Errorf("the doubt that is left: %+v", in)
		}
	})
}
