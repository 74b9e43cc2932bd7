package conformance_test

import (
	"testing"
	"time"

	"fencepost/core"
)

func TestPermitMovesTheSignalAndWritesTheIntent(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, signal := l.lead(n1), l.store(1, 0)
		l.wait(time.Second)
		l.want(n1, permit(n1, epoch, signal, 1, 1), core.Input{
			Kind: core.PermitWasGranted, Signal: signal, Attempt: 1, Version: 2, Control: core.Run,
		})
		if s := l.signal(signal); s.State != core.Submitting || s.Version != 2 || s.Attempt != 1 {
			t.Errorf("signal: %+v", s)
		}
		want := attemptRow{
			Signal: signal, Number: 1, Epoch: epoch, Token: n1.token(1), State: core.Submitting,
			SendBy: began.Add(time.Second + sendBy), Order: 2,
		}
		if got := l.attempt(signal, 1); got != want {
			t.Errorf("attempt: %+v", got)
		}
	})
}

// What speaks against a permit is said in this order, so that a deposed leader
// learns that it is one, whatever else is the matter.
func TestPermitIsRefusedForItsEpochBeforeTheModeAndForTheModeBeforeTheState(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		refused := func(who process, e core.Effect, current core.Epoch, m core.Control, why core.Reason) {
			t.Helper()
			l.want(who, e, core.Input{
				Kind: core.PermitWasRefused, Signal: e.Signal, Reason: why, Epoch: current, Control: m,
			})
		}
		const nowhere = 99
		refused(n1, permit(n1, 1, nowhere, 1, 1), 0, core.Run, core.AuthorityGone)
		l.mode(core.Pause)
		refused(n1, permit(n1, 1, nowhere, 1, 1), 0, core.Pause, core.Superseded)
		l.lead(n1)
		l.lead(n2)
		refused(n1, permit(n1, 1, nowhere, 1, 1), 2, core.Pause, core.Superseded)
		refused(n2, permit(n2, 3, nowhere, 1, 1), 2, core.Pause, core.Superseded)
		other := permit(n2, 2, nowhere, 1, 1)
		other.Token = n2.token(2)
		refused(n2, other, 2, core.Pause, core.Superseded)
		refused(n2, permit(n2, 2, nowhere, 1, 1), 2, core.Pause, core.ControlMode)
		l.mode(core.Halt)
		refused(n2, permit(n2, 2, nowhere, 1, 1), 2, core.Halt, core.ControlMode)
		l.mode(core.Run)
		refused(n2, permit(n2, 2, nowhere, 1, 1), 2, core.Run, core.StateChanged)
		l.mode(core.Halt)
		l.ask(n2, resign(n2, 2, core.OperatorRequest))
		refused(n2, permit(n2, 2, nowhere, 1, 1), 2, core.Halt, core.TenureClosed)
		want := []refusalRow{
			{core.Permit, 1, 0, n1.token(1), nowhere, core.AuthorityGone},
			{core.Permit, 1, 0, n1.token(1), nowhere, core.Superseded},
			{core.Permit, 1, 2, n1.token(1), nowhere, core.Superseded},
			{core.Permit, 3, 2, n2.token(1), nowhere, core.Superseded},
			{core.Permit, 2, 2, n2.token(2), nowhere, core.Superseded},
			{core.Permit, 2, 2, n2.token(1), nowhere, core.TenureClosed},
		}
		if d := difference(rows{Refusals: want}, rows{Refusals: l.rows().Refusals}); d != "" {
			t.Errorf("refusals:\n%s", d)
		}
	})
}

func TestNothingIsPermittedWhileTradingIsStopped(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, first, second := l.lead(n1), l.store(1, 0), l.store(2, 0)
		l.grant(n1, epoch, second)
		l.recorded(n1, fact(n1, second, 1, core.InDoubt), core.InDoubt)
		for _, mode := range []core.Control{core.Pause, core.Halt} {
			l.mode(mode)
			before := l.rows()
			for _, e := range []core.Effect{permit(n1, epoch, first, 1, 1), resend(n1, epoch, second, 1, 3)} {
				l.want(n1, e, core.Input{
					Kind: core.PermitWasRefused, Signal: e.Signal, Reason: core.ControlMode, Epoch: epoch,
					Control: mode,
				})
			}
			if d := difference(before, l.rows()); d != "" {
				t.Errorf("a refused permit changed something:\n%s", d)
			}
		}
		l.mode(core.Run)
		l.grant(n1, epoch, first)
	})
}

func TestPermitNeedsTheSignalAsItWasReadAndItsNextAttempt(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, signal := l.lead(n1), l.store(1, 0)
		for name, e := range map[string]core.Effect{
			"an older version":           permit(n1, epoch, signal, 1, 0),
			"a younger version":          permit(n1, epoch, signal, 1, 2),
			"no attempt":                 permit(n1, epoch, signal, 0, 1),
			"an attempt left out":        permit(n1, epoch, signal, 2, 1),
			"a resend of what is not":    resend(n1, epoch, signal, 1, 1),
			"a resend of attempt zero":   resend(n1, epoch, signal, 0, 1),
			"a signal that is not there": permit(n1, epoch, signal+1, 1, 1),
		} {
			in := l.ask(n1, e)
			if in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
				t.Errorf("%s: %+v", name, in)
			}
		}
		l.grant(n1, epoch, signal)
		for _, e := range []core.Effect{
			permit(n1, epoch, signal, 1, 2), permit(n1, epoch, signal, 2, 2), resend(n1, epoch, signal, 1, 2),
		} {
			if in := l.ask(n1, e); in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
				t.Errorf("%s: %+v", describe(n1, e), in)
			}
		}
		if n := len(l.rows().Refusals); n != 0 {
			t.Errorf("%d rows about what is no stale effect", n)
		}
	})
}

