package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

func TestPermitWritesTheIntentAndMovesTheSignal(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(second, 7, 0)
	in := l.permit(2*second, id)
	if in.Signal != id || in.Attempt != 1 || in.Version != 2 || in.Control != core.Run {
		t.Fatalf("answer %+v", in)
	}
	granted := only(t, &l.records, history.Permitted)
	if granted.Node != 1 || granted.Epoch != 1 || granted.Seq != 2 || granted.Signal != id ||
		granted.Attempt != 1 {
		t.Fatalf("record %+v", granted)
	}
	if set := only(t, &l.records, history.StateSet); set.State != core.Submitting || set.Alerted {
		t.Fatalf("record %+v", set)
	}
	row, _ := l.AttemptRow(id, 1)
	if row.SendBy != 4*second || row.Epoch != 1 || row.Token != token(1) || row.State != core.Submitting {
		t.Fatalf("intent %+v", row)
	}
}

// resign closes the tenure that the request names.
func (l *ledger) resign(e *core.Effect) {
	l.ask(2*second, core.Effect{Op: core.Resign, Epoch: e.Epoch, Token: e.Token, Reason: core.LeaseLost})
}

// expire ends a signal that nobody has sent.
func (l *ledger) expire(id core.SignalID) { l.record(2*second, id, 0, core.Expired) }

// TestPermitIsRefused walks through everything that can speak against a permit
// of an otherwise right request.
func TestPermitIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(*ledger, *core.Effect)
		reason core.Reason
		logged bool
	}{
		{"an older epoch", func(_ *ledger, e *core.Effect) { e.Epoch-- }, core.Superseded, true},
		{"an epoch to come", func(_ *ledger, e *core.Effect) { e.Epoch++ }, core.Superseded, true},
		{"another's token", func(_ *ledger, e *core.Effect) { e.Token = token(9) }, core.Superseded, true},
		{"an older token", func(_ *ledger, e *core.Effect) { e.Token.Acquisition-- }, core.Superseded, true},
		{"a younger epoch", func(l *ledger, _ *core.Effect) { l.take(second, 2) }, core.Superseded, true},
		{"a closed tenure", func(l *ledger, e *core.Effect) { l.resign(e) }, core.TenureClosed, true},
		{"pause", func(l *ledger, _ *core.Effect) { l.SetControl(0, core.Pause) }, core.ControlMode, false},
		{"halt", func(l *ledger, _ *core.Effect) { l.SetControl(0, core.Halt) }, core.ControlMode, false},
		{"an older version", func(_ *ledger, e *core.Effect) { e.Version-- }, core.StateChanged, false},
		{"no version at all", func(_ *ledger, e *core.Effect) { e.Version = 0 }, core.StateChanged, false},
		{"one attempt too many", func(_ *ledger, e *core.Effect) { e.Attempt++ }, core.StateChanged, false},
		{"no first send", func(_ *ledger, e *core.Effect) { e.Resend = true }, core.StateChanged, false},
		{"another signal", func(_ *ledger, e *core.Effect) { e.Signal = 99 }, core.StateChanged, false},
		{"granted", func(l *ledger, e *core.Effect) { l.permit(0, e.Signal) }, core.StateChanged, false},
		{"an end before", func(l *ledger, e *core.Effect) { l.expire(e.Signal) }, core.StateChanged, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLedger(t)
			l.take(0, 1)
			id := l.admit(second, 7, 0)
			e := l.permitOf(id)
			c.spoil(l, &e)
			rows, before := l.Refusals(), l.Row(id)
			in := l.ask(3*second, e)
			must(t, in, core.PermitWasRefused, c.reason)
			if in.Signal != e.Signal || in.Epoch != l.Authority().Epoch || in.Control != l.Control() {
				t.Fatalf("answer %+v", in)
			}
			refusals := seen(&l.records, history.EffectRefused)
			if len(refusals) != 1 || refusals[0].Logged != c.logged || refusals[0].Epoch != e.Epoch ||
				refusals[0].Current != l.Authority().Epoch || c.logged != (l.Refusals() == rows+1) {
				t.Fatalf("rows %d, records %+v", l.Refusals(), refusals)
			}
			if len(seen(&l.records, history.Permitted)) != 0 || l.Row(id) != before {
				t.Fatal("a refused permit changed something")
			}
		})
	}
}

