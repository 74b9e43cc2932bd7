package doctor_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core/order"
	"fencepost/internal/access"
	"fencepost/internal/doctor"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/postgres"
	"fencepost/migrations"
)

// wants is an instance on a host of its own.
func wants() doctor.PostgresWants {
	return doctor.PostgresWants{Instance: "blue-1", Hostname: "here", Conns: 11, Class: order.ClassC}
}

func readPostgres(t *testing.T, dsn string) *doctor.Postgres {
	t.Helper()
	p, err := doctor.ReadPostgres(t.Context(), dsn, access.Postgres{}, "desk", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPostgresThatIsSetUpRightNeedsNothing(t *testing.T) {
	server := testbed.OwnPostgres(t, postgres.Options{Settings: map[string]string{
		"fsync": "on", "full_page_writes": "on", "idle_in_transaction_session_timeout": "1min",
	}})
	dsn := server.DSN("postgres")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	p := readPostgres(t, dsn)
	levels(t, doctor.JudgePostgres(p, wants()), nil)
	if p.Clock.Ahead.Abs() > time.Second || p.Clock.Uncertainty <= 0 {
		t.Errorf("the clock of the same machine: %v", p.Clock)
	}

	// The same server follows nobody, but as a standby.
	if err := server.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	signal := filepath.Join(server.DataPath(), "standby.signal")
	if err := os.WriteFile(signal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := server.Own(signal); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	levels(t, doctor.JudgePostgres(readPostgres(t, dsn), wants()), map[string]doctor.Level{
		"postgres.role": doctor.Fail,
	})
}

func TestPostgresThatIsSetUpWrongIsToldSettingBySetting(t *testing.T) {
	server := testbed.OwnPostgres(t, postgres.Options{Settings: map[string]string{
		"synchronous_commit": "off", "default_transaction_isolation": "serializable", "max_connections": "20",
		"superuser_reserved_connections": "13", "default_transaction_read_only": "on",
	}})
	p := readPostgres(t, server.DSN("postgres"))
	levels(t, doctor.JudgePostgres(p, wants()), map[string]doctor.Level{
		"postgres.fsync": doctor.Fail, "postgres.full_page_writes": doctor.Fail,
		"postgres.synchronous_commit":                  doctor.Warn,
		"postgres.default_transaction_isolation":       doctor.Warn,
		"postgres.default_transaction_read_only":       doctor.Fail,
		"postgres.idle_in_transaction_session_timeout": doctor.Warn,
		"postgres.max_connections":                     doctor.Fail,
		"postgres.schema":                              doctor.Fail,
	})
	if p.Schema != -1 || p.MaxConns != 7 {
		t.Errorf("%+v", p)
	}
}

func TestPoolerIsKnownByServingTwoClientsWithOneServer(t *testing.T) {
	dsn := testbed.Postgres(t)
	if p := readPostgres(t, dsn); p.Pooled || p.Transactions {
		t.Errorf("without a pooler: %+v", p)
	}
	p := readPostgres(t, pooler(t, dsn))
	if !p.Pooled || !p.Transactions {
		t.Errorf("through a pooler: %+v", p)
	}
	if c := find(t, doctor.JudgePostgres(p, wants()), "postgres.pooler"); c.Level != doctor.Warn {
		t.Errorf("%+v", c)
	}
	p.Transactions = false
	if c := find(t, doctor.JudgePostgres(p, wants()), "postgres.pooler"); c.Level != doctor.OK {
		t.Errorf("a pooler of sessions: %+v", c)
	}
}

func TestProcessesThatShareAnIDAreFoundInTheLedger(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	add := func(instance, nonce, host, age, status string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `INSERT INTO instance_metadata
			(group_name, instance_id, nonce, hostname, last_heartbeat, status)
			VALUES ('desk', $1, $2, $3, clock_timestamp() - $4::interval, $5)`,
			instance, nonce, host, age, status); err != nil {
			t.Fatal(err)
		}
	}
	judge := func() doctor.Check {
		t.Helper()
		return find(t, doctor.JudgePostgres(readPostgres(t, dsn), wants()), "instance_id")
	}
	add("blue-1", "01", "there", "2 h", "follower")  // long gone
	add("blue-1", "02", "there", "1 s", "stopped")   // said good-bye
	add("green-1", "03", "there", "1 s", "follower") // another
	if c := judge(); c.Level != doctor.OK || c.Found != "blue-1" {
		t.Errorf("nobody has it: %+v", c)
	}
	add("blue-1", "04", "here", "1 s", "follower")
	if c := judge(); c.Level != doctor.OK || c.Found != "blue-1, which runs" {
		t.Errorf("it runs here: %+v", c)
	}
	add("blue-1", "05", "here", "1 s", "follower")
	if c := judge(); c.Level != doctor.Fail {
		t.Errorf("two have it: %+v", c)
	}
	w := wants()
	w.Instance = "green-1"
	if c := find(t, doctor.JudgePostgres(readPostgres(t, dsn), w), "instance_id"); c.Level != doctor.Warn {
		t.Errorf("it runs elsewhere: %+v", c)
	}
}

// A service has no superuser's role: what a server says of itself is read all
// the same, and what the role may not read is a check of its own.
func TestOrdinaryRoleReadsEverythingButWhatIsHiddenFromIt(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE ROLE ordinary LOGIN PASSWORD 'word' CONNECTION LIMIT 12`)
	defer func() {
		_, err := conn.Exec(context.WithoutCancel(t.Context()), `DROP OWNED BY ordinary; DROP ROLE ordinary`)
		if err != nil {
			t.Error(err)
		}
	}()
	where, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	where.User = url.UserPassword("ordinary", "word")
	p := readPostgres(t, where.String())
	c := find(t, doctor.JudgePostgres(p, wants()), "postgres.schema")
	if !p.Hidden || c.Level != doctor.Fail {
		t.Errorf("%+v, %+v", p, c)
	}
	exec(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ordinary`)
	p = readPostgres(t, where.String())
	if p.Hidden || p.Schema != migrations.Latest() || p.MaxConns != 12 {
		t.Errorf("%+v", p)
	}
}

func TestPostgresThatIsAwayIsAFailedCheckAndTellsNoPassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:hunter2@127.0.0.1:1/x?sslmode=disable", "postgres://u:hunter2@127.0.0.1:port/x",
		"\x00hunter2",
	} {
		_, err := doctor.ReadPostgres(t.Context(), dsn, access.Postgres{}, "desk", time.Minute)
		if err == nil {
			t.Fatalf("%q was read", dsn)
		}
		checks := doctor.AwayPostgres(err)
		levels(t, checks, map[string]doctor.Level{"postgres": doctor.Fail})
		if text := checks[0].Found; contains(text, "hunter2") {
			t.Errorf("tells the password: %s", text)
		}
	}
}

