package migrations_test

import (
	"testing"

	"fencepost/internal/testbed"
	"fencepost/migrations"
)

// What runs at each change of a signal or an attempt keeps its plans whatever the
// transaction has set for its own statements, and none that reads a table from end to
// end. Exempt is what looks nothing up, and what tells a person, which is rare.
func TestPlansOfFunctionsThatFollowChangesAreKept(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	rows, err := connect(t, dsn).Query(t.Context(), `
		SELECT p.proname,
		       p.proconfig @> ARRAY['plan_cache_mode=force_generic_plan', 'enable_seqscan=off'] IS TRUE
		FROM pg_proc p
		WHERE p.pronamespace = current_schema()::regnamespace
		  AND p.prosrc ~ '(FROM|JOIN|INTO) (authority|signals|ledger)' AND p.proname !~ '^notifications_tell'
		  AND (p.proname = 'effect_refused' OR EXISTS (
		      SELECT FROM pg_trigger g
		      WHERE g.tgfoid = p.oid AND g.tgrelid IN ('signals'::regclass, 'attempts'::regclass)))`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var (
			name string
			kept bool
		)
		if err := rows.Scan(&name, &kept); err != nil {
			t.Fatal(err)
		}
		if !kept {
			t.Errorf("%s plans its statements anew in each transaction that does", name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if n < 4 {
		t.Errorf("%d functions follow changes, want those of events, of turns and of refusals", n)
	}
}
