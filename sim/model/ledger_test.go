package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/core/inbox"
	"fencepost/sim/model"
)

const (
	second = core.Time(time.Second)
	ttl    = 10 * time.Second
	sendBy = 2 * time.Second
	lost   = 600 * time.Millisecond
)

// token is the first acquisition of a process.
func token(nonce core.Nonce) core.Token { return core.Token{Nonce: nonce, Acquisition: 1} }

// ledger is a model of PostgreSQL with what it told.
type ledger struct {
	model.Postgres
	t       testing.TB
	records model.Records
	reply   model.Reply
}

func newLedger(t testing.TB) *ledger {
	l := &ledger{t: t}
	l.records.NodeOf = func(n core.Nonce) int16 { return int16(n) }
	l.Reset(config(), &l.records)
	return l
}

func config() model.PostgresConfig {
	return model.PostgresConfig{TTL: ttl, SendBy: sendBy, CrashLoses: lost, Protocol: 1<<16 | 3}
}

// ask carries out one operation that has one answer.
func (l *ledger) ask(now core.Time, e core.Effect) core.Input {
	l.t.Helper()
	l.records.Reset()
	l.Do(now, &e, e.Token.Nonce, &l.reply)
	if n := len(l.reply.All()); n != 1 {
		l.t.Fatalf("%v has %d answers", e.Op, n)
	}
	return l.reply.All()[0]
}

// take lets a process take the next epoch.
func (l *ledger) take(now core.Time, nonce core.Nonce) core.Input {
	l.t.Helper()
	in := l.ask(now, core.Effect{
		Op: core.TakeEpoch, Protocol: 1, Epoch: l.Authority().Epoch, Token: token(nonce),
	})
	if in.Kind != core.EpochWasTaken {
		l.t.Fatalf("takeover by %d: %v (%v)", nonce, in.Kind, in.Reason)
	}
	return in
}

// admit stores a signal and returns its id.
func (l *ledger) admit(now core.Time, key int64, validFor time.Duration) core.SignalID {
	l.t.Helper()
	admission, id, state := l.Admit(now, model.Offer{Key: key, Payload: key, ValidFor: validFor})
	if admission != inbox.Fresh || state != core.Received {
		l.t.Fatalf("admission of key %d: %v, %v", key, admission, state)
	}
	return id
}

// permitOf is the request for the signal's next attempt as the epoch's holder
// would make it.
func (l *ledger) permitOf(id core.SignalID) core.Effect {
	a, s := l.Authority(), l.Row(id)
	return core.Effect{
		Op: core.Permit, Signal: id, Version: s.Version, Attempt: s.Attempt + 1,
		Epoch: a.Epoch, Token: a.Token,
	}
}

// permit asks for the signal's next attempt.
func (l *ledger) permit(now core.Time, id core.SignalID) core.Input {
	l.t.Helper()
	in := l.ask(now, l.permitOf(id))
	if in.Kind != core.PermitWasGranted {
		l.t.Fatalf("permit for signal %d: %v (%v)", id, in.Kind, in.Reason)
	}
	return in
}

// record records an outcome without a version guard.
func (l *ledger) record(
	now core.Time, id core.SignalID, attempt uint32, outcome core.SignalState,
) core.Input {
	l.t.Helper()
	return l.ask(now, core.Effect{
		Op: core.Record, Signal: id, Attempt: attempt, State: outcome, Token: l.Authority().Token,
	})
}

// must fails the test unless the answer has that kind and, if there is one,
// that reason.
func must(t testing.TB, in core.Input, kind core.InputKind, reason core.Reason) {
	t.Helper()
	if in.Kind != kind || in.Reason != reason {
		t.Fatalf("answer: %v (%v), want %v (%v)", in.Kind, in.Reason, kind, reason)
	}
}

// seen returns the records of a kind.
func seen(records *model.Records, kind history.Kind) []history.Record {
	var found []history.Record
	for i := range records.List {
		if records.List[i].Kind == kind {
			found = append(found, records.List[i])
		}
	}
	return found
}

// only returns the one record of a kind.
func only(t testing.TB, records *model.Records, kind history.Kind) history.Record {
	t.Helper()
	found := seen(records, kind)
	if len(found) != 1 {
		t.Fatalf("%d records of kind %q in %v", len(found), kind, records.List)
	}
	return found[0]
}

// standsAt fails the test unless the signal is in that state.
func (l *ledger) standsAt(id core.SignalID, want core.SignalState) {
	l.t.Helper()
	if state, _, _ := l.Signal(id); state != want {
		l.t.Fatalf("signal %d is %v, want %v", id, state, want)
	}
}
