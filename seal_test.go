package fencepost_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/verify"
)

// What an instance leaves behind is sealed while it runs and at its end, and
// agrees with itself.
func TestInstanceSealsWhatHappens(t *testing.T) {
	s := newStage(t)
	i := s.start("blue-1", nil)
	i.leads()
	conn, err := pgx.Connect(t.Context(), s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	until(t, "a sealed takeover", func() bool {
		var n int
		err := conn.QueryRow(t.Context(), `SELECT coalesce(sum(events), 0) FROM ledger_blocks`).Scan(&n)
		return err == nil && n > 0
	})
	i.stop()
	begun := s.count(`SELECT count(*) FROM leadership_history`)
	report, err := verify.Run(t.Context(), verify.Options{DSN: s.dsn, Group: "default"})
	if err != nil || !report.Sound || begun == 0 || int64(report.Tenures) != begun || report.Blocks == 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
