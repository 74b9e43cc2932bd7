package cluster

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/testbed"
	"fencepost/internal/testbed/postgres"
	"fencepost/migrations"
)

func TestOnlyWhatIsUnderWayIsOpen(t *testing.T) {
	server := testbed.OwnPostgres(t, postgres.Options{})
	if err := server.CreateDatabase(t.Context(), "settle"); err != nil {
		t.Fatal(err)
	}
	dsn := server.DSN("settle")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := OpenLedger(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ledger.Close)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	// The only signal stands in each of these in turn.
	for _, at := range []struct {
		sql              string
		open, forMachine bool
	}{
		{`SELECT`, false, false},
		{`INSERT INTO signals (group_name, key, type, instrument, position, "timestamp", payload, state)
		  VALUES ('default', 'k', 'EXIT', 'NIFTY', 'LONG', 't', 'p', 'held')`, true, true},
		{`UPDATE signals SET state = 'received', version = version + 1`, true, true},
		{`UPDATE signals SET state = 'submitting', version = version + 1`, true, true},
		{`UPDATE signals SET state = 'in_doubt', version = version + 1`, true, false},
		{`UPDATE signals SET state = 'submitted', version = version + 1`, true, true},
		{
			`UPDATE signals SET state = 'executed', version = version + 1, ended_at = clock_timestamp()`,
			false, false,
		},
	} {
		if _, err := conn.Exec(t.Context(), at.sql); err != nil {
			t.Fatalf("%s: %v", at.sql, err)
		}
		for _, doubtsAreLeft := range []bool{false, true} {
			want := at.open
			if doubtsAreLeft {
				want = at.forMachine
			}
			open, err := ledger.anyOpen(t.Context(), doubtsAreLeft)
			if err != nil || open != want {
				t.Errorf("after %q, doubts left to a person %v: open %v (%v), want %v",
					at.sql, doubtsAreLeft, open, err, want)
			}
		}
	}
}
