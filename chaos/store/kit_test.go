package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/identity"
	"fencepost/internal/pgledger"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed/rundir"
)

// ttl is the lease's length in these tests: long enough that nothing lapses unless a test wants it.
const ttl = 30 * time.Second

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	if what := os.Getenv(ownerVariable); what != "" {
		if err := beOwner(what); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// within polls until done holds.
func within(t *testing.T, bound time.Duration, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); !done(); <-tick.C {
		if time.Since(begin) > bound {
			t.Fatalf("not within %v: %s", bound, what)
		}
	}
}

// must stops the test at the first error.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// setControl sets the group's control mode as a person does, through the service's own code: it must work
// when the service has taken all connections but those of the superuser.
func setControl(t *testing.T, p *Postgres, mode core.Control) {
	t.Helper()
	ledger, err := pgledger.Open(pgledger.Options{DSN: p.DeskDSN(), Group: p.options.Group})
	must(t, err)
	defer ledger.Close()
	must(t, ledger.SetControl(t.Context(), mode, "a test wants it", "operator"))
}

// ended reports whether processes are there no more.
func ended(pids ...int) bool {
	for _, pid := range pids {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err == nil && !bytes.Contains(stat, []byte(") Z ")) {
			return false
		}
	}
	return true
}

func startRedis(t *testing.T, options RedisOptions) *Redis {
	t.Helper()
	r, err := StartRedis(t.Context(), options)
	must(t, err)
	t.Cleanup(func() { must(t, r.Stop()) })
	return r
}

func startPostgres(t *testing.T, options PostgresOptions) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), options)
	must(t, err)
	t.Cleanup(func() { must(t, p.Stop(context.WithoutCancel(t.Context()))) })
	return p
}

// node is one process as the stores see it: the service's own code on either.
type node struct {
	t      *testing.T
	nonce  core.Nonce
	token  core.Token
	lease  *redislease.Lease
	ledger *pgledger.Ledger
}

func nodeName(nonce core.Nonce) string { return fmt.Sprintf("n%d", nonce) }

// text is the token as it stands in the stores.
func (n *node) text() string { return identity.Text(nodeName(n.nonce), n.token) }

func nodeAt(t *testing.T, redis, dsn string, nonce core.Nonce) *node {
	t.Helper()
	n := &node{t: t, nonce: nonce, token: core.Token{Nonce: nonce, Acquisition: 1}}
	var err error
	if redis != "" {
		n.lease, err = redislease.Open(redislease.Options{
			URL: redis, Instance: nodeName(nonce), TTL: ttl, Timeout: 2 * time.Second,
		})
		must(t, err)
		t.Cleanup(func() { _ = n.lease.Close() })
	}
	if dsn != "" {
		n.ledger, err = pgledger.Open(pgledger.Options{
			DSN: dsn, Instance: nodeName(nonce), Nonce: nonce, TTL: ttl, SendBy: time.Minute,
		})
		must(t, err)
		t.Cleanup(n.ledger.Close)
	}
	return n
}

// redis carries an operation on the lease out.
func (n *node) redis(op core.Op, epoch core.Epoch) core.Input {
	n.t.Helper()
	in, err := n.lease.Call(n.t.Context(), &core.Effect{Op: op, Token: n.token, Epoch: epoch})
	must(n.t, err)
	return in
}

// ask carries an operation on the ledger out and returns its first answer.
func (n *node) ask(e core.Effect) (core.Input, error) {
	var first *core.Input
	e.Token = n.token
	err := n.ledger.Call(n.t.Context(), &e, func(in *core.Input) {
		if first == nil {
			copied := *in
			first = &copied
		}
	})
	if err != nil {
		return core.Input{}, err
	}
	return *first, nil
}

// want is ask for which there is one right kind of answer.
func (n *node) want(kind core.InputKind, e core.Effect) core.Input {
	n.t.Helper()
	in, err := n.ask(e)
	must(n.t, err)
	if in.Kind != kind {
		n.t.Fatalf("%v was answered with %v, want %v", e.Op, in.Kind, kind)
	}
	return in
}

// lead takes the epoch after the one given.
func (n *node) lead(after core.Epoch) {
	n.t.Helper()
	n.want(core.EpochWasTaken, core.Effect{Op: core.TakeEpoch, Epoch: after})
}

// admit stores a signal and returns its id.
func (n *node) admit(key string) core.SignalID {
	n.t.Helper()
	s, err := n.ledger.Admit(n.t.Context(), &pgledger.Offer{
		Key: key, Type: "BASE_ENTRY", Instrument: "NIFTY", Position: "long", Timestamp: key,
		Payload: []byte(key),
	})
	must(n.t, err)
	return s.Signal
}

// query reads one value as the superuser.
func query[T any](t *testing.T, p *Postgres, sql string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.AdminDSN())
	must(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	var value T
	must(t, conn.QueryRow(t.Context(), sql, args...).Scan(&value))
	return value
}
