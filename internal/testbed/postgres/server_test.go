package postgres

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// start starts a server that is stopped with the test.
func start(t *testing.T, options Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// one connects, runs a statement that returns one value, and disconnects.
func one(t *testing.T, s *Server, statement string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(ctx)
	var got string
	if err := conn.QueryRow(ctx, statement).Scan(&got); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return got
}

// run connects, runs statements, and disconnects.
func run(t *testing.T, s *Server, statements string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// ended reports whether none of the processes is there any more. One that ended without being collected
// counts as ended.
func ended(pids []int) bool {
	for _, pid := range pids {
		stat, err := os.ReadFile(filepath.Join("/proc", itoa(pid), "stat"))
		if err == nil && !bytes.Contains(stat, []byte(") Z ")) {
			return false
		}
	}
	return true
}

// within polls until done holds.
func within(t *testing.T, bound time.Duration, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(bound); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", bound, what)
		}
	}
}

func TestServerAnswersAndStops(t *testing.T) {
	s := start(t, Options{})
	if got := one(t, s, "show server_version"); !strings.HasPrefix(got, s.Version()) {
		t.Errorf("version %q, server says %q", s.Version(), got)
	}
	if got := one(t, s, "show listen_addresses"); got != "127.0.0.1" {
		t.Errorf("listens on %q", got)
	}
	pids := s.PIDs()
	if len(pids) < 2 {
		t.Fatalf("processes %v, want the postmaster and its children", pids)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !ended(pids) || len(s.PIDs()) != 0 {
		t.Errorf("processes %v outlive Stop", s.PIDs())
	}
	if _, err := os.Stat(s.dir.Path()); !os.IsNotExist(err) {
		t.Errorf("run directory outlives Stop: %v", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if s.Crash() == nil || s.Restart(t.Context()) == nil {
		t.Error("a stopped server came back")
	}
}

func TestStartLeavesNothingInTheTemporaryDirectory(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	s := start(t, Options{})
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(temporary)
	if err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestSettingsReachTheServer(t *testing.T) {
	s := start(t, Options{Settings: map[string]string{"work_mem": "5MB", "fsync": "on"}})
	for name, want := range map[string]string{"work_mem": "5MB", "fsync": "on", "full_page_writes": "off"} {
		if got := one(t, s, "show "+name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestDatabasesComeAndGo(t *testing.T) {
	s := start(t, Options{})
	ctx := t.Context()
	const name = `Odd "name"`
	if err := s.CreateDatabase(ctx, name); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateDatabase(ctx, name); err == nil {
		t.Error("a database was created twice")
	}
	conn, err := pgx.Connect(ctx, s.DSN(name))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := s.DropDatabase(ctx, name); err != nil {
		t.Errorf("drop with a session in it: %v", err)
	}
	if err := s.DropDatabase(ctx, name); err != nil {
		t.Errorf("drop of what is not there: %v", err)
	}
}

func TestOnlyAnOwnIdentityDiffers(t *testing.T) {
	const identity = "select system_identifier::text from pg_control_system()"
	copied, again := one(t, start(t, Options{}), identity), one(t, start(t, Options{}), identity)
	own := one(t, start(t, Options{OwnIdentity: true}), identity)
	if copied != again {
		t.Errorf("two servers from the cache have identifiers %s and %s", copied, again)
	}
	if own == copied {
		t.Errorf("a server with an identity of its own has the cached one, %s", own)
	}
}

func TestLogIsHandedOverAtTheEnd(t *testing.T) {
	var log bytes.Buffer
	s := start(t, Options{Log: &log})
	run(t, s, "do $$ begin raise log 'a word for the log'; end $$")
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "a word for the log") {
		t.Errorf("log lacks the line:\n%s", log.String())
	}
}

func TestPausedServerKeepsConnectionsAndDoesNotAnswer(t *testing.T) {
	s := start(t, Options{})
	conn, err := pgx.Connect(t.Context(), s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	answered := make(chan error, 1)
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	go func() { answered <- conn.Ping(t.Context()) }()
	select {
	case err := <-answered:
		t.Fatalf("a paused server answered: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("after Resume: %v", err)
	}
}

func TestPausedServerStops(t *testing.T) {
	s := start(t, Options{})
	pids := s.PIDs()
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil || !ended(pids) {
		t.Errorf("paused server: %v", err)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Start(ctx, Options{}); err == nil {
		t.Errorf("started although the context had ended: %v", s.Stop(context.Background()))
	}
}

func TestSecondServerOnAPortIsRefused(t *testing.T) {
	s := start(t, Options{})
	_, err := Start(t.Context(), Options{Port: s.port})
	if err == nil || !portTaken(err) {
		t.Errorf("error %v, want one about the port", err)
	}
	if got := one(t, s, "select 'alive'"); got != "alive" {
		t.Errorf("first server answers %q", got)
	}
}

func TestOptionsThatCannotBeFollowedAreRefused(t *testing.T) {
	for name, options := range map[string]Options{
		"port":      {Port: 70000},
		"data path": {DataPath: "here"},
		"Work_Mem":  {Settings: map[string]string{"Work_Mem": "1MB"}},
		"listen":    {Settings: map[string]string{"listen_addresses": "*"}},
		"work_mem":  {Settings: map[string]string{"work_mem": "$(true)"}},
	} {
		if _, err := Start(t.Context(), options); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one that names %q", err, name)
		}
	}
}

func TestUnknownSettingShowsWhatTheServerSaid(t *testing.T) {
	_, err := Start(t.Context(), Options{Settings: map[string]string{"no_such_thing": "1"}})
	if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "no_such_thing"`) {
		t.Errorf("error %v, want the server's own words", err)
	}
}

func TestMissingBinariesAreNamed(t *testing.T) {
	t.Setenv(binariesVariable, t.TempDir())
	_, err := Start(t.Context(), Options{})
	if err == nil || !strings.Contains(err.Error(), binariesVariable+"=") ||
		!strings.Contains(err.Error(), "initdb") {
		t.Errorf("error %v, want one that names the variable and the program", err)
	}
}

func TestNewestVersionIsChosenByNumber(t *testing.T) {
	root := t.TempDir()
	for _, version := range []string{"9.6", "15", "16", "17"} {
		bin := filepath.Join(root, version, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
			if version == "17" && name == "postgres" {
				continue // a package of client programs
			}
			if err := os.WriteFile(filepath.Join(bin, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, want := newest(root), filepath.Join(root, "16", "bin"); got != want {
		t.Errorf("chose %s, want %s", got, want)
	}
}

func TestServerIsClosedToStrangers(t *testing.T) {
	s := start(t, Options{})
	config, err := pgx.ParseConfig(s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	config.Password = "postgres"
	if conn, err := pgx.ConnectConfig(t.Context(), config); err == nil {
		t.Errorf("a guessed password opens it: %v", conn.Close(t.Context()))
	}
	for _, path := range []string{s.data, s.plan.Home} {
		var about unix.Stat_t
		if err := unix.Stat(path, &about); err != nil || about.Mode&0o077 != 0 {
			t.Errorf("%s has mode %o, %v", path, about.Mode&0o777, err)
		}
	}
	if err := rundir.Crossable(s.dir.Path()); err != nil {
		t.Error(err)
	}
}
