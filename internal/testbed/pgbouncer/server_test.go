package pgbouncer

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/testbed/postgres"
)

func TestPgBouncerHandsOutAServerForEachTransaction(t *testing.T) {
	behind, err := postgres.Start(t.Context(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := behind.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	s, err := Start(t.Context(), behind.DSN("postgres"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	var pids []int
	for range 2 {
		config, err := pgx.ParseConfig(s.DSN("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		var pid int
		if err := conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if pids[0] != pids[1] {
		t.Errorf("two clients were served by %v", pids)
	}
}

func TestYoungerVersionsAreToldToPrepareNothing(t *testing.T) {
	for version, want := range map[string]bool{
		"1.18.0": false, "1.9.1": false, "1.20.1": false, "1.21.0": true, "1.24.1": true, "1.100.0": true,
		"2.0": true, "unknown": false,
	} {
		if got := preparesByItself(version); got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}
