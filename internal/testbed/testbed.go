package testbed

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/internal/testbed/pgbouncer"
	"fencepost/internal/testbed/postgres"
	"fencepost/internal/testbed/redis"
	"fencepost/internal/testbed/rundir"
)

// stopBound is the longest a server may take to stop at the end of a test, and a cluster to come together.
const stopBound = 20 * time.Second

// shared is the PostgreSQL server of this test process.
var shared struct {
	once   sync.Once
	server *postgres.Server
	err    error
}

// databases numbers the databases of this process.
var databases atomic.Int64

// Main runs the tests of a package, stops the shared server and exits. A package without it loses nothing
// but the order: its server ends within a second of the process.
func Main(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopBound)
		defer cancel()
		if err := shared.server.Stop(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// PostgresServer returns the PostgreSQL server that all tests of this process share. A test must not stop,
// crash or suspend it.
func PostgresServer(t testing.TB) *postgres.Server {
	t.Helper()
	rundir.PreferMemory()
	shared.once.Do(func() {
		shared.server, shared.err = postgres.Start(context.Background(), postgres.Options{})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Postgres returns the connection string of an empty database on the shared server. The database is the
// test's alone and is dropped when the test ends, with every session still in it. Advisory locks are per
// database, so tests do not meet there either.
func Postgres(t testing.TB) string {
	t.Helper()
	server := PostgresServer(t)
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := server.CreateDatabase(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopBound)
		defer cancel()
		if err := server.DropDatabase(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return server.DSN(name)
}

// OwnPostgres starts a PostgreSQL server for one test, which may crash, suspend and restart it. It is
// stopped when the test ends. Its log is shown if the test failed.
func OwnPostgres(t testing.TB, options postgres.Options) *postgres.Server {
	t.Helper()
	rundir.PreferMemory()
	if options.Log == nil {
		options.Log = &failureLog{t: t, of: "postgres"}
	}
	server, err := postgres.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopBound)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Redis starts an empty Redis server for one test, without persistence. It is stopped when the test ends.
func Redis(t testing.TB) *redis.Server {
	t.Helper()
	return OwnRedis(t, redis.Options{})
}

// OwnRedis is Redis with options. The server's log is shown if the test failed.
func OwnRedis(t testing.TB, options redis.Options) *redis.Server {
	t.Helper()
	rundir.PreferMemory()
	if options.Log == nil {
		options.Log = &failureLog{t: t, of: "redis"}
	}
	server, err := redis.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// PgBouncer starts a PgBouncer for one test, which hands out at most conns servers
// of each database of that address. It is stopped when the test ends.
func PgBouncer(t testing.TB, dsn string, conns int) *pgbouncer.Server {
	t.Helper()
	server, err := pgbouncer.Start(t.Context(), dsn, conns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// FreePort returns a TCP port on 127.0.0.1 that nobody listens on and that no outgoing connection will take
// while its server is down.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := rundir.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// FreeAddr is FreePort as an address, such as "127.0.0.1:15042".
func FreeAddr(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(FreePort(t)))
}

// failureLog passes a server's log to the test that failed.
type failureLog struct {
	t  testing.TB
	of string
}

// Write shows one piece of the log.
func (l *failureLog) Write(text []byte) (int, error) {
	if l.t.Failed() {
		l.t.Logf("%s log:\n%s", l.of, text)
	}
	return len(text), nil
}
