package conformance_test

import (
	"slices"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
)

// ledger is a ledger under test with the words that clauses are written in.
type ledger struct {
	ledgerStore
	t testing.TB
}

// answers carries out an effect and returns its answers.
func (l *ledger) answers(who process, e core.Effect) []core.Input {
	l.t.Helper()
	inputs, err := l.do(who, e)
	if err != nil {
		l.t.Fatalf("%s: %v", describe(who, e), err)
	}
	return inputs
}

// ask carries out an effect that has one answer.
func (l *ledger) ask(who process, e core.Effect) core.Input {
	l.t.Helper()
	inputs := l.answers(who, e)
	if len(inputs) != 1 {
		l.t.Fatalf("%s: %d answers", describe(who, e), len(inputs))
	}
	return inputs[0]
}

// want carries out an effect and compares its answer. Unless the clause says
// otherwise it is the first server that answers.
func (l *ledger) want(who process, e core.Effect, want core.Input) {
	l.t.Helper()
	fenced := []core.Reason{core.Superseded, core.TenureClosed, core.AuthorityGone}
	tells := want.Kind == core.AuthorityObserved || slices.Contains(fenced, want.Reason)
	if tells && want.Lineage == 0 {
		want.Lineage = 1
	}
	if got := l.ask(who, e); got != want {
		l.t.Errorf("%s:\n  got  %+v\n  want %+v", describe(who, e), got, want)
	}
}

// must ends the test if a step of it could not be taken.
func (l *ledger) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// wait lets time pass.
func (l *ledger) wait(d time.Duration) { l.t.Helper(); l.must(l.pass(d)) }

// mode sets the control mode.
func (l *ledger) mode(c core.Control) { l.t.Helper(); l.must(l.setControl(c)) }

// rows reads everything.
func (l *ledger) rows() rows {
	l.t.Helper()
	r, err := l.read()
	l.must(err)
	return r
}

// take is the request for the epoch after the one observed, under the
// process's first acquisition.
func take(who process, observed core.Epoch) core.Effect {
	return core.Effect{Op: core.TakeEpoch, Epoch: observed, Token: who.token(1)}
}

// takePG is take, of kind pg.
func takePG(who process, observed core.Epoch) core.Effect {
	e := take(who, observed)
	e.Tenure = core.TenurePG
	return e
}

// beat is a leader's heartbeat.
func beat(who process, epoch core.Epoch) core.Effect {
	return core.Effect{Op: core.Heartbeat, Epoch: epoch, Token: who.token(1)}
}

// resign is the closing of the process's tenure.
func resign(who process, epoch core.Epoch, reason core.Reason) core.Effect {
	return core.Effect{Op: core.Resign, Epoch: epoch, Token: who.token(1), Reason: reason}
}

// permit is the request to send an attempt of a signal.
func permit(who process, epoch core.Epoch, signal core.SignalID, attempt, version uint32) core.Effect {
	return core.Effect{
		Op: core.Permit, Signal: signal, Attempt: attempt, Version: version, Epoch: epoch,
		Token: who.token(1),
	}
}

// resend is the request to send an attempt once more.
func resend(who process, epoch core.Epoch, signal core.SignalID, attempt, version uint32) core.Effect {
	e := permit(who, epoch, signal, attempt, version)
	e.Resend = true
	return e
}

// fact is an outcome that a process knows of its own order.
func fact(who process, signal core.SignalID, attempt uint32, outcome core.SignalState) core.Effect {
	return core.Effect{Op: core.Record, Signal: signal, Attempt: attempt, State: outcome, Token: who.token(1)}
}

// judged is an outcome that was concluded from a reading of that version.
func judged(
	who process, signal core.SignalID, attempt uint32, outcome core.SignalState, version uint32,
) core.Effect {
	e := fact(who, signal, attempt, outcome)
	e.Version = version
	return e
}

// lead lets a process take the next epoch.
func (l *ledger) lead(who process) core.Epoch {
	l.t.Helper()
	observed := l.ask(who, core.Effect{Op: core.Observe}).Epoch
	in := l.ask(who, take(who, observed))
	if in.Kind != core.EpochWasTaken || in.Epoch != observed+1 {
		l.t.Fatalf("%s takes epoch %d: %+v", who.name, observed+1, in)
	}
	return in.Epoch
}

// store stores a signal and returns its id.
func (l *ledger) store(key int64, validFor time.Duration) core.SignalID {
	l.t.Helper()
	a, err := l.admit(alone(key, key, validFor))
	l.must(err)
	if a.admission != inbox.Fresh || a.state != core.Received {
		l.t.Fatalf("admission of key %d: %+v", key, a)
	}
	return a.signal
}

// grant lets a process be permitted the signal's next attempt, and returns its
// number.
func (l *ledger) grant(who process, epoch core.Epoch, signal core.SignalID) uint32 {
	l.t.Helper()
	s := l.signal(signal)
	in := l.ask(who, permit(who, epoch, signal, s.Attempt+1, s.Version))
	if in.Kind != core.PermitWasGranted || in.Version != s.Version+1 {
		l.t.Fatalf("permit for signal %d: %+v", signal, in)
	}
	return in.Attempt
}

// signal reads a signal's row.
func (l *ledger) signal(id core.SignalID) signalRow {
	l.t.Helper()
	for _, s := range l.rows().Signals {
		if s.ID == id {
			return s
		}
	}
	l.t.Fatalf("no signal %d", id)
	return signalRow{}
}

// attempt reads an attempt's row.
func (l *ledger) attempt(id core.SignalID, number uint32) attemptRow {
	l.t.Helper()
	for _, a := range l.rows().Attempts {
		if a.Signal == id && a.Number == number {
			return a
		}
	}
	l.t.Fatalf("no attempt %d of signal %d", number, id)
	return attemptRow{}
}

// standing is a reading of the authority.
func (l *ledger) standing(who process) core.Input {
	l.t.Helper()
	return l.ask(who, core.Effect{Op: core.Observe})
}

// recorded writes an outcome and demands that it was taken.
func (l *ledger) recorded(who process, e core.Effect, state core.SignalState) {
	l.t.Helper()
	in := l.ask(who, e)
	if in.Kind != core.OutcomeWasRecorded || in.State != state {
		l.t.Fatalf("%s: %+v, want it recorded and the signal %v", describe(who, e), in, state)
	}
}

// refused writes an outcome and demands that it was not taken and changed
// nothing.
func (l *ledger) refused(who process, e core.Effect) {
	l.t.Helper()
	before := l.rows()
	in := l.ask(who, e)
	if in.Kind != core.RecordWasRefused {
		l.t.Errorf("%s: %+v, want it refused", describe(who, e), in)
	}
	if d := difference(before, l.rows()); d != "" {
		l.t.Errorf("%s: it changed the ledger:\n%s", describe(who, e), d)
	}
}
