package pgledger_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/postgres"
	"fencepost/migrations"
)

// A wait for a lock ends on the server, and the connection goes on.
func TestWaitForALockIsBoundedByTheServer(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1", func(o *pgledger.Options) { o.Limits.Lock = 50 * time.Millisecond })
	conn, watch := connect(t, dsn), connect(t, dsn)
	exec(t, conn, `BEGIN`)
	exec(t, conn, `SELECT pg_advisory_xact_lock($1)`, pgledger.AdvisoryKey("test"))
	n1.observe()
	const sessions = `SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'fencepost'`
	before := read[string](t, watch, sessions)
	for range pgledger.LeadershipConns + 1 {
		err := n1.Call(t.Context(), &core.Effect{Op: core.TakeEpoch, Token: n1.token}, func(*core.Input) {})
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "55P03" {
			t.Fatalf("take_epoch against a held lock: %v, want lock_not_available", err)
		}
	}
	// The pools may still be opening their first connections; none may go.
	after := strings.Fields(read[string](t, watch, sessions))
	for _, pid := range strings.Fields(before) {
		if !slices.Contains(after, pid) {
			t.Errorf("sessions %s before and %s after: connections were thrown away", before, after)
		}
	}
	exec(t, conn, `COMMIT`)
	if in := n1.take(0); in.Kind != core.EpochWasTaken {
		t.Errorf("after the lock was free: %+v", in)
	}
	open := read[int64](t, watch, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND state LIKE 'idle in transaction%'`)
	if open != 0 {
		t.Errorf("%d transactions were left open", open)
	}
}

// A statement that takes too long ends on the server.
func TestStatementIsBoundedByTheServer(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1", func(o *pgledger.Options) { o.Limits.Statement = 50 * time.Millisecond })
	conn := connect(t, dsn)
	exec(t, conn, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$`)
	exec(t, conn, `CREATE TRIGGER slow BEFORE INSERT ON signals FOR EACH ROW EXECUTE FUNCTION slow()`)
	o := offer("s")
	_, err := n1.Admit(t.Context(), &o)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "57014" {
		t.Errorf("admit: %v, want query_canceled", err)
	}
}

func TestServerThatStandsStillIsGivenUpInTime(t *testing.T) {
	server := testbed.OwnPostgres(t, postgres.Options{})
	if err := server.CreateDatabase(t.Context(), "ledger"); err != nil {
		t.Fatal(err)
	}
	dsn := server.DSN("ledger")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	n1 := start(t, dsn, "n1", func(o *pgledger.Options) {
		o.Limits.Read, o.Limits.Statement = time.Second, 900*time.Millisecond
	})
	tries := func(limit time.Duration) (took time.Duration, err error) {
		began := time.Now()
		err = n1.Call(context.WithoutCancel(t.Context()), &core.Effect{Op: core.Heartbeat, Timeout: limit},
			func(*core.Input) {})
		return time.Since(began), err
	}
	if _, err := tries(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	// More often than there are connections: none may hang in the pool.
	for range 2 * pgledger.LeadershipConns {
		if took, err := tries(300 * time.Millisecond); err == nil || took > 2*time.Second {
			t.Errorf("a stopped server: %v after %v", err, took)
		}
	}
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	if took, err := tries(10 * time.Second); err != nil {
		t.Errorf("after the server went on: %v after %v", err, took)
	}
}

// A link that goes silent in the middle must not cost the pool its places.
func TestSilentLinkFreesItsPlacesInThePool(t *testing.T) {
	dsn := database(t)
	link, through := newLink(t, dsn, nil)
	n1 := start(t, through, "n1", func(o *pgledger.Options) {
		o.Limits.Read, o.Limits.Statement = time.Second, 900*time.Millisecond
	})
	beat := func(limit time.Duration) error {
		return n1.Call(context.WithoutCancel(t.Context()), &core.Effect{Op: core.Heartbeat, Timeout: limit},
			func(*core.Input) {})
	}
	// All connections of the pool are there, because all are needed at once.
	blocker, watch := connect(t, dsn), connect(t, dsn)
	if err := beat(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	exec(t, blocker, `BEGIN`)
	exec(t, blocker, `SELECT 1 FROM instance_metadata FOR UPDATE`)
	warm := make(chan error, pgledger.LeadershipConns)
	for range pgledger.LeadershipConns {
		go func() { warm <- beat(10 * time.Second) }()
	}
	waitForLock(t, watch, "heartbeat", pgledger.LeadershipConns)
	exec(t, blocker, `COMMIT`)
	for range pgledger.LeadershipConns {
		if err := <-warm; err != nil {
			t.Fatal(err)
		}
	}
	link.silence()
	var wg sync.WaitGroup
	for range pgledger.LeadershipConns {
		wg.Go(func() {
			if beat(100*time.Millisecond) == nil {
				t.Error("an answer came through a silent link")
			}
		})
	}
	wg.Wait()
	began := time.Now()
	for beat(time.Second) != nil {
		if time.Since(began) > 8*time.Second {
			t.Fatal("eight seconds later the pool's places are still taken by dead connections")
		}
	}
}

func TestServerThatIsSlowToLetAnybodyInIsReachedInTheEnd(t *testing.T) {
	t.Parallel()
	link, through := newLink(t, database(t), nil)
	const piece = 150 * time.Millisecond // of at least three in a handshake
	link.slow.Store(int64(piece))
	n1 := start(t, through, "n1", func(o *pgledger.Options) { o.Limits.Connect = piece })
	beat := func() error {
		return n1.Call(context.WithoutCancel(t.Context()),
			&core.Effect{Op: core.Heartbeat, Timeout: 10 * time.Second}, func(*core.Input) {})
	}
	if beat() == nil {
		t.Fatal("a handshake of three pieces came through in the time of one: this test tests nothing")
	}
	var err error
	for range 20 {
		if err = beat(); err == nil {
			return
		}
	}
	t.Errorf("nobody is ever let in: %v", err)
}

func TestWrongUseIsRefused(t *testing.T) {
	for word, o := range map[string]pgledger.Options{
		"parse PostgreSQL address": {DSN: "postgres://%"},
		"set both or neither":      {Instance: "n1"},
		"not allowed":              {Instance: "a|b", Nonce: 1},
		"at least 1":               {Conns: -1},
		"must exceed statement":    {Limits: pgledger.Limits{Read: time.Second, Statement: time.Second}},
		"at least 1ms":             {Limits: pgledger.Limits{Read: time.Second}},
	} {
		l, err := pgledger.Open(o)
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%+v: %v, want %q", o, err, word)
		}
	}
	reader, err := pgledger.Open(pgledger.Options{DSN: database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	for _, op := range core.Ops() {
		e := core.Effect{Op: op, Epoch: 1}
		err := reader.Call(t.Context(), &e, func(*core.Input) {})
		reads := op == core.Observe || op == core.Fetch || op == core.Reread
		if reads != (err == nil) {
			t.Errorf("%v without an instance id: %v", op, err)
		}
	}
}
