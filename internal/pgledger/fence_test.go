package pgledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/identity"
	"fencepost/internal/pgledger"
)

// fence is one way to let permits through. The production one, and what is
// left of it when a part is missing.
type fence struct {
	name string
	// begin starts the transaction.
	begin string
	// before are the statements that come before the permit.
	before []string
	// permit is the statement that looks and writes.
	permit string
	// separately ends the transaction between looking and writing.
	separately bool
	// itself is the ledger's own code instead of all of the above.
	itself bool
}

// without returns the production permit with one part replaced.
func without(old, replacement string) string {
	if strings.Count(pgledger.PermitSQL, old) != 1 {
		panic(fmt.Sprintf("%q stands %d times in the permit", old, strings.Count(pgledger.PermitSQL, old)))
	}
	return strings.Replace(pgledger.PermitSQL, old, replacement, 1)
}

// production is the fence as it is.
func production() fence { return fence{name: "production", itself: true} }

// sharedRow holds the authority row itself instead of the advisory lock. It is
// safe, but takeovers starve behind a crowd of permits.
func sharedRow() fence {
	return fence{
		name: "FOR SHARE on the epoch row", begin: pgledger.BeginSQL,
		permit: without(pgledger.FenceSQL, pgledger.FenceSQL+` FOR SHARE`),
	}
}

// The fences that look safe and are not.
func unsafeFences() []fence {
	inStatement := strings.Replace(pgledger.FenceSQL, "FROM authority a",
		"FROM (SELECT pg_advisory_xact_lock_shared(@key::bigint)) held, authority a", 1)
	return []fence{{
		name: "conditional insert without a lock", begin: pgledger.BeginSQL, permit: pgledger.PermitSQL,
	}, {
		name: "FOR KEY SHARE on the epoch row", begin: pgledger.BeginSQL,
		permit: without(pgledger.FenceSQL, pgledger.FenceSQL+` FOR KEY SHARE`),
	}, {
		name: "advisory lock in the statement that reads", begin: pgledger.BeginSQL,
		permit: without(pgledger.FenceSQL, inStatement),
	}, {
		name: "repeatable read", begin: `BEGIN ISOLATION LEVEL REPEATABLE READ`,
		before: []string{`SELECT set_config('lock_timeout', '8000', true)`, pgledger.LockSharedSQL},
		permit: pgledger.PermitSQL,
	}, {
		name: "looking and writing in two transactions", begin: pgledger.BeginSQL,
		before: []string{pgledger.LockSharedSQL}, separately: true,
		permit: without(pgledger.FenceSQL, `SELECT @group::text AS group_name`),
	}}
}

// claim is the epoch under which a permit is asked for, and whose it is.
type claim struct {
	of    *process
	epoch core.Epoch
	token core.Token
}

// ask asks for a permit through the fence, in one pipeline as production does,
// and reports whether it was granted. The connection is the asker's own; the
// ledger itself uses its pool.
func (f fence) ask(ctx context.Context, conn *pgx.Conn, c claim, signal int64) (granted bool, err error) {
	if f.itself {
		e := core.Effect{
			Op: core.Permit, Signal: core.SignalID(signal), Attempt: 1, Version: 1,
			Epoch: c.epoch, Token: c.token,
		}
		err = c.of.Call(ctx, &e, func(in *core.Input) { granted = in.Kind == core.PermitWasGranted })
		return granted, err
	}
	a := pgx.NamedArgs{
		"key": pgledger.AdvisoryKey("test"), "group": "test", "op": "permit",
		"epoch": int64(c.epoch), "token": identity.Text(c.of.name, c.token),
		"signals": []int64{signal}, "attempts": []int64{1}, "versions": []int64{1},
		"order_ids": []string{fmt.Sprintf("order-%d", signal)}, "send_by": int64(1_000_000),
		"one_open": false,
	}
	if f.separately {
		var current bool
		look := conn.QueryRow(ctx, `SELECT EXISTS (`+pgledger.FenceSQL+`)`, a)
		err := look.Scan(&current)
		if err != nil || !current {
			return false, err
		}
	}
	var (
		batch                      pgx.Batch
		id, version, epoch         int64
		reason, control            string
		accepted, system, timeline int64
	)
	batch.Queue(f.begin)
	batch.Queue(pgledger.ManyOpenSQL)
	for _, sql := range f.before {
		batch.Queue(`/* permit */ `+sql, a)
	}
	batch.Queue(`/* permit */ `+f.permit, a).QueryRow(func(row pgx.Row) error {
		return row.Scan(&id, &version, &epoch, &reason, &control, &accepted, &system, &timeline)
	})
	batch.Queue(`COMMIT`)
	if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
		_, rollback := conn.Exec(ctx, `ROLLBACK`)
		return false, errors.Join(err, rollback)
	}
	return version != 0, nil
}

