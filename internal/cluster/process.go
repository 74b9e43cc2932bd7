package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"fencepost/internal/testbed/rundir"
)

// process is one child. It ends with this process.
type process struct {
	cmd *exec.Cmd
	log string
	// ended is closed when the child has been waited for.
	ended chan struct{}
}

// spawn starts a program whose output is appended to the file log.
func spawn(dir *rundir.Dir, log, program string, args ...string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	defer file.Close()
	p := &process{log: log, ended: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env, p.cmd.Dir = environment(), dir.Path()
	p.cmd.Stdout, p.cmd.Stderr = file, file
	p.cmd.SysProcAttr = childAttr()
	if err := p.start(); err != nil {
		return nil, err
	}
	if err := dir.GuardProcess(p.pid()); err != nil && p.running() {
		return nil, errors.Join(err, p.kill())
	}
	return p, nil
}

// start starts the child on a thread that lives as long as the child: the death
// signal is sent when the parent's thread ends, not the parent, and the Go
// runtime ends threads as it pleases.
func (p *process) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is in its ProcessState
		}
		close(p.ended)
	}()
	return <-started
}

// environment is this process's, without the settings of a fencepost of the
// caller's own: the configuration file says everything.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "FENCEPOST_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// running tells whether the child lives, or has not been waited for yet.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// stop asks the child to end in order and waits; it is killed if it takes
// longer than the bound.
func (p *process) stop(ctx context.Context, bound time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	// A suspended process acts on the request only when it runs again.
	err := errors.Join(p.signal(syscall.SIGCONT), p.signal(syscall.SIGTERM))
	if err != nil {
		return errors.Join(err, p.kill())
	}
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("not ended after %v", bound), p.kill())
	}
}

// kill ends the child by SIGKILL and waits for it.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	return nil
}

// signal sends a signal, unless the child has ended.
func (p *process) signal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", p.pid(), err)
	}
	return nil
}

// tail returns the last lines of the log, at most so many.
func tail(log string, lines int) string {
	const most = 64 << 10
	text, err := os.ReadFile(log)
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimSpace(string(text[max(0, len(text)-most):])), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// ErrLate reports that something had not come about when its time was over.
var ErrLate = errors.New("not within")

// poll looks until done holds. It fails with ErrLate when the bound has passed,
// and at once when a look fails for good.
func poll(outer context.Context, bound, every time.Duration, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(outer, bound)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		ok, err := done(ctx)
		switch {
		case ok && err == nil:
			return nil
		case outer.Err() != nil:
			return outer.Err()
		case ctx.Err() != nil:
			// Whatever the look says now, it was cut short.
			return fmt.Errorf("%w %v", ErrLate, bound)
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
