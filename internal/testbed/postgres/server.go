package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"
	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// startBound is the longest a start takes, whatever its context allows. A first start may include a download.
const startBound = 2 * time.Minute

// answerBound is how long a server that says it is ready may take to answer.
const answerBound = 15 * time.Second

// portTries is how many free ports a start goes through when another process is faster.
const portTries = 5

// Server is one PostgreSQL server. Its methods may be called from several goroutines.
type Server struct {
	options  Options
	dir      *rundir.Dir
	plan     shimPlan
	data     string
	version  string
	password string
	port     int

	mu      sync.Mutex // held while the server starts, stops or crashes
	process *embedded.EmbeddedPostgres
	child   *child // instead of process, with Options.Child
	stopped bool
}

// Start starts a server and returns when it answers. It takes at most two minutes, less when ctx ends
// earlier. An error leaves nothing behind; it holds the end of the server's log, or the command that
// installs what is missing.
func Start(ctx context.Context, options Options) (*Server, error) {
	if err := options.validate(); err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	dir, err := rundir.New("postgres")
	if err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	s := &Server{options: options, dir: dir, port: options.Port}
	if err = s.prepare(ctx); err == nil {
		err = s.launchOnFreePort(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start postgres: %w", err), dir.Remove())
	}
	return s, nil
}

// prepare finds the programs and the account, and lays out the run directory.
func (s *Server) prepare(ctx context.Context) error {
	binaries, err := findBinaries(ctx)
	if err != nil {
		return err
	}
	who, version, err := chooseAccount(ctx, binaries, s.dir.Path())
	if err != nil {
		return err
	}
	self, err := rundir.Executable()
	if err != nil {
		return err
	}
	home := filepath.Join(s.dir.Path(), "home")
	s.version = version
	s.plan = shimPlan{Binaries: binaries, Home: home, Log: filepath.Join(home, "log"), Account: who}
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	if err := who.own(home); err != nil {
		return err
	}
	if err := installShim(s.libraryBinaries(), self, s.plan); err != nil {
		return fmt.Errorf("install shim: %w", err)
	}
	return s.prepareData(ctx)
}

// libraryBinaries is where embedded-postgres looks for its programs.
func (s *Server) libraryBinaries() string { return filepath.Join(s.dir.Path(), "shim") }

// prepareData leaves an initialised data directory that belongs to the account.
func (s *Server) prepareData(ctx context.Context) error {
	s.data = filepath.Join(s.plan.Home, "data")
	if given := s.options.DataPath; given != "" {
		if err := rundir.Crossable(filepath.Dir(given)); err != nil {
			return fmt.Errorf("data path: %w", err)
		}
		s.data = filepath.Clean(given)
	}
	entries, err := os.ReadDir(s.data)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("data path: %w", err)
	}
	if len(entries) == 0 {
		if err := s.initialise(ctx); err != nil {
			return err
		}
	}
	// The server's processes are told by this path, and the kernel shows it with links followed.
	if s.data, err = filepath.EvalSymlinks(s.data); err != nil {
		return fmt.Errorf("data path: %w", err)
	}
	if s.password, err = readPassword(s.data); err != nil {
		return err
	}
	major, err := os.ReadFile(filepath.Join(s.data, "PG_VERSION"))
	if err != nil {
		return fmt.Errorf("data path: %w", err)
	}
	// The library would wipe a directory of another version and start afresh.
	if m := strings.TrimSpace(string(major)); m != majorOf(s.version) {
		return fmt.Errorf("data path %s holds version %s, the server is %s", s.data, m, s.version)
	}
	if err := s.plan.Account.own(s.data); err != nil {
		return err
	}
	return s.dir.GuardData(s.data)
}