// lateSQL counts the permits that stand outside their tenure, by the order of
// the fence and nothing else.
const lateSQL = `
SELECT count(*) FROM attempts a
JOIN leadership_history h ON h.group_name = a.group_name AND h.epoch = a.epoch
WHERE a.fence_seq < h.fence_seq OR a.fence_seq > coalesce(h.release_fence_seq, a.fence_seq)`

// exact connects in the mode that production uses.
func exact(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// meeting is one deterministic encounter of a permit and a takeover.
type meeting struct {
	old, young *process
	signal     core.SignalID
	dsn        string
	blocker    *pgx.Conn
	watch      *pgx.Conn
}

// meet sets the stage: old leads epoch 1 and wants to send one signal.
func meet(t *testing.T) *meeting {
	t.Helper()
	old, signal, dsn := leading(t)
	return &meeting{
		old: old, young: start(t, dsn, "n2"), signal: signal, dsn: dsn,
		blocker: connect(t, dsn), watch: connect(t, dsn),
	}
}

// answer is what came of a permit.
type answer struct {
	granted bool
	err     error
}

// askInBackground asks through the fence and returns where the answer comes.
func (m *meeting) askInBackground(t *testing.T, f fence) <-chan answer {
	t.Helper()
	conn, done := exact(t, m.dsn), make(chan answer, 1)
	go func() {
		granted, err := f.ask(t.Context(), conn, claim{m.old, 1, m.old.token}, int64(m.signal))
		done <- answer{granted, err}
	}()
	return done
}

// permitWaitsAfterItLooked lets the permit stop on the signal's row, which
// somebody else has locked for a moment, and lets the takeover try meanwhile.
func permitWaitsAfterItLooked(t *testing.T, f fence) (granted bool, late int64) {
	t.Helper()
	m := meet(t)
	exec(t, m.blocker, `BEGIN`)
	exec(t, m.blocker, `SELECT 1 FROM signals WHERE id = $1 FOR UPDATE`, int64(m.signal))
	permit := m.askInBackground(t, f)
	waitForLock(t, m.watch, "permit", 1)
	took := m.takeInBackground()
	until(t, "the takeover done or waiting", func() bool {
		return len(took) > 0 || lockWaits(t, m.watch, "take_epoch") > 0
	})
	exec(t, m.blocker, `COMMIT`)
	return m.judge(t, <-permit, <-took)
}

// permitWaitsForTheTakeover lets the takeover stop in its middle, with the new
// epoch written but not committed, and lets the permit try meanwhile.
func permitWaitsForTheTakeover(t *testing.T, f fence) (granted bool, late int64) {
	t.Helper()
	m := meet(t)
	exec(t, m.blocker, `BEGIN`)
	exec(t, m.blocker, `SELECT 1 FROM instance_metadata FOR UPDATE`)
	took := m.takeInBackground()
	waitForLock(t, m.watch, "take_epoch", 1)
	permit := m.askInBackground(t, f)
	until(t, "the permit done or waiting", func() bool {
		return len(permit) > 0 || lockWaits(t, m.watch, "permit") > 0
	})
	exec(t, m.blocker, `COMMIT`)
	return m.judge(t, <-permit, <-took)
}

// takeInBackground takes the next epoch and returns where the answer comes.
func (m *meeting) takeInBackground() <-chan core.Input {
	took := make(chan core.Input, 1)
	go func() { took <- m.young.take(1) }()
	return took
}

// judge looks at the order of the fence once both are done.
func (m *meeting) judge(t *testing.T, a answer, in core.Input) (granted bool, late int64) {
	t.Helper()
	if a.err != nil || in.Kind != core.EpochWasTaken {
		t.Fatalf("permit %+v, takeover %+v", a, in)
	}
	return a.granted, read[int64](t, m.watch, lateSQL)
}

// TestEachMissingPartOfTheFenceLetsALatePermitThrough plays, for each unsafe
// fence, an encounter in which it fails, step by step.
func TestEachMissingPartOfTheFenceLetsALatePermitThrough(t *testing.T) {
	for _, f := range unsafeFences() {
		t.Run(f.name, func(t *testing.T) {
			_, one := permitWaitsAfterItLooked(t, f)
			_, two := permitWaitsForTheTakeover(t, f)
			t.Logf("late permits: %d by waiting after it looked, %d by waiting for the takeover", one, two)
			if one+two == 0 {
				t.Error("nothing went wrong: what is this test worth?")
			}
		})
	}
}

func TestTheFenceHoldsInBothEncounters(t *testing.T) {
	for _, f := range []fence{production(), sharedRow()} {
		t.Run(f.name, func(t *testing.T) {
			granted, late := permitWaitsAfterItLooked(t, f)
			if !granted || late != 0 {
				t.Errorf("the permit came first: granted %v, %d late", granted, late)
			}
			granted, late = permitWaitsForTheTakeover(t, f)
			if granted || late != 0 {
				t.Errorf("the takeover came first: granted %v, %d late", granted, late)
			}
		})
	}
}
