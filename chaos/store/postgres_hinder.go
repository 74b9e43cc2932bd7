package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// hindrances are what is in the way of statements although the server is up. They outlast its restarts.
type hindrances struct {
	readOnly  bool
	exhausted bool
	rows      *rowLock // nil if the rows are free
}

// hinderAgain makes a server that came up what it was: its settings are in its files, which a rewind
// replaces.
func (p *Postgres) hinderAgain(ctx context.Context) error {
	return p.admin.do(ctx, func(conn *pgx.Conn) error {
		if err := setReadOnly(ctx, conn, p.hold.readOnly); err != nil {
			return err
		}
		return p.letIn(ctx, conn, !p.hold.exhausted)
	})
}

// readOnlySetting decides about transactions that do not say themselves whether they write.
const readOnlySetting = "default_transaction_read_only"

// ReadOnly makes every transaction read-only that begins from now on, those of sessions that exist included,
// or ends that.
func (p *Postgres) ReadOnly(ctx context.Context, on bool) error {
	ctx, done := p.act(ctx, pgActLimit)
	defer done()
	err := p.admin.do(ctx, func(conn *pgx.Conn) error { return setReadOnly(ctx, conn, on) })
	if err != nil {
		return fmt.Errorf("make postgres read-only (%v): %w", on, err)
	}
	p.hold.readOnly = on
	return nil
}

// setReadOnly changes the setting and waits until every session that was there before will notice at its next
// statement. The postmaster tells them one after the other, the youngest first, and lets nobody in meanwhile:
// when the youngest has noticed and one more session was let in, all have been told.
func setReadOnly(ctx context.Context, conn *pgx.Conn, on bool) error {
	want := "off"
	if on {
		want = "on"
	}
	config := conn.Config()
	delete(config.RuntimeParams, readOnlySetting) // a setting of its own would hide the server's
	witness, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer witness.Close(context.WithoutCancel(ctx))
	for _, statement := range []string{
		"ALTER SYSTEM SET " + readOnlySetting + " = " + want, "SELECT pg_reload_conf()",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	err = until(ctx, func() (bool, error) {
		var now string
		err := witness.QueryRow(ctx, "SHOW "+readOnlySetting).Scan(&now)
		return now == want, err
	})
	if err != nil {
		return err
	}
	barrier, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	return barrier.Close(ctx)
}

// untilEvery is how often a condition is looked at.
const untilEvery = 5 * time.Millisecond

// until looks until done holds, or fails, or ctx ends.
func until(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(untilEvery)
	defer tick.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// leadershipSQL tells the sessions of leadership from those of ordinary work: by what they did last. One that
// has done nothing yet is the one that each instance keeps ready for leadership.
const leadershipSQL = `(query = '' OR ` +
	`query ~ '^/\* (heartbeat|observe|take_epoch|resign|accept|control|protocol|leave|lineage) \*/')`

// Exhaust takes from the service every connection that ordinary work has or could get, until Release.
// Sessions of leadership live on; whoever asks for another is told that there are too many.
func (p *Postgres) Exhaust(ctx context.Context) error {
	if err := p.exhaust(ctx, true); err != nil {
		return fmt.Errorf("exhaust postgres: %w", err)
	}
	return nil
}

// Release ends Exhaust.
func (p *Postgres) Release(ctx context.Context) error {
	if err := p.exhaust(ctx, false); err != nil {
		return fmt.Errorf("release connections of postgres: %w", err)
	}
	return nil
}

func (p *Postgres) exhaust(ctx context.Context, on bool) error {
	ctx, done := p.act(ctx, pgActLimit)
	defer done()
	err := p.admin.do(ctx, func(conn *pgx.Conn) error {
		if err := p.letIn(ctx, conn, !on); err != nil || !on {
			return err
		}
		return endSessions(ctx, conn, "NOT "+leadershipSQL)
	})
	if err == nil {
		p.hold.exhausted = on
	}
	return err
}

// letIn lets the service have the connections that it may have, or no new one. A limit of the role costs
// nothing, and is answered like a server that is full.
func (p *Postgres) letIn(ctx context.Context, conn *pgx.Conn, in bool) error {
	limit := 0
	if in {
		limit = p.options.Connections
	}
	_, err := conn.Exec(ctx, fmt.Sprintf("ALTER ROLE %s CONNECTION LIMIT %d", serviceRole, limit))
	return err
}

// endSessions asks the service's sessions that meet the condition to end, and waits until they have.
func endSessions(ctx context.Context, conn *pgx.Conn, condition string) error {
	return until(ctx, func() (bool, error) {
		var left int
		err := conn.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE usename = $1 AND backend_type = 'client backend' AND `+condition, serviceRole).Scan(&left)
		return left == 0, err
	})
}

// KillBackends ends every session of the service. Asked to end (not hard), they make room at once. Killed,
// one of them costs the server its memory and everybody else the session, and for about a second nobody is
// let in; see Await.
func (p *Postgres) KillBackends(ctx context.Context, hard bool) error {
	ctx, done := p.act(ctx, pgActLimit)
	defer done()
	err := p.admin.do(ctx, func(conn *pgx.Conn) error {
		if !hard {
			return endSessions(ctx, conn, "true")
		}
		// The service's oldest session, or this one.
		var pid int
		err := conn.QueryRow(ctx, `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'
			ORDER BY (usename = $1) DESC, backend_start LIMIT 1`, serviceRole).Scan(&pid)
		if err != nil {
			return err
		}
		return rundir.Signal([]int{pid}, unix.SIGKILL)
	})
	if err != nil {
		return fmt.Errorf("kill backends of postgres: %w", err)
	}
	return nil
}

// LockRows locks the row of every signal that is not final, and of each new one as soon as it is seen, until
// UnlockRows: whoever wants to move a signal waits. New signals are stored as ever. It returns when the rows
// that are there are locked, but for those that a transaction is about to change.
func (p *Postgres) LockRows(ctx context.Context) error {
	ctx, done := p.act(ctx, pgActLimit)
	defer done()
	if p.hold.rows != nil {
		return errors.New("lock rows of postgres: they are locked")
	}
	lock := &rowLock{
		dsn: p.AdminDSN(), group: p.options.Group, first: make(chan struct{}), ended: make(chan struct{}),
	}
	var loop context.Context
	loop, lock.end = context.WithCancel(context.WithoutCancel(ctx))
	go lock.run(loop)
	p.hold.rows = lock
	select {
	case <-lock.first:
		return nil
	case <-ctx.Done():
		p.hold.unlockRows()
		return fmt.Errorf("lock rows of postgres: %w", ctx.Err())
	}
}

// UnlockRows ends LockRows.
func (p *Postgres) UnlockRows() {
	p.acts.Lock()
	defer p.acts.Unlock()
	p.hold.unlockRows()
}

func (h *hindrances) unlockRows() {
	if h.rows == nil {
		return
	}
	h.rows.end()
	<-h.rows.ended
	h.rows = nil
}
