package pgledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"fencepost/core"
)

// Claim is what a leader presents: its epoch and its token.
type Claim struct {
	Epoch core.Epoch
	Token core.Token
}

// ErrFenced says that the ledger refused a transaction, because its epoch was
// superseded or its tenure closed. Nothing of it was written but a row that says
// so. The error is a *FencedError.
var ErrFenced = errors.New("fenced")

// ErrStopped says that the ledger refused a transaction because an operator has
// paused or halted the group. Nothing of it was written.
var ErrStopped = errors.New("the group is stopped by an operator")

// ErrOutcomeUnknown says that a transaction was to be committed and no answer
// came: it may have been committed or not. What it wrote has to be read back.
var ErrOutcomeUnknown = errors.New("whether the transaction was committed is unknown")

// FencedError is a refused transaction.
type FencedError struct {
	// Epoch is the one that asked, Current the one that the ledger has.
	Epoch, Current core.Epoch
	// Reason is superseded, tenure_closed or authority_gone.
	Reason core.Reason
}

// Error tells both epochs.
func (e *FencedError) Error() string {
	return fmt.Sprintf("fenced: epoch %d is refused as %v, the ledger's epoch is %d", e.Epoch, e.Reason,
		e.Current)
}

// Is says that the error is an ErrFenced.
func (e *FencedError) Is(target error) bool { return target == ErrFenced }

// txOp names the operation in statements and in rows about refusals.
const txOp = "tx"

// txFenceSQL looks whether the fence lets the claim through. Only where it does
// not it asks why, which leaves a refusal if the epoch or its tenure was the cause.
const txFenceSQL = `
WITH fence AS MATERIALIZED (` + fenceSQL + `)
SELECT v.open, coalesce(r.epoch, 0), coalesce(r.reason, ''), coalesce(r.control_mode, 'run')
FROM (SELECT EXISTS (SELECT FROM fence) AS open) v
LEFT JOIN LATERAL (
    SELECT f.* FROM effect_refused(@group::text, @op::text, @epoch::bigint, @token::text, 0) f
    WHERE NOT v.open
) r ON true`

// Tx lets do write in a transaction that only the current epoch gets through. It
// holds the group's lock shared from its first statement to its end, so that no
// takeover comes in between; the second statement is the fence of a permit. The
// limits of the ledger's own transactions hold for each of do's statements, for
// each pause between two of them and for the whole, because a takeover waits for
// its end. If do returns an error everything is rolled back and the error returned.
//
// What has been asked of the fence is heard to the end, whatever becomes of the
// context: whoever asks in the last moments of a tenure is the one whom it refuses,
// and of that a row is kept. If it could not be, the error says so beside the refusal.
func (l *Ledger) Tx(ctx context.Context, c Claim, do func(pgx.Tx) error) error {
	if l.opt.Instance == "" {
		return fmt.Errorf("%s: %w", txOp, errNoIdentity)
	}
	ctx, cancel := context.WithTimeout(ctx, l.opt.Limits.Call)
	defer cancel()
	conn, err := l.work.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%s: connect: %w", txOp, err)
	}
	defer conn.Release()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{
		BeginQuery: "/* tx */ " + beginSQL, CommitQuery: "/* tx */ COMMIT",
	})
	if err != nil {
		return fmt.Errorf("%s: begin: %w", txOp, err)
	}
	defer l.abandon(ctx, tx) // does nothing after a commit; after a panic it lets the lock go
	refused, err := l.passFence(ctx, tx, c)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", txOp, err)
	case errors.Is(refused, ErrFenced):
		return l.keepRefusal(ctx, tx, refused)
	case refused != nil:
		return refused
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", txOp, ctx.Err())
	}
	defer cutAt(ctx, conn)()
	if err := do(fencedTx{tx}); err != nil {
		return err
	}
	return commit(ctx, conn, tx)
}

// toTheEnd is for what the end of the caller's context must not cut. It lasts as long
// as a call may; the server bounds each statement by itself.
func (l *Ledger) toTheEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), l.opt.Limits.Call)
}

// keepRefusal commits the row about a refusal, and returns that.
func (l *Ledger) keepRefusal(ctx context.Context, tx pgx.Tx, refused error) error {
	bounded, cancel := l.toTheEnd(ctx)
	defer cancel()
	if err := tx.Commit(bounded); err != nil {
		return fmt.Errorf("%w; the row about it may be missing: %w", refused, err)
	}
	return refused
}

