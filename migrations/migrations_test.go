package migrations_test

import (
	"context"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/testbed"
	"fencepost/migrations"
)

func TestMain(m *testing.M) { testbed.Main(m) }

// connect opens a connection that is closed with the test.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// tables lists the ledger's own relations that a plain name reaches.
func tables(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	var list string
	err := conn.QueryRow(t.Context(), `
		SELECT coalesce(string_agg(c.relname, ' ' ORDER BY c.relname), '') FROM pg_class c
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
		  AND c.relname <> $1`, migrations.VersionTable).Scan(&list)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

const allTables = "attempts authority authority_acceptances authority_lineages control_history decisions " +
	"fence_refusals instance_metadata leadership_history ledger_blocks ledger_events notifications " +
	"reconcile_findings signals"

// files counts the migrations of this build.
func files(t *testing.T) int {
	t.Helper()
	names, err := fs.Glob(migrations.FS(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestUpAndDownLeadThereAndBack(t *testing.T) {
	dsn := testbed.Postgres(t)
	conn := connect(t, dsn)
	for round := range 2 {
		applied, err := migrations.Up(t.Context(), dsn)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if len(applied) != files(t) {
			t.Errorf("round %d: applied %v, want all %d", round, applied, files(t))
		}
		if got := tables(t, conn); got != allTables {
			t.Errorf("round %d: tables after up: %s", round, got)
		}
		back, err := migrations.Down(t.Context(), dsn, true)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if len(back) != files(t) {
			t.Errorf("round %d: took back %v, want all %d", round, back, files(t))
		}
		if got := tables(t, conn); got != "" {
			t.Errorf("round %d: tables after down: %s", round, got)
		}
		var functions int
		err = conn.QueryRow(t.Context(), `
			SELECT count(*) FROM pg_proc
			WHERE pronamespace = current_schema()::regnamespace`).Scan(&functions)
		if err != nil || functions != 0 {
			t.Errorf("round %d: %d functions after down, %v", round, functions, err)
		}
	}
}

func TestDownWithoutAllTakesBackTheNewestOnly(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	back, err := migrations.Down(t.Context(), dsn, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(back) != 1 || back[0].Version != migrations.Latest() {
		t.Errorf("took back %v, want version %d alone", back, migrations.Latest())
	}
	if _, err := migrations.Down(t.Context(), dsn, true); err != nil {
		t.Fatal(err)
	}
	if back, err := migrations.Down(t.Context(), dsn, false); err != nil || len(back) != 0 {
		t.Errorf("down of an empty database: %v, %v", back, err)
	}
}

func TestStatusTellsWhatIsMissing(t *testing.T) {
	dsn := testbed.Postgres(t)
	before, err := migrations.Status(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for _, m := range before {
		if m.Version <= last || !m.At.IsZero() {
			t.Errorf("before: %+v", m)
		}
		last = m.Version
	}
	if last != migrations.Latest() {
		t.Errorf("the newest is %d, Latest says %d", last, migrations.Latest())
	}
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	after, err := migrations.Status(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range after {
		if m.At.IsZero() {
			t.Errorf("after: %+v", m)
		}
	}
	for i, want := range []string{
		"001_base.sql", "002_add_heartbeat_index.sql", "003_add_leadership_history.sql",
	} {
		if after[i].Name != want {
			t.Errorf("migration %d is called %s, want %s", i+1, after[i].Name, want)
		}
	}
}

func TestThreeInstancesMigrateAtOnce(t *testing.T) {
	dsn := testbed.Postgres(t)
	var wg sync.WaitGroup
	counts, errs := make([]int, 3), make([]error, 3)
	for i := range 3 {
		wg.Go(func() {
			applied, err := migrations.Up(t.Context(), dsn)
			counts[i], errs[i] = len(applied), err
		})
	}
	wg.Wait()
	sum := 0
	for i := range 3 {
		if errs[i] != nil {
			t.Errorf("instance %d: %v", i, errs[i])
		}
		sum += counts[i]
	}
	if sum != files(t) {
		t.Errorf("applied %v together, want each migration once", counts)
	}
}

func TestPrivateSchemaHoldsTheWholeLedger(t *testing.T) {
	dsn := testbed.Postgres(t)
	conn := connect(t, dsn)
	if _, err := conn.Exec(t.Context(), `CREATE SCHEMA ledger`); err != nil {
		t.Fatal(err)
	}
	private := dsn + "&search_path=ledger"
	if _, err := migrations.Up(t.Context(), private); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, conn); got != "" {
		t.Errorf("tables in public: %s", got)
	}
	if got := tables(t, connect(t, private)); got != allTables {
		t.Errorf("tables in the private schema: %s", got)
	}
	// A session that reaches the tables by their full name only meets the same
	// triggers, which find each other without its search_path.
	_, err := conn.Exec(t.Context(), `
		INSERT INTO ledger.leadership_history
		    (group_name, epoch, instance_id, token, became_leader_at, fence_seq)
		VALUES ('default', 2, 'n1', 'n1|1|1', clock_timestamp(), 1)`)
	if err == nil || !strings.Contains(err.Error(), "leadership_history_epochs_contiguous") {
		t.Errorf("history from outside the schema: %v", err)
	}
}

func TestPrintShowsEveryMigrationInOrder(t *testing.T) {
	var text strings.Builder
	if err := migrations.Print(&text); err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, word := range []string{
		"-- 001_base.sql\n", "CREATE TABLE instance_metadata", "-- 002_add_heartbeat_index.sql\n",
		"idx_instance_metadata_heartbeat_leader", "-- 003_add_leadership_history.sql\n",
		"idx_leadership_history_timeline", "idx_leadership_history_instance", "-- 004_add_authority.sql\n",
		"-- 005_add_signals.sql\n", "-- 006_add_attempts.sql\n", "-- 007_add_acceptances.sql\n",
		"-- 008_add_lineages.sql\n", "-- 009_add_decisions.sql\n", "-- 010_add_events.sql\n",
		"-- 011_add_signal_log.sql\n",
	} {
		next := strings.Index(text.String(), word)
		if next <= at {
			t.Errorf("%q stands at %d, after %d", word, next, at)
		}
		at = next
	}
}

func TestADeadDatabaseIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := migrations.Up(ctx, "postgres://nobody@127.0.0.1:1/none"); err == nil {
		t.Error("migrated a database that is not there")
	}
	if _, err := migrations.Up(t.Context(), "postgres://%"); err == nil {
		t.Error("took an address that is none")
	}
}
