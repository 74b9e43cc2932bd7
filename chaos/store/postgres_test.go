package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fencepost/core"
)

// codeOf returns the server's code of an error, empty if the server did not say it.
func codeOf(err error) string {
	if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}

// serviceConn opens a session of the service's role.
func serviceConn(t *testing.T, p *Postgres) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// settled is ask, repeated until the service has a connection again.
func (n *node) settled(e core.Effect) {
	n.t.Helper()
	within(n.t, 10*time.Second, "the service is answered again", func() bool {
		_, err := n.ask(e)
		return err == nil
	})
}

func TestServerComesBackFromEveryCrashWithWhatWasCommitted(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	for round := range 20 {
		nodeAt(t, "", p.DSN(), core.Nonce(round+1)).admit(string(rune('a' + round)))
		pids := p.PIDs()
		must(t, p.Down(t.Context(), Crash))
		if !ended(pids...) {
			t.Fatalf("round %d: some of %v run on", round, pids)
		}
		if err := p.Down(t.Context(), Crash); err != nil {
			t.Errorf("crash of a server that is down: %v", err)
		}
		must(t, p.Up(t.Context()))
		if got := query[int](t, p, "SELECT count(*) FROM signals"); got != round+1 {
			t.Fatalf("%d signals after crash %d", got, round+1)
		}
	}
	if err := p.Up(t.Context()); err == nil {
		t.Error("a server that is up was started")
	}
}

func TestOrderlyRestartTellsItsClients(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	conn := serviceConn(t, p)
	must(t, p.Stall(), p.Down(t.Context(), Orderly)) // a stalled one is woken first
	if err := conn.Ping(t.Context()); codeOf(err) != "57P01" {
		t.Errorf("the client was told %v, want the server's last word", err)
	}
	must(t, p.Resume(), p.Up(t.Context()))
	nodeAt(t, "", p.DSN(), 1).admit("a")
}

func TestStalledServerHoldsEverybodyUp(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	conn := serviceConn(t, p)
	must(t, p.Stall())
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.Await(short); err == nil {
		t.Error("a stalled server lets somebody in")
	}
	// It was asked while it stood, and answers when it is woken.
	answered := make(chan error, 1)
	go func() { answered <- conn.Ping(t.Context()) }()
	must(t, p.Resume(), <-answered, p.Resume(), p.Await(t.Context()))
}

func TestHungPostmasterKeepsOnlyNewSessionsOut(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	conn := serviceConn(t, p)
	must(t, p.HangPostmaster(), conn.Ping(t.Context()))
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.Await(short); err == nil {
		t.Error("somebody was let in")
	}
	// A stall within it ends without it.
	must(t, p.Stall(), p.Resume(), conn.Ping(t.Context()))
	again, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.Await(again); err == nil {
		t.Error("the end of a stall has woken the postmaster")
	}
	must(t, p.ResumePostmaster(), p.Await(t.Context()))
}

func TestReadOnlyStrikesSessionsThatExistAndOutlastsACrash(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	n := nodeAt(t, "", p.DSN(), 1)
	n.admit("a")
	heartbeat := core.Effect{Op: core.Heartbeat}
	must(t, p.ReadOnly(t.Context(), true))
	if _, err := n.ask(heartbeat); codeOf(err) != "25006" {
		t.Errorf("a heartbeat was answered %v, want a refusal as read-only", err)
	}
	n.want(core.AuthorityObserved, core.Effect{Op: core.Observe})
	must(t, p.Down(t.Context(), Crash), p.Up(t.Context()))
	if _, err := nodeAt(t, "", p.DSN(), 2).ask(heartbeat); codeOf(err) != "25006" {
		t.Errorf("after a crash a heartbeat was answered %v", err)
	}
	must(t, p.ReadOnly(t.Context(), false))
	n.settled(heartbeat)
}

func TestKilledBackendsTakeEverySessionAndNoCommit(t *testing.T) {
	for _, hard := range []bool{false, true} {
		p := startPostgres(t, PostgresOptions{})
		n, conn := nodeAt(t, "", p.DSN(), 1), serviceConn(t, p)
		n.admit("a")
		must(t, p.KillBackends(t.Context(), hard), p.Await(t.Context()))
		within(t, 5*time.Second, "the session ends", func() bool { return conn.Ping(t.Context()) != nil })
		n.settled(core.Effect{Op: core.Observe})
		if got := query[int](t, p, "SELECT count(*) FROM signals"); got != 1 {
			t.Errorf("hard %v: %d signals are left", hard, got)
		}
		if rows, err := p.Audit().Drain(t.Context()); err != nil || len(rows) != 1 {
			t.Errorf("hard %v: the audit has %v, %v", hard, rows, err)
		}
		must(t, p.Stop(t.Context()))
	}
}

