package testbed

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { Main(m) }

func TestEveryTestHasAnEmptyDatabase(t *testing.T) {
	for range 2 {
		t.Run("", func(t *testing.T) {
			conn, err := pgx.Connect(t.Context(), Postgres(t))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), "create table once ()"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryTestHasAnEmptyRedis(t *testing.T) {
	t.Log(Redis(t).Kind())
}
