package testbed

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/testbed/postgres"
	"fencepost/internal/testbed/redis"
)

func TestMain(m *testing.M) { Main(m) }

// connect opens a connection that the test does not close: the database has to go all the same.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func countDatabases(t *testing.T) int {
	t.Helper()
	conn := connect(t, PostgresServer(t).DSN("postgres"))
	defer conn.Close(context.WithoutCancel(t.Context()))
	var n int
	const statement = "select count(*) from pg_database where datname like 'test\\_%'"
	if err := conn.QueryRow(t.Context(), statement).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEveryTestHasAnEmptyDatabaseForItself(t *testing.T) {
	before := countDatabases(t)
	t.Run("together", func(t *testing.T) {
		for _, name := range []string{"one", "two", "three"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				conn := connect(t, Postgres(t))
				if _, err := conn.Exec(t.Context(), "create table fact ()"); err != nil {
					t.Error(err)
				}
				const lock = "select pg_try_advisory_lock(1)"
				var alone bool
				if err := conn.QueryRow(t.Context(), lock).Scan(&alone); err != nil {
					t.Fatal(err)
				}
				if !alone {
					t.Error("another test holds the advisory lock")
				}
			})
		}
	})
	if after := countDatabases(t); after != before {
		t.Errorf("%d databases before and %d after the tests", before, after)
	}
}

func TestEveryTestHasARedisForItself(t *testing.T) {
	first, second := Redis(t), OwnRedis(t, redis.Options{AppendOnly: true})
	if first.Addr() == second.Addr() {
		t.Errorf("both are at %s", first.Addr())
	}
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := second.Flush(t.Context()); err != nil {
		t.Errorf("the second died with the first: %v", err)
	}
}

func TestOwnServerCrashesAlone(t *testing.T) {
	shared := connect(t, Postgres(t))
	own := OwnPostgres(t, postgres.Options{})
	if err := own.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := shared.Ping(t.Context()); err != nil {
		t.Errorf("the shared server: %v", err)
	}
}

func TestFreeAddressesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 5 {
		seen[FreeAddr(t)] = true
	}
	if len(seen) < 2 {
		t.Errorf("addresses %v", seen)
	}
}
