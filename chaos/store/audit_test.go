package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

func TestAuditIsInOrderWhoeverCommitsFirst(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	conn, err := pgx.Connect(t.Context(), p.DSN())
	must(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	early, err := conn.Begin(t.Context())
	must(t, err)
	const refuse = `INSERT INTO fence_refusals (group_name, op, epoch, current_epoch, token, reason)
		VALUES ('default', 'permit', $1, 9, '', 'superseded')`
	_, err = early.Exec(t.Context(), refuse, 1)
	must(t, err)
	n := nodeAt(t, "", p.DSN(), 1)
	n.admit("late")
	rows, err := p.Audit().Read(t.Context())
	if err != nil || len(rows) != 0 {
		t.Fatalf("%v, %v were told before what came first", rows, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if rows, err = p.Audit().Drain(short); err == nil {
		t.Errorf("%v is said to be everything", rows)
	}
	must(t, early.Commit(t.Context()))
	rows, err = p.Audit().Drain(t.Context())
	if err != nil || len(rows) != 2 || rows[0].Refusal == nil || rows[1].Signal == nil {
		t.Errorf("%+v, %v, want the refusal and then the signal", rows, err)
	}

	// What was rolled back never comes.
	gone, err := conn.Begin(t.Context())
	must(t, err)
	_, err = gone.Exec(t.Context(), refuse, 2)
	must(t, err, gone.Rollback(t.Context()))
	n.admit("later")
	rows, err = p.Audit().Read(t.Context())
	if err != nil || len(rows) != 1 || rows[0].Signal.Key != "later" {
		t.Errorf("%+v, %v, want what was committed", rows, err)
	}
}

func TestAuditTellsEachChangeOnceWhileManyCommit(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	const nodes, signals = 6, 60
	var writers sync.WaitGroup
	for i := range nodes {
		n := nodeAt(t, "", p.DSN(), core.Nonce(i+1))
		writers.Go(func() {
			for s := range signals {
				n.admit(fmt.Sprintf("%d-%d", i, s))
				if rand.IntN(4) == 0 { // numbers that are drawn for nothing
					_, _ = n.ask(core.Effect{Op: core.Heartbeat})
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	seen, last := map[string]bool{}, int64(0)
	take := func(rows []Row, err error) {
		t.Helper()
		must(t, err)
		for _, r := range rows {
			if r.Seq <= last {
				t.Fatalf("row %d comes after row %d", r.Seq, last)
			}
			last = r.Seq
			if r.Signal != nil {
				if seen[r.Signal.Key] {
					t.Fatalf("signal %s was told of twice", r.Signal.Key)
				}
				seen[r.Signal.Key] = true
			}
		}
	}
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
			take(p.Audit().Read(t.Context()))
		}
	}
	take(p.Audit().Drain(t.Context()))
	if len(seen) != nodes*signals {
		t.Errorf("%d signals, want %d", len(seen), nodes*signals)
	}
}

func TestAuditSurvivesACrashWithWhatItTellsOf(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	nodeAt(t, "", p.DSN(), 1).admit("before")
	must(t, p.Down(t.Context(), Crash))
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if rows, err := p.Audit().Read(short); err == nil {
		t.Errorf("a server that is down tells %v", rows)
	}
	must(t, p.Up(t.Context()))
	nodeAt(t, "", p.DSN(), 2).admit("after")
	rows, err := p.Audit().Drain(t.Context())
	if err != nil || len(rows) != 2 || rows[0].Signal.Key != "before" || rows[1].Signal.Key != "after" {
		t.Errorf("%+v, %v", rows, err)
	}
}

func TestAuditLeavesOtherGroupsAndPayloadsOut(t *testing.T) {
	p := startPostgres(t, PostgresOptions{Group: "mine"})
	nodeAt(t, "", p.DSN(), 1).admit("of the default group")
	rows, err := p.Audit().Drain(t.Context())
	if err != nil || len(rows) != 0 {
		t.Errorf("%+v, %v of another group", rows, err)
	}
	if n := query[int](t, p, "SELECT count(*) FROM audit.rows WHERE entry ? 'payload'"); n != 0 {
		t.Errorf("%d rows have payloads", n)
	}
}