func TestExhaustedServerLeavesLeadershipItsSessions(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	n := nodeAt(t, "", p.DSN(), 1)
	n.lead(0)
	n.admit("a")
	must(t, p.Exhaust(t.Context()))
	for range 3 {
		n.want(core.HeartbeatConfirmed, core.Effect{Op: core.Heartbeat, Epoch: 1})
	}
	for range 3 {
		_, err := n.ask(core.Effect{Op: core.Fetch, States: 1 << core.Received})
		if err == nil {
			t.Error("ordinary work has a connection")
		}
	}
	if _, err := pgx.Connect(t.Context(), p.DSN()); codeOf(err) != "53300" {
		t.Errorf("a newcomer was told %v, want that there are too many", err)
	}
	setControl(t, p, core.Halt) // the operator's desk has a line of its own
	must(t, p.Down(t.Context(), Crash), p.Up(t.Context()))
	if _, err := pgx.Connect(t.Context(), p.DSN()); codeOf(err) != "53300" {
		t.Errorf("after a crash a newcomer was told %v", err)
	}
	must(t, p.Release(t.Context()))
	n.settled(core.Effect{Op: core.Fetch, States: 1 << core.Received})
}

func TestLockedRowsHoldUpWhoMovesASignalAndNobodyElse(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	n := nodeAt(t, "", p.DSN(), 1)
	n.lead(0)
	old := n.admit("old")
	must(t, p.LockRows(t.Context()))
	if err := p.LockRows(t.Context()); err == nil {
		t.Error("the rows were locked twice")
	}
	permit := func(id core.SignalID) error {
		_, err := n.ask(core.Effect{Op: core.Permit, Epoch: 1, Signal: id, Version: 1, Attempt: 1})
		return err
	}
	if err := permit(old); codeOf(err) != "55P03" {
		t.Errorf("a permit was answered %v, want that it waited for a lock", err)
	}
	fresh := n.admit("new")
	locked := func(id core.SignalID) func() bool {
		return func() bool {
			const sql = "SELECT FROM signals WHERE id = $1 FOR UPDATE NOWAIT"
			_, err := serviceConn(t, p).Exec(t.Context(), sql, id)
			return codeOf(err) == "55P03"
		}
	}
	within(t, 5*time.Second, "the new row is locked", locked(fresh))
	n.want(core.HeartbeatConfirmed, core.Effect{Op: core.Heartbeat, Epoch: 1})
	if rows, err := p.Audit().Drain(t.Context()); err != nil || len(rows) < 5 {
		t.Errorf("the audit waits for the locks: %v, %v", rows, err)
	}
	// A crash frees the rows for no longer than it takes to lock them again.
	must(t, p.Down(t.Context(), Crash), p.Up(t.Context()))
	within(t, 5*time.Second, "the rows are locked again", locked(old))
	p.UnlockRows()
	p.UnlockRows()
	within(t, 5*time.Second, "the rows are free", func() bool { return permit(old) == nil })
}

func TestServicesRoleIsNoSuperuserAndMayDoItsWork(t *testing.T) {
	p := startPostgres(t, PostgresOptions{Connections: 7})
	if query[bool](t, p, "SELECT rolsuper FROM pg_roles WHERE rolname = 'fencepost'") {
		t.Error("the service is a superuser: nothing would be kept free for the harness")
	}
	var err error
	for range 7 {
		_ = serviceConn(t, p)
	}
	if _, err = pgx.Connect(t.Context(), p.DSN()); codeOf(err) != "53300" {
		t.Errorf("the eighth connection of seven: %v", err)
	}
	must(t, p.KillBackends(t.Context(), false), p.Await(t.Context()))
	n := nodeAt(t, "", p.DSNAt(strings.Replace(p.Addr(), "127.0.0.1", "localhost", 1)), 1)
	n.lead(0)
}
