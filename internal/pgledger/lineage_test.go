package pgledger_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/postgres"
	"fencepost/migrations"
)

func TestLineageTellsWhereTheDataComesFrom(t *testing.T) {
	n1 := start(t, database(t), "n1")
	before, err := n1.Lineage(t.Context())
	if err != nil || before.System == 0 || before.Timeline == 0 || before.Epoch != 0 {
		t.Errorf("lineage %+v, %v", before, err)
	}
	n1.lead()
	after, err := n1.Lineage(t.Context())
	if before.Epoch = 1; err != nil || after != before {
		t.Errorf("lineage %+v, %v; want %+v", after, err, before)
	}
	for name, in := range map[string]core.Input{"observe": n1.observe(), "heartbeat": n1.beat(0)} {
		if in.Lineage != before.Number() || in.Lineage == 0 {
			t.Errorf("%s tells of lineage %d, want %d", name, in.Lineage, before.Number())
		}
	}
}

func TestNumberOfALineageTellsServersAndTimelinesApart(t *testing.T) {
	seen := map[uint32]pgledger.Lineage{}
	for system := range uint64(100) {
		for timeline := range uint32(10) {
			l := pgledger.Lineage{System: system << 40, Timeline: timeline, Epoch: 7}
			n := l.Number()
			if other, taken := seen[n]; n == 0 || taken {
				t.Fatalf("%+v and %+v are both %d", l, other, n)
			}
			seen[n] = l
		}
	}
}

// All that a node needs of the server's functions is open to any role.
func TestAnOrdinaryRoleMayReadTheLineage(t *testing.T) {
	dsn := database(t)
	conn := connect(t, dsn)
	exec(t, conn, `CREATE ROLE plain LOGIN PASSWORD 'plain'`)
	exec(t, conn, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plain`)
	exec(t, conn, `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO plain`)
	config := conn.Config()
	plain := strings.Replace(dsn, config.User+":"+config.Password+"@", "plain:plain@", 1)
	n1 := start(t, plain, "n1", shortTTL)
	if read[bool](t, connect(t, plain), `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`) {
		t.Fatal("the role is a superuser")
	}
	if in := n1.observe(); in.Lineage == 0 {
		t.Errorf("observed %+v", in)
	}
	if in := n1.takePG(0); in.Kind != core.EpochWasTaken {
		t.Errorf("took %+v", in)
	}
}

// promoted is a copy of a server's files that follows nobody until it is
// promoted.
func promoted(t *testing.T, of *postgres.Server) *postgres.Server {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	// The unprivileged account of the server has to cross the directories above.
	for _, dir := range []string{filepath.Dir(data), filepath.Dir(filepath.Dir(data))} {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(data, os.DirFS(of.DataPath())); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.WriteFile(filepath.Join(data, "standby.signal"), nil, 0o600), os.Chmod(data, 0o700),
		os.Remove(filepath.Join(data, "postmaster.pid")),
	} {
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return testbed.OwnPostgres(t, postgres.Options{DataPath: data})
}

// A pool's connections live on when the server below them is promoted, so that
// nothing about the server may be remembered with them; and what a standby says
// is no word on what was committed.
func TestStandbyIsNoAuthorityAndItsPromotionIsANewLineage(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	primary := testbed.OwnPostgres(t, postgres.Options{})
	if _, err := migrations.Up(ctx, primary.DSN("postgres")); err != nil {
		t.Fatal(err)
	}
	n1 := start(t, primary.DSN("postgres"), "n1")
	n1.lead()
	before := n1.observe()
	if err := primary.Restart(ctx); err != nil { // what it wrote is in its files
		t.Fatal(err)
	}
	follower := promoted(t, primary)
	n2 := start(t, follower.DSN("postgres"), "n2")
	asks := func(op core.Op) error {
		return n2.Call(ctx, &core.Effect{Op: op}, func(*core.Input) {})
	}
	if err := asks(core.Observe); err == nil || !strings.Contains(err.Error(), "standby") {
		t.Errorf("observed a standby: %v", err)
	}
	if err := asks(core.Heartbeat); err == nil {
		t.Error("wrote a heartbeat to a standby")
	}
	if l, err := n2.Lineage(ctx); err != nil || l.Timeline != 0 || l.Epoch != 1 {
		t.Errorf("lineage of a standby %+v, %v", l, err)
	}
	if _, err := n2.AcceptAuthority(ctx, pgledger.Acceptance{By: "ops", Reason: "test"}); err == nil {
		t.Error("accepted a standby")
	}
	conn := connect(t, follower.DSN("postgres"))
	exec(t, conn, `SELECT pg_promote()`)
	if in := n2.observe(); in.Epoch != 1 || in.Lineage == before.Lineage || in.Lineage == 0 {
		t.Errorf("after the promotion: %+v, before: %+v", in, before)
	}
}

// When one backend dies the server ends all sessions and recovers, and may
// forget heartbeats that were committed in memory; it goes on being the server
// that was started long ago.
func TestNobodyTakesATenureOfKindPGRightAfterARecovery(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := testbed.OwnPostgres(t, postgres.Options{})
	dsn := server.DSN("postgres")
	if _, err := migrations.Up(ctx, dsn); err != nil {
		t.Fatal(err)
	}
	const ttl = 2 * time.Second
	n1 := start(t, dsn, "n1", func(o *pgledger.Options) { o.TTL = ttl })
	conn := connect(t, dsn)
	age := func(conn executor, of string) time.Duration {
		seconds := read[float64](t, conn, `SELECT extract(epoch FROM clock_timestamp() - `+of+`)::float8`)
		return time.Duration(seconds * float64(time.Second))
	}
	until(t, "a server that has been up for a ttl", func() bool {
		return age(conn, `pg_postmaster_start_time()`) > ttl
	})
	pid := read[int32](t, conn, `SELECT pg_backend_pid()`)
	for _, child := range server.PIDs() {
		if child == int(pid) {
			victim, err := os.FindProcess(child)
			if err == nil {
				err = victim.Kill()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var again *pgx.Conn
	until(t, "the recovery", func() bool {
		bounded, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		var err error
		again, err = pgx.Connect(bounded, dsn)
		return err == nil
	})
	t.Cleanup(func() { _ = again.Close(context.WithoutCancel(ctx)) })
	if up := age(again, `pg_postmaster_start_time()`); up < ttl {
		t.Fatalf("the server was restarted %v ago, want a recovery", up)
	}
	var in core.Input
	take := core.Effect{Op: core.TakeEpoch, Token: n1.token, Tenure: core.TenurePG}
	until(t, "an answer", func() bool {
		return n1.Call(ctx, &take, func(got *core.Input) { in = *got }) == nil
	})
	if in.Kind != core.EpochWasRefused {
		t.Errorf("right after the recovery: %+v", in)
	}
	until(t, "a takeover, once a ttl has passed", func() bool {
		return n1.takePG(0).Kind == core.EpochWasTaken
	})
	if up := age(again, `(SELECT stats_reset FROM pg_stat_bgwriter)`); up < ttl {
		t.Errorf("taken %v after the recovery", up)
	}
}
