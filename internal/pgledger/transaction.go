package pgledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// beginSQL says the isolation level, whatever the database's default is. Under
// REPEATABLE READ the fenced statement would see what was true before the lock
// was held.
const beginSQL = `BEGIN ISOLATION LEVEL READ COMMITTED`

// limitsSQL is SET LOCAL for all limits at once; the last argument says that
// they end with the transaction. It also tells which process of the server works
// for this connection.
const limitsSQL = `
SELECT pg_backend_pid(),
       set_config('statement_timeout', @statement::text, true),
       set_config('lock_timeout', @lock::text, true),
       set_config('idle_in_transaction_session_timeout', @idle::text, true),
       set_config('synchronous_commit', @commit::text, true),
       set_config('plan_cache_mode', @plans::text, true)`

// The ways to plan a statement that is kept. A plan for any arguments is made when a
// table is small, and keeps reading it from end to end when it has grown: it is only
// for statements that look nothing up.
const (
	planAnew = "force_custom_plan"
	planOnce = "auto"
)

// The two ways to hold the group's lock. Each is a statement of its own.
const (
	lockSharedSQL    = `SELECT pg_advisory_xact_lock_shared(@key::bigint)`
	lockExclusiveSQL = `SELECT pg_advisory_xact_lock(@key::bigint)`
)

// The ways to commit. A commit in memory may be lost if the server crashes
// within the next second; only a heartbeat can bear that.
const (
	durably  = "on"
	inMemory = "off"
)

// args are a statement's named arguments.
type args map[string]any

// RewriteQuery replaces the names by positions and refuses a name without a
// value, which would silently be NULL.
func (a args) RewriteQuery(
	ctx context.Context, conn *pgx.Conn, sql string, rest []any,
) (string, []any, error) {
	text, values, err := pgx.NamedArgs(a).RewriteQuery(ctx, conn, sql, rest)
	for i, v := range values {
		if v == nil {
			return "", nil, fmt.Errorf("argument %d of %q has no value", i+1, sql)
		}
	}
	return text, values, err
}

// transaction is a list of statements that is sent as one pipeline.
type transaction struct {
	op    string
	batch pgx.Batch
	// server is the process that answered.
	server uint32
}

// begin starts the list: the transaction and its limits.
func (l *Ledger) begin(op, commit string) *transaction { return l.beginPlanned(op, commit, planAnew) }

// beginPlanned starts a list whose statements are planned in that way.
func (l *Ledger) beginPlanned(op, commit, plans string) *transaction {
	t := &transaction{op: op}
	t.add(beginSQL, nil)
	t.row(limitsSQL, l.limitArgs(commit, plans), &t.server, nil, nil, nil, nil, nil)
	return t
}

// limitArgs are the arguments of limitsSQL.
func (l *Ledger) limitArgs(commit, plans string) args {
	return args{
		"statement": milliseconds(l.opt.Limits.Statement), "lock": milliseconds(l.opt.Limits.Lock),
		"idle": milliseconds(l.opt.Limits.Idle), "commit": commit, "plans": plans,
	}
}

// milliseconds returns the duration as a setting of PostgreSQL, in which zero
// would mean "no limit".
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}

// add puts a statement on the list, marked with the operation's name.
func (t *transaction) add(sql string, a args) *pgx.QueuedQuery {
	marked := "/* " + t.op + " */ " + sql
	if len(a) == 0 {
		return t.batch.Queue(marked)
	}
	return t.batch.Queue(marked, a)
}

// row puts a statement on the list that must return exactly one row, which is
// scanned into the destinations when the answer is there.
func (t *transaction) row(sql string, a args, into ...any) {
	t.add(sql, a).QueryRow(func(row pgx.Row) error { return row.Scan(into...) })
}

// run sends the list with a COMMIT at its end and waits for the answer. After
// an error nothing may be assumed.
func (l *Ledger) run(ctx context.Context, from *pgxpool.Pool, t *transaction) error {
	ctx, cancel := context.WithTimeout(ctx, l.opt.Limits.Call)
	defer cancel()
	t.add(`COMMIT`, nil).Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("commit was answered with %q", tag)
		}
		return nil
	})
	conn, err := from.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%s: connect: %w", t.op, err)
	}
	defer conn.Release()
	if err := conn.SendBatch(ctx, &t.batch).Close(); err != nil {
		leaveStandby(ctx, conn, err)
		l.rollBack(ctx, conn, t.op)
		return fmt.Errorf("%s: %w", t.op, err)
	}
	l.kept.learn(ctx, conn.Conn(), t.server, from == l.work)
	return nil
}

// readOnly is PostgreSQL's word for a server, or a session, that nothing can be
// written through.
const readOnly = "25006"

// leaveStandby closes a connection to a server that cannot be written, which a
// primary becomes that was demoted: the next one looks for the primary among the
// hosts of the address again.
func leaveStandby(ctx context.Context, conn *pgxpool.Conn, err error) {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == readOnly {
		_ = conn.Conn().Close(ctx)
	}
}

// rollBack ends a transaction that failed on the server, so that its
// connection can be used again. Without that the pool would throw it away,
// and a lock that is hard to get would cost a reconnection per attempt.
func (l *Ledger) rollBack(ctx context.Context, conn *pgxpool.Conn, op string) {
	raw := conn.Conn()
	if raw.IsClosed() || raw.PgConn().IsBusy() || raw.PgConn().TxStatus() == 'I' {
		return
	}
	// A failure leaves the connection in the transaction, and the pool discards
	// it.
	_, _ = raw.Exec(ctx, "/* "+op+" */ ROLLBACK")
}
