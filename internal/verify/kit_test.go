package verify_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/internal/verify"
)

func TestMain(m *testing.M) { testbed.Main(m) }

var count atomic.Int64

// process is one instance's ledger.
type process struct {
	*pgledger.Ledger
	t     testing.TB
	dsn   string
	token core.Token
}

// instance opens the ledger for an instance.
func instance(t testing.TB, dsn, name string) *process {
	t.Helper()
	nonce := core.Nonce(count.Add(1)<<32 | 0xfe)
	l, err := pgledger.Open(pgledger.Options{
		DSN: dsn, Group: "test", Instance: name, Nonce: nonce, TTL: 10 * time.Second, SendBy: time.Hour,
		Limits: pgledger.Limits{
			Connect: 10 * time.Second, Ping: 5 * time.Second, Read: 20 * time.Second,
			Statement: 10 * time.Second, Lock: 8 * time.Second, Idle: 10 * time.Second,
			Call: 30 * time.Second,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return &process{Ledger: l, t: t, dsn: dsn, token: core.Token{Nonce: nonce, Acquisition: 1}}
}

// does carries out an effect and wants that answer.
func (p *process) does(e core.Effect, want core.InputKind) core.Input {
	p.t.Helper()
	e.Token = p.token
	var got core.Input
	if err := p.Call(p.t.Context(), &e, func(in *core.Input) { got = *in }); err != nil {
		p.t.Fatalf("%v: %v", e.Op, err)
	}
	if got.Kind != want {
		p.t.Fatalf("%v was answered with %v (%v), want %v", e.Op, got.Kind, got.Reason, want)
	}
	return got
}

func (p *process) take(observed core.Epoch) {
	p.does(core.Effect{Op: core.TakeEpoch, Epoch: observed}, core.EpochWasTaken)
}

func (p *process) resign(epoch core.Epoch) {
	p.does(core.Effect{Op: core.Resign, Epoch: epoch, Reason: core.GracefulShutdown}, core.TenureWasClosed)
	p.token.Acquisition++
}

func (p *process) admit(key string) core.SignalID {
	p.t.Helper()
	admitted, err := p.Admit(p.t.Context(), &pgledger.Offer{
		Key: key, SignalID: key, Type: "BASE_ENTRY", Instrument: "BANK_NIFTY", Position: "LONG",
		Timestamp: "2025-11-29T10:00:00+05:30", Price: "52000.05", Lots: "2",
		Payload: []byte(`{"id":"` + key + `"}`), Source: "tv",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return admitted.Signal
}

// permit asks for the next attempt of the signal as it is, or for the same one
// again if it is in doubt.
func (p *process) permit(epoch core.Epoch, id core.SignalID, want core.InputKind) {
	p.t.Helper()
	is := p.does(core.Effect{Op: core.Reread, Signal: id}, core.AttemptRead)
	again := is.State == core.InDoubt
	if !again {
		is.Attempt++
	}
	p.does(core.Effect{
		Op: core.Permit, Signal: id, Attempt: is.Attempt, Version: is.Version, Epoch: epoch, Resend: again,
	}, want)
}

func (p *process) record(id core.SignalID, attempt uint32, outcome core.SignalState) {
	p.t.Helper()
	p.Note(id, attempt, pgledger.BrokerNote{OrderID: fmt.Sprintf("b-%d-%d", id, attempt)})
	p.does(core.Effect{
		Op: core.Record, Signal: id, Attempt: attempt, State: outcome, Alert: outcome == core.InDoubt,
	}, core.OutcomeWasRecorded)
}

func (p *process) decide(id core.SignalID, outcome core.SignalState) {
	p.t.Helper()
	d := pgledger.Decision{Signal: id, Outcome: outcome, By: "ops", Reason: "book compared"}
	if err := p.Decide(p.t.Context(), d); err != nil {
		p.t.Fatal(err)
	}
}

// seal closes blocks until nothing is left to seal.
func (p *process) seal() {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if _, err := p.Seal(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
		if report := judged(p.t, p.dsn, nil); report.Unsealed == 0 {
			return
		}
	}
	p.t.Fatal("twenty seconds without a sealed ledger")
}

// judged verifies the ledger.
func judged(t testing.TB, dsn string, anchor *verify.Anchor) *verify.Report {
	t.Helper()
	report, err := verify.Run(t.Context(), verify.Options{DSN: dsn, Group: "test", Anchor: anchor})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// database returns the address of an empty database, or of a copy of another.
func database(t testing.TB, template string) (name, dsn string) {
	t.Helper()
	server := testbed.PostgresServer(t)
	ctx := context.WithoutCancel(t.Context())
	name = fmt.Sprintf("verify_%d", count.Add(1))
	if err := server.CreateDatabaseFrom(ctx, name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.DropDatabase(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return name, server.DSN(name)
}

// connect opens the superuser's connection.
func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}
