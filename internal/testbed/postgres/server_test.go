package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// one connects, runs a query that returns one value, and disconnects.
func one(t *testing.T, s *Server, database, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DSN(database))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var got string
	if err := conn.QueryRow(t.Context(), query).Scan(&got); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return got
}

func TestServerAnswersAndStops(t *testing.T) {
	s, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(one(t, s, "postgres", "select version()"), s.plan.Account)
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}