// cutAt cuts the connection when the context ends, so that the whole is bounded
// whatever contexts the statements in between have: the server then rolls back, at
// the latest when the statement under way has ended. What it returns ends that.
func cutAt(ctx context.Context, conn *pgxpool.Conn) (stop func()) {
	raw := conn.Conn()
	uncut := context.AfterFunc(ctx, func() { _ = raw.PgConn().Conn().Close() })
	return func() {
		if !uncut() {
			// The pool must not keep it.
			_ = raw.Close(context.WithoutCancel(ctx))
		}
	}
}

// passFence sets the limits, takes the lock and looks at the epoch, each in a
// statement of its own and all of them in one round trip.
func (l *Ledger) passFence(ctx context.Context, tx pgx.Tx, c Claim) (refused, failed error) {
	a := l.processArgs(core.NoOp, &core.Effect{Epoch: c.Epoch, Token: c.Token})
	a["op"] = txOp
	t := &transaction{op: txOp}
	t.add(limitsSQL, l.limitArgs(durably, planAnew))
	t.add(lockSharedSQL, args{"key": l.key})
	var (
		open            bool
		current         int64
		reason, control string
	)
	t.row(txFenceSQL, a, &open, &current, &reason, &control)
	bounded, cancel := l.toTheEnd(ctx)
	defer cancel()
	if err := tx.SendBatch(bounded, &t.batch).Close(); err != nil {
		return nil, err
	}
	switch {
	case open:
		return nil, nil
	case reason != "":
		return &FencedError{Epoch: c.Epoch, Current: core.Epoch(current), Reason: parseReason(reason)}, nil
	default:
		return fmt.Errorf("%w: control mode %s", ErrStopped, control), nil
	}
}

// commit ends the transaction, and tells what is known to be rolled back from
// what nobody knows.
func commit(ctx context.Context, conn *pgxpool.Conn, tx pgx.Tx) error {
	const inTransaction, failed = 'T', 'E'
	switch conn.Conn().PgConn().TxStatus() {
	case inTransaction:
	case failed:
		return fmt.Errorf("%s: a statement failed: %w", txOp, pgx.ErrTxCommitRollback)
	default:
		return fmt.Errorf("%s: it was ended inside, and nobody knows under which epoch: %w", txOp,
			ErrOutcomeUnknown)
	}
	err := tx.Commit(ctx)
	// Of a connection that broke while it was waited for an answer the driver says as
	// well that it was closed, and that this is safe.
	unsent := pgconn.SafeToRetry(err) && !errors.Is(err, pgconn.ErrConnClosed)
	var answer *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrTxCommitRollback), unsent,
		errors.As(err, &answer) && answer.Severity == "ERROR":
		return fmt.Errorf("%s: commit: %w", txOp, err)
	default:
		return fmt.Errorf("%s: commit: %w: %w", txOp, ErrOutcomeUnknown, err)
	}
}

// abandon rolls a transaction back that was not committed, also if its context
// has ended.
func (l *Ledger) abandon(ctx context.Context, tx pgx.Tx) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.opt.Limits.Statement)
	defer cancel()
	// A failure closes the connection, and the server lets the lock go with it.
	_ = tx.Rollback(bounded)
}

// fencedTx is a transaction whose end is not its user's.
type fencedTx struct{ pgx.Tx }

// errNotYours answers whoever tries to end the transaction.
var errNotYours = errors.New("a fenced transaction ends when its function returns")

// Commit is refused: the fence holds for the transaction as a whole.
func (fencedTx) Commit(context.Context) error { return errNotYours }

// Rollback is refused: return an error instead.
func (fencedTx) Rollback(context.Context) error { return errNotYours }

// Exec carries a statement out; see unkept.
func (t fencedTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.Tx.Exec(ctx, sql, unkept(args)...)
}

// Query asks for rows; see unkept.
func (t fencedTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.Tx.Query(ctx, sql, unkept(args)...) //nolint:rowserrcheck // whoever asks reads them
}

// QueryRow asks for a row; see unkept.
func (t fencedTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.Tx.QueryRow(ctx, sql, unkept(args)...)
}

// unkept has a statement carried out unprepared, unless its arguments say otherwise:
// an argument's type is then the same whether or not a pooler stands in between.
func unkept(args []any) []any { return append([]any{pgx.QueryExecModeExec}, args...) }