func TestOutdatedSignalIsNotPermitted(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, early, late := l.lead(n1), l.store(1, time.Second), l.store(2, time.Second)
		l.wait(time.Second - µs)
		l.grant(n1, epoch, early)
		l.wait(µs)
		if in := l.ask(n1, permit(n1, epoch, late, 1, 1)); in.Reason != core.StateChanged {
			t.Errorf("at the end of its validity: %+v", in)
		}
		l.recorded(n1, fact(n1, early, 1, core.InDoubt), core.InDoubt)
		if in := l.ask(n1, resend(n1, epoch, early, 1, 3)); in.Reason != core.StateChanged {
			t.Errorf("sent again: %+v", in)
		}
	})
}

func TestVoidAttemptLetsTheNextOneBePermitted(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, signal := l.lead(n1), l.store(1, 0)
		l.grant(n1, epoch, signal)
		l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
		if in := l.ask(n1, permit(n1, epoch, signal, 1, 3)); in.Reason != core.StateChanged {
			t.Errorf("the void attempt's number again: %+v", in)
		}
		if n := l.grant(n1, epoch, signal); n != 2 {
			t.Errorf("attempt %d", n)
		}
	})
}

func TestResendRenewsTheAttemptUnderTheEpochOfTheAsker(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, signal := l.lead(n1), l.store(1, 0)
		l.grant(n1, epoch, signal)
		l.wait(time.Second)
		l.recorded(n1, fact(n1, signal, 1, core.InDoubt), core.InDoubt)
		epoch = l.lead(n2)
		l.want(n2, resend(n2, epoch, signal, 1, 3), core.Input{
			Kind: core.PermitWasGranted, Signal: signal, Attempt: 1, Version: 4, Control: core.Run,
		})
		want := attemptRow{
			Signal: signal, Number: 1, Epoch: epoch, Token: n2.token(1), State: core.Submitting,
			Outcome: core.InDoubt, SendBy: began.Add(time.Second + sendBy), Order: 3,
		}
		if got := l.attempt(signal, 1); got != want {
			t.Errorf("attempt: %+v", got)
		}
	})
}

func TestResendNeedsTheNewestAttemptInDoubt(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, signal := l.lead(n1), l.store(1, 0)
		l.grant(n1, epoch, signal)
		l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
		l.recorded(n1, fact(n1, signal, 1, core.Submitted), core.InDoubt)
		refused := func(what string, e core.Effect) {
			t.Helper()
			if in := l.ask(n1, e); in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
				t.Errorf("%s: %+v", what, in)
			}
		}
		refused("void", resend(n1, epoch, signal, 1, 4))
		second := l.store(2, 0)
		l.grant(n1, epoch, second)
		l.recorded(n1, fact(n1, second, 1, core.Void), core.Received)
		l.grant(n1, epoch, second)
		l.recorded(n1, fact(n1, second, 1, core.Executed), core.InDoubt)
		refused("being sent", resend(n1, epoch, second, 2, 5))
		l.recorded(n1, fact(n1, second, 2, core.Submitted), core.Submitted)
		refused("submitted", resend(n1, epoch, second, 2, 6))
	})
}

func TestRereadTellsOfTheNewestAttempt(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		epoch, signal := l.lead(n1), l.store(1, 5*time.Second)
		read := core.Effect{Op: core.Reread, Signal: signal}
		l.want(n2, read, core.Input{Kind: core.AttemptRead, Signal: signal, State: core.Received, Version: 1})
		l.grant(n1, epoch, signal)
		seen := core.Input{
			Kind: core.AttemptRead, Signal: signal, State: core.Submitting, Version: 2, Attempt: 1,
			Epoch: epoch, Token: n1.token(1), Age: -sendBy,
		}
		l.want(n2, read, seen)
		l.wait(sendBy)
		seen.Age = 0
		l.want(n2, read, seen)
		l.wait(µs)
		seen.Age, seen.Flags = µs, core.Overdue
		l.want(n2, read, seen)
		l.wait(sendBy)
		l.recorded(n1, core.Effect{
			Op: core.Record, Signal: signal, Attempt: 1, State: core.InDoubt, Token: n1.token(1), Alert: true,
		}, core.InDoubt)
		seen.Age, seen.Flags = sendBy+µs, core.Overdue|core.Outdated|core.Alerted
		seen.State, seen.Version = core.InDoubt, 3
		l.want(n2, read, seen)
		l.want(n2, core.Effect{Op: core.Reread, Signal: signal + 1},
			core.Input{Kind: core.AttemptRead, Signal: signal + 1})
	})
}
