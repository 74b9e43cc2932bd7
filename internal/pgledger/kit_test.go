package pgledger_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/migrations"
)

func TestMain(m *testing.M) { testbed.Main(m) }

const template = "ledger_template"

var (
	templateOnce sync.Once
	errTemplate  error
	databases    atomic.Int64
)

// database returns the address of a fresh, migrated ledger.
func database(t testing.TB) string {
	t.Helper()
	server := testbed.PostgresServer(t)
	ctx := context.WithoutCancel(t.Context())
	templateOnce.Do(func() {
		if errTemplate = server.CreateDatabase(ctx, template); errTemplate == nil {
			_, errTemplate = migrations.Up(ctx, server.DSN(template))
		}
	})
	if errTemplate != nil {
		t.Fatal(errTemplate)
	}
	name := fmt.Sprintf("ledger_%d", databases.Add(1))
	if err := server.CreateDatabaseFrom(ctx, name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.DropDatabase(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return server.DSN(name)
}

// process is one instance's ledger.
type process struct {
	*pgledger.Ledger
	t    testing.TB
	name string
	// token is of its current claim.
	token core.Token
}

// start opens a ledger for an instance with a nonce of its own. The ttl is ten
// seconds and the time to send one hour, so that nothing lapses by itself.
func start(t testing.TB, dsn, name string, change ...func(*pgledger.Options)) *process {
	t.Helper()
	o := pgledger.Options{
		DSN: dsn, Group: "test", Instance: name, Nonce: core.Nonce(databases.Add(1)<<32 | 0xfe),
		TTL: 10 * time.Second, SendBy: time.Hour, Hostname: "host-of-" + name, Port: 8080, Version: "1.2.3",
	}
	// A test server is shared by whoever tests at the moment, and may be slow.
	o.Limits = pgledger.Limits{
		Connect: 10 * time.Second, Ping: 5 * time.Second, Read: 10 * time.Second, Statement: 9 * time.Second,
		Lock: 8 * time.Second, Idle: 10 * time.Second, Call: 30 * time.Second,
	}
	for _, f := range change {
		f(&o)
	}
	l, err := pgledger.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return &process{Ledger: l, t: t, name: name, token: core.Token{Nonce: o.Nonce, Acquisition: 1}}
}

// calls carries out an effect and returns the answers.
func (p *process) calls(e core.Effect) []core.Input {
	p.t.Helper()
	e.Req = uint32(databases.Add(1))
	var answers []core.Input
	err := p.Call(p.t.Context(), &e, func(in *core.Input) { answers = append(answers, *in) })
	if err != nil {
		p.t.Fatalf("%s: %v: %v", p.name, e.Op, err)
	}
	for i := range answers {
		if answers[i].Req != e.Req {
			p.t.Errorf("%v: answer %d to request %d answers %d", e.Op, i, e.Req, answers[i].Req)
		}
		answers[i].Req = 0
	}
	return answers
}

// call carries out an effect that has one answer.
func (p *process) call(e core.Effect) core.Input {
	p.t.Helper()
	answers := p.calls(e)
	if len(answers) != 1 {
		p.t.Fatalf("%s: %v has %d answers", p.name, e.Op, len(answers))
	}
	return answers[0]
}

// observe reads the authority.
func (p *process) observe() core.Input { p.t.Helper(); return p.call(core.Effect{Op: core.Observe}) }

// take asks for the epoch after the one given.
func (p *process) take(observed core.Epoch) core.Input {
	p.t.Helper()
	return p.call(core.Effect{Op: core.TakeEpoch, Epoch: observed, Token: p.token})
}

// lead takes the next epoch, whatever it is.
func (p *process) lead() core.Epoch {
	p.t.Helper()
	in := p.take(p.observe().Epoch)
	if in.Kind != core.EpochWasTaken {
		p.t.Fatalf("%s: %v, want a takeover", p.name, in.Kind)
	}
	return in.Epoch
}

// beat writes a heartbeat; epoch zero is a follower's.
func (p *process) beat(epoch core.Epoch) core.Input {
	p.t.Helper()
	e := core.Effect{Op: core.Heartbeat, Epoch: epoch}
	if epoch != 0 {
		e.Token = p.token
	}
	return p.call(e)
}

// resign closes the tenure.
func (p *process) resign(epoch core.Epoch, reason core.Reason) core.Input {
	p.t.Helper()
	return p.call(core.Effect{Op: core.Resign, Epoch: epoch, Token: p.token, Reason: reason})
}

// admit stores a signal with the key given.
func (p *process) admit(key string, change ...func(*pgledger.Offer)) core.SignalID {
	p.t.Helper()
	o := offer(key)
	for _, f := range change {
		f(&o)
	}
	admitted, err := p.Admit(p.t.Context(), &o)
	if err != nil {
		p.t.Fatal(err)
	}
	return admitted.Signal
}

// offer is a signal that came in.
func offer(key string) pgledger.Offer {
	return pgledger.Offer{
		Key: key, SignalID: key, Type: "BASE_ENTRY", Instrument: "BANK_NIFTY", Position: "LONG",
		Timestamp: "2025-11-29T10:00:00+05:30", Price: "52000.05", Stop: "51650", Lots: "2",
		Payload: []byte(`{"id":"` + key + `"}`), Source: "tv",
	}
}

// permit asks for a permit as core does: the attempt after the newest.
func (p *process) permit(epoch core.Epoch, signal core.SignalID, attempt, version uint32) core.Input {
	p.t.Helper()
	return p.call(core.Effect{
		Op: core.Permit, Signal: signal, Attempt: attempt, Version: version, Epoch: epoch, Token: p.token,
	})
}

// record records what became of an attempt.
func (p *process) record(signal core.SignalID, attempt uint32, outcome core.SignalState) core.Input {
	p.t.Helper()
	return p.call(core.Effect{
		Op: core.Record, Signal: signal, Attempt: attempt, State: outcome, Token: p.token,
	})
}

// reread reads the newest attempt.
func (p *process) reread(signal core.SignalID) core.Input {
	p.t.Helper()
	return p.call(core.Effect{Op: core.Reread, Signal: signal})
}

// connect opens a plain connection.
func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// executor is a connection or a transaction.
type executor interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
}

// exec runs plain SQL.
func exec(t testing.TB, conn executor, sql string, arguments ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, arguments...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// read returns one value.
func read[T any](t testing.TB, conn executor, sql string, arguments ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), sql, arguments...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// waitForLock asks the server until so many sessions wait for a lock in a
// statement of the operation.
func waitForLock(t testing.TB, conn executor, op string, count int64) {
	t.Helper()
	until(t, "waiting for a lock in "+op, func() bool { return lockWaits(t, conn, op) >= count })
}

// lockWaits returns how many sessions of the test's database wait for a lock
// in a statement of the operation.
func lockWaits(t testing.TB, conn executor, op string) int64 {
	t.Helper()
	return read[int64](t, conn, `SELECT count(*) FROM pg_stat_activity
		WHERE wait_event_type = 'Lock' AND datname = current_database()
		  AND query LIKE '/* ' || $1 || ' */%'`, op)
}

// until asks again and again until something is so.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if holds() {
			return
		}
	}
	t.Fatalf("twenty seconds without %s", what)
}
