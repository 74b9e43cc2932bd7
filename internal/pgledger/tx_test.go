package pgledger_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// books starts a leader of epoch 1 with a table of somebody's own beside the
// ledger.
func books(t *testing.T) (n1 *process, conn *pgx.Conn, dsn string) {
	t.Helper()
	dsn = database(t)
	n1, conn = start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	exec(t, conn, `CREATE TABLE entries (epoch bigint NOT NULL, text text PRIMARY KEY)`)
	return n1, conn, dsn
}

// enter writes one entry under the process's claim to an epoch.
func (p *process) enter(ctx context.Context, epoch core.Epoch, text string) error {
	return p.Tx(ctx, pgledger.Claim{Epoch: epoch, Token: p.token}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO entries VALUES ($1, $2)`, int64(epoch), text)
		return err
	})
}

// entries counts what stands in the table.
func entries(t *testing.T, conn executor) int64 {
	t.Helper()
	return read[int64](t, conn, `SELECT count(*) FROM entries`)
}

func TestTxWritesUnderTheCurrentEpoch(t *testing.T) {
	t.Parallel()
	n1, conn, _ := books(t)
	if err := n1.enter(t.Context(), 1, "a"); err != nil || entries(t, conn) != 1 {
		t.Fatalf("%v, %d entries", err, entries(t, conn))
	}
	refused := errors.New("no")
	claim := pgledger.Claim{Epoch: 1, Token: n1.token}
	err := n1.Tx(t.Context(), claim, func(tx pgx.Tx) error {
		exec(t, tx, `INSERT INTO entries VALUES (1, 'b')`)
		return refused
	})
	if !errors.Is(err, refused) || entries(t, conn) != 1 {
		t.Errorf("after an error: %v, %d entries", err, entries(t, conn))
	}
	func() {
		defer func() { _ = recover() }()
		_ = n1.Tx(t.Context(), claim, func(tx pgx.Tx) error {
			exec(t, tx, `INSERT INTO entries VALUES (1, 'c')`)
			panic("a mistake of the embedding program")
		})
	}()
	if n := entries(t, conn); n != 1 {
		t.Errorf("after a panic: %d entries", n)
	}
	if got, err := n1.Refusals(t.Context(), 10); err != nil || len(got) != 0 {
		t.Errorf("refusals %+v, %v", got, err)
	}
}

func TestTxOfADeposedLeaderIsRefusedAndNoted(t *testing.T) {
	t.Parallel()
	n1, conn, dsn := books(t)
	n2 := start(t, dsn, "n2")
	n2.lead()
	for name, asked := range map[string]core.Epoch{"its own": 1, "its successor's": 2} {
		err := n1.enter(t.Context(), asked, "late")
		var fenced *pgledger.FencedError
		if !errors.Is(err, pgledger.ErrFenced) || !errors.As(err, &fenced) || fenced.Current != 2 ||
			fenced.Epoch != asked || fenced.Reason != core.Superseded {
			t.Errorf("under %s epoch: %v", name, err)
		}
		wantRefusal(t, n1, pgledger.Refusal{Op: "tx", Epoch: asked, CurrentEpoch: 2, Reason: "superseded"})
	}
	if n := entries(t, conn); n != 0 {
		t.Errorf("%d entries of a deposed leader", n)
	}
	if err := n2.enter(t.Context(), 2, "in time"); err != nil {
		t.Errorf("the successor: %v", err)
	}
}

func TestTxUnderAClosedTenureIsRefusedAndNoted(t *testing.T) {
	t.Parallel()
	n1, _, _ := books(t)
	n1.resign(1, core.GracefulShutdown)
	if err := n1.enter(t.Context(), 1, "late"); !errors.Is(err, pgledger.ErrFenced) {
		t.Errorf("%v", err)
	}
	wantRefusal(t, n1, pgledger.Refusal{Op: "tx", Epoch: 1, CurrentEpoch: 1, Reason: "tenure_closed"})
}

func TestControlModeStopsTransactions(t *testing.T) {
	t.Parallel()
	n1, conn, _ := books(t)
	for _, mode := range []core.Control{core.Pause, core.Halt} {
		if err := n1.SetControl(t.Context(), mode, "drill", "ops"); err != nil {
			t.Fatal(err)
		}
		if err := n1.enter(t.Context(), 1, "stopped"); !errors.Is(err, pgledger.ErrStopped) {
			t.Errorf("%v: %v", mode, err)
		}
	}
	if got, err := n1.Refusals(t.Context(), 10); err != nil || len(got) != 0 || entries(t, conn) != 0 {
		t.Errorf("refusals %+v, %v, %d entries", got, err, entries(t, conn))
	}
}

// A takeover waits for a transaction that has passed the fence, and one that
// comes while a takeover is under way waits for that and is refused.
func TestTxAndTakeoverNeverOverlap(t *testing.T) {
	t.Parallel()
	m := meet(t)
	exec(t, m.watch, `CREATE TABLE entries (epoch bigint, text text)`)
	var took <-chan core.Input
	claim := pgledger.Claim{Epoch: 1, Token: m.old.token}
	err := m.old.Tx(t.Context(), claim, func(tx pgx.Tx) error {
		took = m.takeInBackground()
		until(t, "the takeover done or waiting", func() bool {
			return len(took) > 0 || lockWaits(t, m.watch, "take_epoch") > 0
		})
		exec(t, tx, `INSERT INTO entries SELECT epoch, 'first' FROM authority`)
		return nil
	})
	in := <-took
	under := read[int64](t, m.watch, `SELECT epoch FROM entries`)
	if err != nil || in.Kind != core.EpochWasTaken || under != 1 {
		t.Errorf("the transaction came first: %v, %v, under epoch %d", err, in.Kind, under)
	}

	m = meet(t)
	exec(t, m.watch, `CREATE TABLE entries (epoch bigint, text text)`)
	exec(t, m.blocker, `BEGIN`)
	exec(t, m.blocker, `SELECT 1 FROM instance_metadata FOR UPDATE`)
	took = m.takeInBackground()
	waitForLock(t, m.watch, "take_epoch", 1)
	done := make(chan error, 1)
	go func() { done <- m.old.enter(t.Context(), 1, "late") }()
	until(t, "the transaction done or waiting", func() bool {
		return len(done) > 0 || lockWaits(t, m.watch, "tx") > 0
	})
	exec(t, m.blocker, `COMMIT`)
	if err := <-done; !errors.Is(err, pgledger.ErrFenced) || entries(t, m.watch) != 0 {
		t.Errorf("the takeover came first: %v, %d entries", err, entries(t, m.watch))
	}
	<-took
}

// Who waits at the fence while its tenure ends is the one whom the fence is for: that
// its context ended meanwhile does not lose the row about it.
func TestRefusalOfATxIsKeptThoughItsContextEnded(t *testing.T) {
	t.Parallel()
	m := meet(t)
	exec(t, m.watch, `CREATE TABLE entries (epoch bigint, text text)`)
	exec(t, m.blocker, `BEGIN`)
	exec(t, m.blocker, `SELECT 1 FROM instance_metadata FOR UPDATE`)
	took := m.takeInBackground()
	waitForLock(t, m.watch, "take_epoch", 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- m.old.enter(ctx, 1, "late") }()
	waitForLock(t, m.watch, "tx", 1)
	cancel()
	exec(t, m.blocker, `COMMIT`)
	if err := <-done; !errors.Is(err, pgledger.ErrFenced) || entries(t, m.watch) != 0 {
		t.Errorf("%v, %d entries", err, entries(t, m.watch))
	}
	<-took
	wantRefusal(t, m.old, pgledger.Refusal{Op: "tx", Epoch: 1, CurrentEpoch: 2, Reason: "superseded"})
}

// One that passes the fence after its context has ended does nothing.
func TestTxWhoseContextEndedAtTheFenceDoesNothing(t *testing.T) {
	t.Parallel()
	n1, conn, dsn := books(t)
	holder := connect(t, dsn)
	exec(t, holder, `SELECT pg_advisory_lock($1)`, pgledger.AdvisoryKey("test"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- n1.enter(ctx, 1, "late") }()
	waitForLock(t, conn, "tx", 1)
	cancel()
	exec(t, holder, `SELECT pg_advisory_unlock($1)`, pgledger.AdvisoryKey("test"))
	if err := <-done; !errors.Is(err, context.Canceled) || entries(t, conn) != 0 {
		t.Errorf("%v, %d entries", err, entries(t, conn))
	}
}

// That the row is not kept is said beside the refusal.
func TestRefusalOfATxThatCannotBeKeptIsSaid(t *testing.T) {
	t.Parallel()
	n1, conn, dsn := books(t)
	start(t, dsn, "n2").lead()
	exec(t, conn, `CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE EXCEPTION 'the disk is full'; END $$`)
	exec(t, conn, `CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON fence_refusals
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`)
	err := n1.enter(t.Context(), 1, "late")
	if !errors.Is(err, pgledger.ErrFenced) || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("%v", err)
	}
}

// A commit whose answer did not come is neither a success nor a failure; one that
// the server refused is a failure.
func TestTxTellsAnUnknownOutcomeFromAFailure(t *testing.T) {
	t.Parallel()
	n1, conn, _ := books(t)
	exec(t, conn, `CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.text = 'slow' THEN PERFORM pg_sleep(5); END IF;
		IF NEW.text = 'wrong' THEN RAISE EXCEPTION 'wrong'; END IF;
		RETURN NULL; END $$`)
	exec(t, conn, `CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON entries
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`)
	if err := n1.enter(t.Context(), 1, "wrong"); err == nil || errors.Is(err, pgledger.ErrOutcomeUnknown) {
		t.Errorf("a refused commit: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		until(t, "a commit that hangs", func() bool {
			return read[int64](t, conn, `SELECT count(*) FROM pg_stat_activity
				WHERE query LIKE '/* tx */ COMMIT%' AND wait_event = 'PgSleep'`) > 0
		})
		cancel()
	}()
	if err := n1.enter(ctx, 1, "slow"); !errors.Is(err, pgledger.ErrOutcomeUnknown) {
		t.Errorf("a commit without an answer: %v", err)
	}
	claim := pgledger.Claim{Epoch: 1, Token: n1.token}
	err := n1.Tx(t.Context(), claim, func(tx pgx.Tx) error {
		_, _ = tx.Exec(t.Context(), `INSERT INTO nowhere VALUES (1)`)
		return nil
	})
	if !errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, pgledger.ErrOutcomeUnknown) {
		t.Errorf("a failure that was swallowed: %v", err)
	}
}

// The connection breaks while the server commits: it may go on, or notice.
func TestTxOfABrokenConnectionIsNoFailure(t *testing.T) {
	t.Parallel()
	_, conn, dsn := books(t)
	exec(t, conn, `CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$`)
	exec(t, conn, `CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON entries
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`)
	between, through := newLink(t, dsn, nil)
	n2 := start(t, through, "n2")
	epoch := n2.lead()
	exec(t, conn, `SELECT pg_advisory_lock(77)`)
	done := make(chan error, 1)
	go func() { done <- n2.enter(t.Context(), epoch, "sent") }()
	until(t, "a commit that hangs", func() bool {
		return read[int64](t, conn, `SELECT count(*) FROM pg_stat_activity
			WHERE query LIKE '/* tx */ COMMIT%' AND wait_event = 'advisory'
			  AND datname = current_database()`) > 0
	})
	between.cut()
	err := <-done
	exec(t, conn, `SELECT pg_advisory_unlock(77)`)
	if !errors.Is(err, pgledger.ErrOutcomeUnknown) {
		t.Errorf("a commit whose connection broke: %v", err)
	}
}

func TestTxIsEndedByNobodyElse(t *testing.T) {
	t.Parallel()
	n1, conn, _ := books(t)
	claim := pgledger.Claim{Epoch: 1, Token: n1.token}
	err := n1.Tx(t.Context(), claim, func(tx pgx.Tx) error {
		if tx.Commit(t.Context()) == nil || tx.Rollback(t.Context()) == nil {
			t.Error("the function ended the transaction")
		}
		exec(t, tx, `INSERT INTO entries VALUES (1, 'a')`)
		return nil
	})
	if err != nil || entries(t, conn) != 1 {
		t.Errorf("%v, %d entries", err, entries(t, conn))
	}
	err = n1.Tx(t.Context(), claim, func(tx pgx.Tx) error {
		exec(t, tx, `COMMIT`)
		return nil
	})
	if !errors.Is(err, pgledger.ErrOutcomeUnknown) {
		t.Errorf("ended by a statement: %v", err)
	}
}

// Each statement, each pause and the whole are bounded: takeovers wait for it.
func TestTxIsBounded(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	n1 := start(t, dsn, "n1", func(o *pgledger.Options) { o.Limits = pgledger.DefaultLimits() })
	n1.lead()
	claim := pgledger.Claim{Epoch: 1, Token: n1.token}
	limits := map[string]string{}
	err := n1.Tx(t.Context(), claim, func(tx pgx.Tx) error {
		for _, name := range []string{
			"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
		} {
			limits[name] = read[string](t, tx, `SELECT current_setting($1)`, name)
		}
		_, err := tx.Exec(t.Context(), `SELECT pg_sleep(20)`)
		return err
	})
	if err == nil {
		t.Error("a statement of twenty seconds passed")
	}
	for name, want := range map[string]string{
		"statement_timeout": "400ms", "lock_timeout": "300ms", "idle_in_transaction_session_timeout": "1s",
	} {
		if limits[name] != want {
			t.Errorf("%s %q, want %q", name, limits[name], want)
		}
	}
	err = n1.Tx(t.Context(), claim, func(tx pgx.Tx) error {
		for {
			if _, err := tx.Exec(t.Context(), `SELECT pg_sleep(0.1)`); err != nil {
				return err
			}
		}
	})
	if err == nil {
		t.Error("a transaction went on for ever")
	}
	conn := connect(t, dsn)
	exec(t, conn, `SET lock_timeout = '20s'`)
	exec(t, conn, `SELECT pg_advisory_lock($1)`, pgledger.AdvisoryKey("test"))
}

// A client that stands still with the lock is sent away by the server.
func TestTxOfAPausedClientLetsTheLockGo(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	n1 := start(t, dsn, "n1", func(o *pgledger.Options) {
		o.Limits.Idle = 100 * time.Millisecond
	})
	n1.lead()
	conn, n2 := connect(t, dsn), start(t, dsn, "n2")
	exec(t, conn, `CREATE TABLE entries (epoch bigint, text text)`)
	err := n1.Tx(t.Context(), pgledger.Claim{Epoch: 1, Token: n1.token}, func(tx pgx.Tx) error {
		if in := n2.take(1); in.Kind != core.EpochWasTaken {
			t.Errorf("takeover %+v", in)
		}
		_, err := tx.Exec(t.Context(), `INSERT INTO entries VALUES (1, 'late')`)
		return err
	})
	if err == nil || entries(t, conn) != 0 {
		t.Errorf("%v, %d entries", err, entries(t, conn))
	}
}
