package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fencepost/internal/testbed/rundir"
)

// stopBound is the longest an orderly shutdown may take before the server is killed.
const stopBound = 15 * time.Second

// ErrStopped is the answer of a server that was stopped for good.
var ErrStopped = errors.New("postgres: server was stopped")

// Stop shuts the server down in order and removes its run directory; a DataPath of the caller's stays. A
// server that does not shut down within 15 seconds, or before ctx ends, is killed. Stop may be called again.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	err := errors.Join(s.shutDown(ctx), s.copyLog(), s.dir.Remove())
	if err != nil {
		return fmt.Errorf("stop postgres: %w", err)
	}
	return nil
}

// shutDown ends the server if it runs. A server that has to be killed is no error: it is down.
func (s *Server) shutDown(ctx context.Context) error {
	process := s.process
	s.process = nil
	if process == nil || len(s.PIDs()) == 0 {
		// Backends of a postmaster that was killed from outside may still be at work.
		return s.kill(ctx)
	}
	if err := s.Resume(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- process.Stop() }()
	bound := time.NewTimer(stopBound)
	defer bound.Stop()
	select {
	case err := <-done:
		if err == nil {
			return nil
		}
	case <-bound.C:
	case <-ctx.Done():
	}
	return s.kill(context.WithoutCancel(ctx))
}

// kill ends every process of the server and returns what they held.
func (s *Server) kill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopBound)
	defer cancel()
	if err := rundir.KillServing(s.data); err != nil {
		return err
	}
	return s.clearCrashed(ctx)
}

// Crash ends the postmaster and every backend by SIGKILL, as a power switch would, without a word to the
// clients. What was committed is in the data directory. The server is down until Restart.
func (s *Server) Crash() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	s.process = nil
	if err := s.kill(context.Background()); err != nil {
		return fmt.Errorf("crash postgres: %w", err)
	}
	return nil
}

// Restart starts the server again on its data directory and its port, after Crash, after the postmaster was
// killed from outside, or, if it still runs, after an orderly shutdown.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	if err := s.shutDown(ctx); err != nil {
		return fmt.Errorf("restart postgres: %w", err)
	}
	if err := s.launch(ctx); err != nil {
		return fmt.Errorf("restart postgres: %w", err)
	}
	return nil
}

// clearCrashed removes what a killed server cannot remove itself. Its lock file names a pid that another
// process may have by now, or that stays in the process table when nobody collects it; either way PostgreSQL
// would refuse to start. It waits until no backend of the killed server is left, as PostgreSQL's own check
// would.
func (s *Server) clearCrashed(ctx context.Context) error {
	if pids := s.PIDs(); len(pids) > 0 {
		return fmt.Errorf("a server already runs on %s as process %d", s.data, pids[0])
	}
	lock := filepath.Join(s.data, "postmaster.pid")
	text, err := os.ReadFile(lock)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read lock of killed server: %w", err)
	}
	// Line 7 is "key id" of the shared memory segment that every backend is attached to. Line 4 is the port
	// and line 5 the socket directory.
	lines := append(strings.Split(string(text), "\n"), make([]string, 7)...)
	if err := releaseSegment(ctx, lines[6]); err != nil {
		return fmt.Errorf("backends of a killed server still run on %s: %w", s.data, err)
	}
	left := []string{lock}
	if filepath.IsAbs(lines[4]) {
		socket := filepath.Join(lines[4], ".s.PGSQL."+lines[3])
		left = append(left, socket, socket+".lock")
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove lock of killed server: %w", err)
		}
	}
	return nil
}
