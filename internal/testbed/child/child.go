package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fencepost/internal/testbed/rundir"
)

// Process is one child. It has a process group of its own and ends with this
// process.
type Process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

// Spawn starts a program whose output is appended to the file log.
func Spawn(dir *rundir.Dir, log, program string, args ...string) (*Process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	defer file.Close()
	return SpawnInto(dir, file, program, args...)
}

// SpawnInto starts a program whose output goes to a file: a log, or the end of
// a pipe that somebody reads. The caller closes its own copy.
func SpawnInto(dir *rundir.Dir, out *os.File, program string, args ...string) (*Process, error) {
	p := &Process{log: out.Name(), ended: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env, p.cmd.Dir = environment(), dir.Path()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = childAttr()
	if err := p.start(); err != nil {
		return nil, err
	}
	if err := dir.GuardProcess(p.PID()); err != nil && p.Running() {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// start starts the child on a thread that lives as long as the child: the death
// signal is sent when the parent's thread ends, not the parent, and the Go
// runtime ends threads as it pleases.
func (p *Process) start() error {
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

// PID is the child's process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended is closed when the child has been waited for.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// How tells how the child ended; it is nil until Ended is closed.
func (p *Process) How() *os.ProcessState { return p.cmd.ProcessState }

// Running tells whether the child lives, or has not been waited for yet.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Stop asks the child to end in order and waits; it is killed, and the error
// says so, if it takes longer than the bound.
func (p *Process) Stop(ctx context.Context, bound time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	// A suspended process acts on the request only when it runs again.
	err := errors.Join(p.Signal(syscall.SIGCONT), p.Signal(syscall.SIGTERM))
	if err != nil {
		return errors.Join(err, p.Kill())
	}
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("not ended after %v", bound), p.Kill())
	}
}

// Kill ends the child, and whatever it started in its group, by SIGKILL and waits
// for it.
func (p *Process) Kill() error {
	if p.Running() {
		if err := syscall.Kill(-p.PID(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill process group %d: %w", p.PID(), err)
		}
	}
	<-p.ended
	return nil
}

// Signal sends a signal, unless the child has ended.
func (p *Process) Signal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", p.PID(), err)
	}
	return nil
}

// answerPoll is how often a starting process is asked whether it answers, and
// answerBound how long it may take.
const (
	answerPoll  = 10 * time.Millisecond
	answerBound = 20 * time.Second
)

// AwaitAnswer returns when the child answers, and kills it if it never does.
func (p *Process) AwaitAnswer(ctx context.Context, ask func(context.Context) error) error {
	var last error
	err := Poll(ctx, answerBound, answerPoll, func(ctx context.Context) (bool, error) {
		if !p.Running() {
			return false, fmt.Errorf("ended: %s", p.How())
		}
		last = ask(ctx)
		return last == nil && p.Running(), nil
	})
	if err != nil {
		return errors.Join(fmt.Errorf("%w\n%s", err, Tail(p.log, 10)), last, p.Kill())
	}
	return nil
}

// portTries is how many free ports a start goes through when another process is
// faster.
const portTries = 5

// OnFreePorts calls start with so many free addresses, and again with others
// where the log says that another process was faster.
func OnFreePorts(count int, log string, start func(addrs []string) error) error {
	var err error
	for range portTries {
		var addrs []string
		for range count {
			port, err := rundir.FreePort()
			if err != nil {
				return err
			}
			addrs = append(addrs, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		}
		if err = start(addrs); err == nil || !strings.Contains(Tail(log, 10), "address already in use") {
			return err
		}
	}
	return err
}

// Tail returns the last lines of a log, at most so many; "" if it cannot be
// read.
func Tail(log string, lines int) string {
	const most = 64 << 10
	file, err := os.Open(log)
	if err != nil {
		return ""
	}
	defer file.Close()
	if about, err := file.Stat(); err != nil || !about.Mode().IsRegular() {
		return ""
	} else if size := about.Size(); size > most {
		if _, err := file.Seek(size-most, io.SeekStart); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// ErrLate reports that something had not come about when its time was over.
var ErrLate = errors.New("not within")

// Poll looks until done holds. It fails with ErrLate when the bound has passed,
// and at once when a look fails for good.
func Poll(outer context.Context, bound, every time.Duration, done func(context.Context) (bool, error)) error {
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
