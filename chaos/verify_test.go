package chaos

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/chaos/store"
)

// A run ends with the ledger verified as an auditor verifies it: whoever changed it
// past its rules, or took one of them away, fails the run.
func TestLedgerThatDoesNotVerifyFailsTheRun(t *testing.T) {
	p, err := store.StartPostgres(t.Context(), store.PostgresOptions{Group: group})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	r := &run{postgres: p}
	if err := r.verifyLedger(t.Context(), 1); err != nil || r.unsound != nil {
		t.Fatalf("as it was made: %v, %v", r.unsound, err)
	}
	conn, err := pgx.Connect(t.Context(), p.AdminDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), `ALTER TABLE signals DISABLE TRIGGER signals_taken_in_turn`)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.verifyLedger(t.Context(), 1); err != nil || r.unsound == nil ||
		!strings.Contains(r.unsound.Detail, "signals_taken_in_turn") {
		t.Fatalf("without a rule: %v, %v", r.unsound, err)
	}
	back := &run{postgres: p, rewound: []rewound{{}}}
	if err := back.verifyLedger(t.Context(), 1); err != nil || back.unsound != nil {
		t.Errorf("after it went back in time: %v, %v", back.unsound, err)
	}
}