func TestPermitIsRefusedExactlyWhenTheValidityEnds(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	late, early := l.admit(second, 7, 5*time.Second), l.admit(second, 8, 5*time.Second)
	l.permit(6*second-1, early)
	must(t, l.ask(6*second, l.permitOf(late)), core.PermitWasRefused, core.StateChanged)
}

func TestPermitWithoutAnAuthorityRowIsRefusedAndLogged(t *testing.T) {
	l := newLedger(t)
	in := l.ask(0, core.Effect{Op: core.Permit, Signal: 1, Version: 1, Attempt: 1, Epoch: 3, Token: token(1)})
	must(t, in, core.PermitWasRefused, core.AuthorityGone)
	if l.Refusals() != 1 {
		t.Fatal("no row in fence_refusals")
	}
}

func TestResendKeepsTheAttemptAndPutsItUnderTheNewEpoch(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(0, 7, 0)
	l.permit(0, id)
	l.record(second, id, 1, core.InDoubt)
	l.take(20*second, 2)
	e := l.permitOf(id)
	e.Attempt, e.Resend = 1, true
	in := l.ask(21*second, e)
	must(t, in, core.PermitWasGranted, core.NoReason)
	row, _ := l.AttemptRow(id, 1)
	if in.Attempt != 1 || in.Version != 4 || row.Epoch != 2 || row.Token != token(2) ||
		row.SendBy != 23*second || row.State != core.Submitting || row.Seq != l.Tenures()[1].Seq+1 {
		t.Fatalf("answer %+v, intent %+v", in, row)
	}
	l.standsAt(id, core.Submitting)
	again := e
	again.Version = in.Version
	must(t, l.ask(22*second, again), core.PermitWasRefused, core.StateChanged)
}

func TestResendNeedsTheNewestAttemptInDoubt(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(0, 7, 0)
	l.permit(0, id)
	l.record(second, id, 1, core.Void)
	l.record(2*second, id, 1, core.Submitted)
	l.standsAt(id, core.InDoubt)
	e := l.permitOf(id)
	e.Attempt, e.Resend = 1, true
	must(t, l.ask(3*second, e), core.PermitWasRefused, core.StateChanged)
}

func TestLostPermitIsReadBack(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(0, 7, 0)
	reread := core.Effect{Op: core.Reread, Signal: id}
	in := l.ask(0, reread)
	must(t, in, core.AttemptRead, core.NoReason)
	if in.Attempt != 0 || in.State != core.Received || in.Version != 1 || !in.Token.IsZero() {
		t.Fatalf("answer %+v", in)
	}
	l.permit(second, id)
	in = l.ask(2*second, reread)
	if in.Signal != id || in.Attempt != 1 || in.State != core.Submitting || in.Version != 2 ||
		in.Epoch != 1 || in.Token != token(1) || in.Age != -time.Second || in.Flags != 0 {
		t.Fatalf("answer %+v", in)
	}
	if in = l.ask(3*second, reread); in.Flags != 0 {
		t.Fatalf("at send_by: %+v", in)
	}
	if in = l.ask(3*second+1, reread); in.Age != 1 || in.Flags != core.Overdue {
		t.Fatalf("answer %+v", in)
	}
	if in = l.ask(0, core.Effect{Op: core.Reread, Signal: 99}); in.Kind != core.AttemptRead ||
		in.State != core.NoSignal {
		t.Fatalf("a signal that is not there: %+v", in)
	}
}

func TestFenceSequenceOrdersTakeoversPermitsAndModes(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(0, 7, 0)
	l.permit(0, id)
	permitted := only(t, &l.records, history.Permitted).Seq
	l.SetControl(0, core.Pause)
	set := only(t, &l.records, history.ControlSet)
	l.take(second, 2)
	opened := only(t, &l.records, history.TenureOpened).Seq
	if permitted >= set.Seq || set.Seq >= opened || set.Control != core.Pause {
		t.Fatalf("permit %d, mode %d, takeover %d", permitted, set.Seq, opened)
	}
	if l.Control() != core.Pause {
		t.Fatal("a takeover changed the mode")
	}
}
