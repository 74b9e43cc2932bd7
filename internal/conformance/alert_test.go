package conformance_test

import (
	"testing"

	"fencepost/core"
)

// doubted is a signal whose first attempt is in doubt, of which a person was told.
func (l *ledger) doubted(key int64) core.SignalID {
	l.t.Helper()
	signal := l.sent(key)
	l.doubt(signal, 1)
	return signal
}

// doubt records a doubt that only a person can resolve.
func (l *ledger) doubt(signal core.SignalID, attempt uint32) {
	l.t.Helper()
	doubt := fact(n1, signal, attempt, core.InDoubt)
	doubt.Alert = true
	l.recorded(n1, doubt, core.InDoubt)
	l.alerted(signal, true)
}

// alerted demands whether an alert stands, in the row and in what nodes read.
func (l *ledger) alerted(signal core.SignalID, want bool) {
	l.t.Helper()
	in := l.ask(n1, core.Effect{Op: core.Reread, Signal: signal})
	if s := l.signal(signal); s.Alerted != want || in.Flags.Has(core.Alerted) != want {
		l.t.Errorf("signal %+v, reading %+v, want the alert to be %v", s, in, want)
	}
}

// An alert is over when the doubt that it was raised for is. One that stood on
// would have the next doubt of the same signal pass in silence: a node raises
// none that stands.
func TestAlertFallsWithAPersonsWordAndRisesWithTheNextDoubt(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		epoch := l.lead(n1)
		signal := l.doubted(1)
		l.decided(signal, core.Void, true)
		l.alerted(signal, false)
		l.grant(n1, epoch, signal)
		l.alerted(signal, false)
		l.doubt(signal, 2)
		stands := l.doubted(2)
		l.decided(stands, core.Submitted, true)
		l.alerted(stands, false)
	})
}

func TestAlertFallsWithALookUpThatEndsTheDoubt(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lead(n1)
		void, found := l.doubted(1), l.doubted(2)
		l.recorded(n1, fact(n1, void, 1, core.Void), core.Received)
		l.alerted(void, false)
		l.recorded(n1, fact(n1, found, 1, core.Submitted), core.Submitted)
		l.alerted(found, false)
		// What became of it then is told anew.
		vanished := fact(n1, found, 1, core.Submitted)
		vanished.Alert = true
		l.recorded(n1, vanished, core.Submitted)
		l.alerted(found, true)
	})
}

// A person said "not sent" and the broker speaks of that very order, or of it
// after the next attempt has ended as void too.
func TestAlertRisesWithAnOutcomeOfAVoidAttempt(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		epoch := l.lead(n1)
		signal := l.doubted(1)
		l.decided(signal, core.Void, true)
		l.recorded(n1, fact(n1, signal, 1, core.Executed), core.InDoubt)
		l.alerted(signal, true)
		l.decided(signal, core.Void, true)
		l.alerted(signal, false)
		l.grant(n1, epoch, signal)
		l.recorded(n1, fact(n1, signal, 2, core.Void), core.InDoubt)
		l.alerted(signal, true)
	})
}
