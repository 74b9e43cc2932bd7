package postgres

import (
	"context"
	"errors"
	"fmt"
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

// Shutdown ends the server in order, as pg_ctl stop does, and leaves its data. It is down until Restart. A
// server that does not shut down within 15 seconds, or before ctx ends, is killed.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	if err := s.shutDown(ctx); err != nil {
		return fmt.Errorf("shut postgres down: %w", err)
	}
	return nil
}

// shutDown ends the server if it runs. A server that has to be killed is no error: it is down.
func (s *Server) shutDown(ctx context.Context) error {
	process := s.process
	s.process = nil
	if process == nil && s.child == nil || len(s.PIDs()) == 0 {
		// Backends of a postmaster that was killed from outside may still be at work.
		return s.kill(ctx)
	}
	if err := s.Resume(); errors.Is(err, errDown) {
		return s.kill(ctx) // it was killed from outside a moment ago
	} else if err != nil {
		return err
	}
	if s.child != nil {
		return s.shutDownChild(ctx)
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
	if s.child != nil {
		<-s.child.ended // no later than its death
		s.child = nil
	}
	return rundir.ClearKilled(ctx, s.data)
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
