package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// readyPoll is how often a starting postmaster's status is read: it is one small file.
const readyPoll = 5 * time.Millisecond

// child is a postmaster whose parent is this process.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has been waited for
}

// launchChild starts the postmaster and returns when it accepts connections.
func (s *Server) launchChild(ctx context.Context) error {
	log, err := os.OpenFile(s.plan.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	program := filepath.Join(s.plan.Binaries, "postgres")
	c := &child{ended: make(chan struct{})}
	// The processes of a server are found by these very arguments, see rundir.Serving.
	c.cmd = &exec.Cmd{
		Path: program, Args: append([]string{"postgres", "-D", s.data}, s.arguments()...),
		Env: serverEnv(s.plan.Home), Dir: s.plan.Home, Stdout: log, Stderr: log,
		SysProcAttr: endWithParent(s.plan.Account.attr()),
	}
	if err := c.start(); err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	s.child = c
	if err := s.awaitReady(ctx, c); err != nil {
		err = errors.Join(err, s.kill(context.WithoutCancel(ctx)))
		return fmt.Errorf("%w\n%s", err, s.logTail())
	}
	return nil
}

// arguments are the server's parameters as its command line takes them.
func (s *Server) arguments() []string {
	parameters := s.options.parameters(s.plan.Home)
	parameters["port"] = strconv.Itoa(s.port)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		list = append(list, "-c", name+"="+parameters[name])
	}
	return list
}

// start starts the child on a thread that lives as long as the child does: the death signal is sent when the
// parent thread ends, not the parent process, and the Go runtime ends threads as it pleases.
func (c *child) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			_ = c.cmd.Wait() // how it ended is in its ProcessState
		}
		close(c.ended)
	}()
	return <-started
}

// awaitReady returns when the postmaster has written that it accepts connections.
func (s *Server) awaitReady(ctx context.Context, c *child) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for !s.saysReady(c.cmd.Process.Pid) {
		select {
		case <-c.ended:
			return fmt.Errorf("postgres ended: %s", c.cmd.ProcessState)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// saysReady reads the postmaster's lock file, as pg_ctl does: its first line is the process, its eighth the
// status.
func (s *Server) saysReady(pid int) bool {
	text, err := os.ReadFile(filepath.Join(s.data, "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := bytes.Split(text, []byte("\n"))
	return len(lines) >= 8 && string(lines[0]) == strconv.Itoa(pid) &&
		strings.TrimSpace(string(lines[7])) == "ready"
}

// shutDownChild asks for a fast shutdown, in which sessions are ended and nothing is left to recover.
func (s *Server) shutDownChild(ctx context.Context) error {
	if err := rundir.Signal([]int{s.child.cmd.Process.Pid}, unix.SIGINT); err != nil {
		return errors.Join(err, s.kill(context.WithoutCancel(ctx)))
	}
	bound := time.NewTimer(stopBound)
	defer bound.Stop()
	select {
	case <-s.child.ended:
		if !s.child.cmd.ProcessState.Success() {
			break // killed from outside, and its backends may still be at work
		}
		s.child = nil
		return nil
	case <-bound.C:
	case <-ctx.Done():
	}
	return s.kill(context.WithoutCancel(ctx))
}
