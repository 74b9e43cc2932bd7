package fencepost_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost"
	"fencepost/core"
	"fencepost/internal/doctor"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/certs"
	"fencepost/internal/testbed/postgres"
	"fencepost/migrations"
)

// execute runs statements on a server.
func execute(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// placed copies a file into the server's data directory.
func placed(t *testing.T, server *postgres.Server, name, from string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	write(t, server, name, string(text))
}

func write(t *testing.T, server *postgres.Server, name, text string) {
	t.Helper()
	path := filepath.Join(server.DataPath(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := server.Own(path); err != nil {
		t.Fatal(err)
	}
}

// without returns the address without its password, and the password.
func without(t *testing.T, dsn string) (string, string) {
	t.Helper()
	where, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := where.User.Password()
	where.User, where.RawQuery = url.User(where.User.Username()), ""
	return where.String(), password
}

func TestPostgresOverTLSWithAPasswordFileTakesTheWholeWay(t *testing.T) {
	s, authority := newStage(t), certs.New(t)
	server := testbed.OwnPostgres(t, postgres.Options{})
	own, client := authority.Vouch("localhost"), authority.Vouch("client")
	placed(t, server, "server.crt", own.Cert)
	placed(t, server, "server.key", own.Key)
	placed(t, server, "root.crt", authority.File)
	plain := server.DSN("postgres")
	execute(t, plain, "ALTER SYSTEM SET ssl = on", "ALTER SYSTEM SET ssl_ca_file = 'root.crt'")
	// From now on nobody enters in the clear, or without a certificate.
	write(t, server, "pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n")
	execute(t, plain, "SELECT pg_reload_conf()")

	dsn, password := without(t, plain)
	dsn = strings.Replace(dsn, "127.0.0.1", "localhost", 1)
	file := secretFile(t, password)
	encrypted := func(c *fencepost.Config) {
		c.Postgres.DSN, c.Postgres.PasswordFile = fencepost.Secret(dsn), file
		c.Postgres.TLSCAFile = authority.File
		c.Postgres.TLSCertFile, c.Postgres.TLSKeyFile = client.Cert, client.Key
	}
	c := s.config("doctor")
	encrypted(&c)
	until(t, "the server has read its settings", func() bool {
		_, err := migrations.Up(t.Context(), dsn, c.Postgres.Access().Prepare)
		return err == nil
	})
	leader := s.start("blue-1", encrypted)
	leader.leads()
	if check := checkOf(t, c, "postgres.tls"); check.Level != doctor.OK || check.Found != "on" {
		t.Errorf("%+v", check)
	}
	refusedWays(t, c, encrypted)
	rotated(t, leader, c, file)
}

// refusedWays tries to enter as one must not.
func refusedWays(t *testing.T, c fencepost.Config, right func(*fencepost.Config)) {
	t.Helper()
	for says, change := range map[string]func(){
		"unknown authority":              func() { c.Postgres.TLSCAFile = certs.New(t).File },
		"not other.example":              func() { c.Postgres.TLSServerName = "other.example" },
		"certificate":                    func() { c.Postgres.TLSCertFile, c.Postgres.TLSKeyFile = "", "" },
		"password authentication failed": func() { c.Postgres.PasswordFile = secretFile(t, "wrong") },
	} {
		right(&c)
		c.Postgres.TLSServerName = ""
		change()
		check := checkOf(t, c, "postgres")
		if check.Level != doctor.Fail || !strings.Contains(check.Found, says) {
			t.Errorf("want %q: %+v", says, check)
		}
	}
}

// rotated changes the password while the instance leads.
func rotated(t *testing.T, leader *instance, c fencepost.Config, file string) {
	t.Helper()
	user := "postgres"
	change := c
	conn, err := pgx.ParseConfig(change.Postgres.DSN.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if err := change.Postgres.Access().Prepare(conn); err != nil {
		t.Fatal(err)
	}
	admin, err := pgx.ConnectConfig(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	if _, err := admin.Exec(t.Context(), "ALTER ROLE "+user+" PASSWORD 'another-word'"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("another-word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'fencepost'`); err != nil {
		t.Fatal(err)
	}
	code, body := leader.webhook(`{"type":"EXIT","instrument":"X","position":"p","timestamp":"t1"}`)
	for try := 0; code != 202 && try < 3; try++ {
		code, body = leader.webhook(`{"type":"EXIT","instrument":"X","position":"p","timestamp":"t1"}`)
	}
	if code != 202 && code != 200 {
		t.Errorf("after the rotation: %d %s", code, body)
	}
}

// several is an address of two servers, the first one first.
func several(t *testing.T, first, second *postgres.Server, database string) string {
	t.Helper()
	where, err := url.Parse(first.DSN(database))
	if err != nil {
		t.Fatal(err)
	}
	where.Host += "," + second.Addr()
	where.RawQuery += "&target_session_attrs=read-write"
	return where.String()
}

func TestPrimaryIsFoundAmongSeveralHosts(t *testing.T) {
	standby, primary := testbed.OwnPostgres(t, postgres.Options{}), testbed.OwnPostgres(t, postgres.Options{})
	if standby.DSN("x") != strings.Replace(primary.DSN("x"), primary.Addr(), standby.Addr(), 1) {
		t.Fatal("the servers have different passwords")
	}
	if err := standby.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, standby, "standby.signal", "")
	if err := standby.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, dsn := newStage(t), several(t, standby, primary, "postgres")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	both := func(c *fencepost.Config) { c.Postgres.DSN = fencepost.Secret(dsn) }
	s.start("blue-1", both).leads()
	c := s.config("doctor")
	both(&c)
	for name, want := range map[string]string{"postgres.node": primary.Addr(), "postgres.role": "primary"} {
		if check := checkOf(t, c, name); check.Level != doctor.OK || check.Found != want {
			t.Errorf("%+v, want %s", check, want)
		}
	}
	c.Postgres.DSN = fencepost.Secret(standby.DSN("postgres"))
	if check := checkOf(t, c, "postgres.role"); check.Level != doctor.Fail {
		t.Errorf("%+v", check)
	}
}

// A primary that was demoted keeps its sessions. Whoever goes on asking through
// them would never find the new one.
func TestConnectionToADemotedPrimaryIsGivenUp(t *testing.T) {
	former, next := testbed.OwnPostgres(t, postgres.Options{}), testbed.OwnPostgres(t, postgres.Options{})
	for _, server := range []*postgres.Server{former, next} {
		if _, err := migrations.Up(t.Context(), server.DSN("postgres")); err != nil {
			t.Fatal(err)
		}
	}
	ledger, err := pgledger.Open(pgledger.Options{
		DSN: several(t, former, next, "postgres"), Group: "g", Instance: "n1", Nonce: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ledger.Close)
	beat := func() error {
		return ledger.Call(t.Context(), &core.Effect{Op: core.Heartbeat}, func(*core.Input) {})
	}
	if err := beat(); err != nil {
		t.Fatal(err)
	}
	execute(t, former.DSN("postgres"), "ALTER SYSTEM SET default_transaction_read_only = on",
		"SELECT pg_reload_conf()")
	until(t, "a heartbeat reaches the other server", func() bool {
		_ = beat() // the one through the old session is refused
		conn, err := pgx.Connect(t.Context(), next.DSN("postgres"))
		if err != nil {
			return false
		}
		defer conn.Close(t.Context())
		var n int
		return conn.QueryRow(t.Context(), `SELECT count(*) FROM instance_metadata`).Scan(&n) == nil && n == 1
	})
}

func TestTransactionPoolerTakesTheWholeWayOfTwoInstances(t *testing.T) {
	s := newStage(t)
	where, err := url.Parse(s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	pooled := testbed.PgBouncer(t, s.dsn, 6).DSN(strings.TrimPrefix(where.Path, "/"))
	// Longer than the others' ttl: two instances share six connections.
	through := func(c *fencepost.Config) {
		c.Postgres.DSN, c.Lease.TTL = fencepost.Secret(pooled), fencepost.Duration(3*time.Second)
	}
	first := s.start("blue-1", through)
	first.leads()
	second := s.start("green-1", through)
	until(t, "the second is ready", func() bool { return second.Status().Ready })
	execute := func(n int) {
		t.Helper()
		for i := range 10 {
			body := fmt.Sprintf(
				`{"type":"EXIT","instrument":"X","position":"p","timestamp":"%d","signal_id":"%d"}`,
				i, 100*n+i)
			if code, answer := second.webhook(body); code != 202 {
				t.Fatalf("%d %s", code, answer)
			}
		}
		until(t, "every signal is executed", func() bool {
			done, err := second.Signals(t.Context(), fencepost.SignalFilter{
				States: []core.SignalState{core.Executed},
			})
			return err == nil && len(done) == 10*n
		})
	}
	execute(1)
	first.stop()
	second.leads()
	execute(2)
	c := s.config("doctor")
	through(&c)
	if check := checkOf(t, c, "postgres.pooler"); !strings.Contains(check.Found, "for each transaction") {
		t.Errorf("%+v", check)
	}
}