// initialise fills the data directory, from the cache when that can be had.
func (s *Server) initialise(ctx context.Context) error {
	if err := os.Remove(s.data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if !s.options.OwnIdentity {
		err := copyTemplate(ctx, s.plan, s.version, s.data)
		if err == nil || ctx.Err() != nil {
			return err
		}
		// Only time is lost without the cache: a read-only or foreign cache directory must not keep
		// a test from running.
		if err := os.RemoveAll(s.data); err != nil {
			return err
		}
	}
	return runInitdb(ctx, s.plan, s.data, s.dir.Path(), newPassword())
}

func majorOf(version string) string {
	major, _, _ := strings.Cut(version, ".")
	return major
}

func (s *Server) launchOnFreePort(ctx context.Context) error {
	if s.options.Port != 0 {
		return s.launch(ctx)
	}
	var err error
	for range portTries {
		if s.port, err = rundir.FreePort(); err != nil {
			return err
		}
		if err = s.launch(ctx); err == nil || !portTaken(err) {
			return err
		}
	}
	return err
}

// portTaken reports whether a start failed because another process was faster, as the library or the server
// says it.
func portTaken(err error) bool {
	return strings.Contains(err.Error(), "already listening on port") ||
		strings.Contains(err.Error(), "Address already in use")
}

// launch starts the server on its data directory. The library's object serves for one start only: it cannot
// be used again after a crash.
func (s *Server) launch(ctx context.Context) error {
	if err := rundir.ClearKilled(ctx, s.data); err != nil {
		return err
	}
	socket := filepath.Join(s.plan.Home, ".s.PGSQL."+strconv.Itoa(s.port))
	if len(socket) > 107 {
		return fmt.Errorf("%s is too long for a Unix socket; set TMPDIR to a shorter path", socket)
	}
	if s.options.Child {
		return s.launchChild(ctx)
	}
	process := embedded.NewDatabase(embedded.DefaultConfig().
		Version(embedded.PostgresVersion(majorOf(s.version))).
		BinariesPath(s.libraryBinaries()).RuntimePath(filepath.Join(s.dir.Path(), "runtime")).
		DataPath(s.data).Port(uint32(s.port)).Username(userName).Password(s.password).
		StartParameters(s.options.parameters(s.plan.Home)).StartTimeout(answerBound).Logger(nil))
	done := make(chan error, 1)
	go func() { done <- process.Start() }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		// The library cannot be told to give up, but it does when the server it waits for dies.
		// Waited for, because what it does last is to stop whatever runs on the data directory by
		// then.
		err = errors.Join(ctx.Err(), rundir.KillServing(s.data), <-done)
	}
	removeLibraryLogs()
	if err != nil {
		err = errors.Join(err, s.kill(context.WithoutCancel(ctx)))
		return fmt.Errorf("%w\n%s", err, s.logTail())
	}
	s.process = process
	return nil
}

// logTail returns the end of the server's log, for an error message.
func (s *Server) logTail() string {
	const most = 2000
	text, err := os.ReadFile(s.plan.Log)
	if err != nil {
		return ""
	}
	return string(text[max(0, len(text)-most):])
}

// Addr is the server's TCP address, for a proxy to stand before. It is the same over Restart.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Version is the server's version, such as "15.18".
func (s *Server) Version() string { return s.version }

// DataPath is the server's data directory.
func (s *Server) DataPath() string { return s.data }

// Own gives path and everything below it to the account that the server runs as, with the modes that
// PostgreSQL insists on in a data directory. It is for who puts files into the data directory of a server
// that is down.
func (s *Server) Own(path string) error {
	if err := errors.Join(restrict(path), s.plan.Account.own(path)); err != nil {
		return fmt.Errorf("give %s to the server: %w", path, err)
	}
	return nil
}

// LogPath is the server's log file. It is removed with the server.
func (s *Server) LogPath() string { return s.plan.Log }

// DSN is the connection string of the superuser for one database; "postgres" always exists.
func (s *Server) DSN(database string) string { return s.DSNAt(s.Addr(), database) }

// DSNAt is DSN through another address, that of a proxy before the server.
func (s *Server) DSNAt(addr, database string) string {
	dsn := url.URL{
		Scheme: "postgres", User: url.UserPassword(userName, s.password), Host: addr, Path: "/" + database,
		RawQuery: "sslmode=disable",
	}
	return dsn.String()
}

// PIDs returns the server's processes, the postmaster first. It is empty while the server is down. Each
// backend has a process group of its own, so a signal for the whole server goes to each.
func (s *Server) PIDs() []int { return rundir.Serving(s.data) }

// Pause suspends the server with SIGSTOP: connections stay open and nothing answers, until Resume.
func (s *Server) Pause() error { return s.signal(unix.SIGSTOP) }

// Resume lets a suspended server go on.
func (s *Server) Resume() error { return s.signal(unix.SIGCONT) }

// errDown is the answer to a signal that finds no process.
var errDown = errors.New("signal postgres: the server is down")

func (s *Server) signal(sig unix.Signal) error {
	pids := s.PIDs()
	if len(pids) == 0 {
		return errDown
	}
	// The postmaster comes first, or it would start a backend that is missed.
	if err := rundir.Signal(pids[:1], sig); err != nil {
		return err
	}
	return rundir.Signal(s.PIDs(), sig)
}

// copyLog hands the log to the caller's writer.
func (s *Server) copyLog() error {
	if s.options.Log == nil {
		return nil
	}
	log, err := os.Open(s.plan.Log)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	if _, err := io.Copy(s.options.Log, log); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	return nil
}