// What no server here can be made to be, its reading can.
func TestPostgresIsJudgedByItsReading(t *testing.T) {
	right := func() *doctor.Postgres {
		return &doctor.Postgres{
			Version: 160002, VersionText: "16.2", SynchronousCommit: "on", Fsync: "on", FullPageWrites: "on",
			Isolation: "read committed", ReadOnly: "off", IdleInTransaction: "1min", MaxConns: 97,
			Schema: migrations.Latest(),
		}
	}
	levels(t, doctor.JudgePostgres(right(), wants()), nil)
	for _, c := range []struct {
		name  string
		level doctor.Level
		wrong func(*doctor.Postgres)
	}{
		{"postgres.version", doctor.Fail, func(p *doctor.Postgres) { p.Version = 120022 }},
		{"postgres.version", doctor.Warn, func(p *doctor.Postgres) { p.Version = 130000 }},
		{"postgres.version", doctor.Warn, func(p *doctor.Postgres) { p.Version = 140000 }},
		{
			"postgres.synchronous_commit", doctor.Warn,
			func(p *doctor.Postgres) { p.SynchronousCommit = "local" },
		},
		{"postgres.synchronous_standby_names", doctor.Warn, func(p *doctor.Postgres) { p.Standbys = 1 }},
		{"postgres.synchronous_standby_names", doctor.Fail, func(p *doctor.Postgres) {
			p.SyncNames, p.Standbys = "s1", 1
		}},
		{"postgres.synchronous_standby_names", doctor.OK, func(p *doctor.Postgres) {
			p.SyncNames, p.Standbys, p.Synchronous = "s1", 1, 1
		}},
		{"postgres.synchronous_standby_names", doctor.OK, func(p *doctor.Postgres) {
			p.SyncNames, p.Standbys, p.Synchronous = "s1", 1, -1
		}},
		{"postgres.schema", doctor.Warn, func(p *doctor.Postgres) { p.Schema++ }},
		{"postgres.schema", doctor.Fail, func(p *doctor.Postgres) { p.Schema-- }},
		{"postgres.seals", doctor.Fail, func(p *doctor.Postgres) {
			p.Block, p.BlockEnd, p.Horizon = 7, 9000, 800
		}},
		{"postgres.max_connections", doctor.Warn, func(p *doctor.Postgres) {
			p.MaxConns, p.Live = 32, []doctor.Process{{Instance: "green-1"}, {Instance: "red-1"}}
		}},
		{"postgres.clock", doctor.Warn, func(p *doctor.Postgres) { p.Clock.Ahead = -2 * time.Second }},
		{"postgres.clock", doctor.OK, func(p *doctor.Postgres) {
			p.Clock = doctor.Offset{Ahead: 2 * time.Second, Uncertainty: 1800 * time.Millisecond}
		}},
	} {
		p := right()
		c.wrong(p)
		levels(t, doctor.JudgePostgres(p, wants()), map[string]doctor.Level{c.name: c.level})
	}
	p, w := right(), wants()
	p.Clock.Ahead, w.Class = 2*time.Second, order.ClassB
	levels(t, doctor.JudgePostgres(p, w), map[string]doctor.Level{"postgres.clock": doctor.Fail})
}
