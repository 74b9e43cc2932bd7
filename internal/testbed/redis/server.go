package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// startBound is the longest a start takes, whatever its context allows. A first start may include a download.
const startBound = 4 * time.Minute

// portTries is how many free ports a start goes through when another process is faster.
const portTries = 5

// ErrStopped is the answer of a server that was stopped for good.
var ErrStopped = errors.New("redis: server was stopped")

// Server is one Redis server. Its methods may be called from several goroutines.
type Server struct {
	options Options
	port    int

	mu      sync.Mutex // held while the server starts, stops or dies
	engine  engine
	stopped bool
}

// Start starts a server and returns when it answers. It takes at most four minutes, less when ctx ends
// earlier; a machine that has Redis needs a few milliseconds. An error leaves nothing behind; it holds the
// end of the server's log, or the command that installs what is missing.
func Start(ctx context.Context, options Options) (*Server, error) {
	if err := options.validate(); err != nil {
		return nil, fmt.Errorf("start redis: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	found, err := findProgram(ctx, options.Fallback.patience())
	if err != nil && (options.Fallback == FallbackNone || !errors.Is(err, errNoProgram)) {
		return nil, fmt.Errorf("start redis: %w", err)
	}
	s := &Server{options: options, port: options.Port}
	if err != nil {
		s.engine = &imitation{appendOnly: options.AppendOnly}
	} else if s.engine, err = newProcess(options, found); err != nil {
		return nil, fmt.Errorf("start redis: %w", err)
	}
	if err := s.launchOnFreePort(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start redis: %w", err), s.engine.remove())
	}
	return s, nil
}

func (s *Server) launchOnFreePort(ctx context.Context) error {
	if s.options.Port != 0 {
		return s.engine.start(ctx, s.port)
	}
	var err error
	for range portTries {
		if s.port, err = rundir.FreePort(); err != nil {
			return err
		}
		err = s.engine.start(ctx, s.port)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), "address already in use") {
			return err
		}
	}
	return err
}

// Addr is the server's TCP address. It is the same over Restart.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Kind says what answers: "redis-server 7.0.15", or "miniredis" where a fallback was asked for and needed.
func (s *Server) Kind() string { return s.engine.kind() }

// LogPath is the server's log file, which is removed with the server. It is empty for miniredis, which
// writes none.
func (s *Server) LogPath() string { return s.engine.logPath() }

// Dir is the server's working directory, in which it keeps its append-only file. It is removed with the
// server; its files may be changed while the server is down. It is empty for miniredis.
func (s *Server) Dir() string {
	if s.LogPath() == "" {
		return ""
	}
	return filepath.Dir(s.LogPath())
}

// PID is the server's process, 0 while it is down and for miniredis.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine.pid()
}

// Pause suspends the server with SIGSTOP: connections stay open and nothing answers, until Resume. Expiry is
// by wall time, so leases run out meanwhile.
func (s *Server) Pause() error { return s.signal(unix.SIGSTOP) }

// Resume lets a suspended server go on.
func (s *Server) Resume() error { return s.signal(unix.SIGCONT) }

func (s *Server) signal(sig unix.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid := s.engine.pid()
	if pid == 0 {
		return fmt.Errorf("signal redis: %s is down or has no process of its own", s.engine.kind())
	}
	return rundir.Signal([]int{pid}, sig)
}

// Flush removes every key of every database.
func (s *Server) Flush(ctx context.Context) error {
	answer, err := ask(ctx, s.Addr(), "FLUSHALL")
	if err != nil {
		return fmt.Errorf("flush redis: %w", err)
	}
	if answer != "+OK\r\n" {
		return fmt.Errorf("flush redis: %s", strings.TrimSpace(answer))
	}
	return nil
}

// Kill ends the server by SIGKILL. It is down until Restart.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	if err := s.engine.kill(); err != nil {
		return fmt.Errorf("kill redis: %w", err)
	}
	return nil
}

// Shutdown ends the server in order, in which its append-only file is synchronised. It is down until Restart.
// A server that does not end within five seconds, or before ctx ends, is killed.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	if err := s.engine.stop(ctx); err != nil {
		return fmt.Errorf("shut redis down: %w", err)
	}
	return nil
}

// Restart starts the server again on its port, after an orderly shutdown if it still runs. It comes back
// empty unless AppendOnly is set.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	if err := s.engine.stop(ctx); err != nil {
		return fmt.Errorf("restart redis: %w", err)
	}
	if err := s.engine.start(ctx, s.port); err != nil {
		return fmt.Errorf("restart redis: %w", err)
	}
	return nil
}

// Stop ends the server and removes its directory and everything in it. Stop may be called again.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	// Nothing of it is kept, so there is nothing to shut down in order for.
	if err := errors.Join(s.engine.kill(), s.copyLog(), s.engine.remove()); err != nil {
		return fmt.Errorf("stop redis: %w", err)
	}
	return nil
}

// copyLog hands the log to the caller's writer.
func (s *Server) copyLog() error {
	if s.options.Log == nil || s.LogPath() == "" {
		return nil
	}
	log, err := os.Open(s.LogPath())
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	if _, err := io.Copy(s.options.Log, log); err != nil {
		return fmt.Errorf("copy log: %w", err)
	}
	return nil
}
