package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// engine is what answers on the server's port: a redis-server process, or miniredis.
type engine interface {
	// start brings the engine up on the port and returns when it answers.
	start(ctx context.Context, port int) error
	// stop ends it in order; kill ends it as a crash would. Both return when the port is free.
	stop(ctx context.Context) error
	kill() error
	// running reports whether it is up.
	running() bool
	// pid is the process to signal, 0 when there is none of its own.
	pid() int
	kind() string
}

// pingPoll is how often a starting server is asked whether it answers.
const pingPoll = 5 * time.Millisecond

// stopBound is the longest an orderly shutdown may take before the server is killed.
const stopBound = 5 * time.Second

// process is a redis-server as a child of this process.
type process struct {
	options Options
	program program
	dir     *rundir.Dir
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the child has been waited for
}

func (p *process) kind() string { return "redis-server " + p.program.version }

func (p *process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) pid() int {
	if !p.running() {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *process) logPath() string { return filepath.Join(p.dir.Path(), "log") }

func (p *process) start(ctx context.Context, port int) error {
	config := filepath.Join(p.dir.Path(), "redis.conf")
	text := p.options.directives(p.dir.Path(), p.logPath(), port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	p.cmd = &exec.Cmd{
		Path: p.program.path,
		Args: []string{"redis-server", config},
		Env:  p.program.environment(),
		Dir:  p.dir.Path(),
		SysProcAttr: &syscall.SysProcAttr{
			Setpgid:   true,
			Pdeathsig: syscall.SIGKILL,
		},
	}
	if err := p.spawn(); err != nil {
		return err
	}
	if err := p.dir.GuardProcess(p.cmd.Process.Pid); err != nil && p.running() {
		return errors.Join(err, p.kill())
	}
	if err := p.awaitAnswer(ctx, port); err != nil {
		return errors.Join(fmt.Errorf("%w\n%s", err, p.logTail()), p.kill())
	}
	return nil
}

// spawn starts the child on a thread that lives as long as the child does: the death signal is sent when the
// parent thread ends, not the parent process, and the Go runtime ends threads as it pleases.
func (p *process) spawn() error {
	started := make(chan error)
	ended := make(chan struct{})
	cmd := p.cmd
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(ended)
	}()
	p.ended = ended
	return <-started
}

// awaitAnswer returns when the server answers PING, which it refuses while it loads its append-only file.
func (p *process) awaitAnswer(ctx context.Context, port int) error {
	tick := time.NewTicker(pingPoll)
	defer tick.Stop()
	var last error
	for {
		if last = ping(ctx, port); last == nil && p.running() {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("redis-server ended: %s", p.cmd.ProcessState)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), last)
		case <-tick.C:
		}
	}
}

// ping asks the server on the port once.
func ping(ctx context.Context, port int) error {
	answer, err := ask(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), "PING")
	if err == nil && answer != "+PONG" {
		err = fmt.Errorf("answer to PING: %s", answer)
	}
	return err
}

// ask sends one command in Redis's inline form and returns the first line of the answer.
func ask(ctx context.Context, addr, command string) (string, error) {
	const bound = time.Second
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return "", err
		}
	}
	if _, err := conn.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	answer := make([]byte, 512)
	n, err := conn.Read(answer)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(answer[:n]), "\r\n")
	return line, nil
}

// stop asks for an orderly shutdown, in which the append-only file is synchronised.
func (p *process) stop(ctx context.Context) error {
	if !p.running() {
		return nil
	}
	// A suspended process acts on the signal only when it runs again.
	if err := rundir.Signal([]int{p.pid()}, unix.SIGCONT); err != nil {
		return err
	}
	if err := rundir.Signal([]int{p.pid()}, unix.SIGTERM); err != nil {
		return err
	}
	bound := time.NewTimer(stopBound)
	defer bound.Stop()
	select {
	case <-p.ended:
		return nil
	case <-bound.C:
	case <-ctx.Done():
	}
	return p.kill()
}

func (p *process) kill() error {
	if !p.running() {
		return nil
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.ended
	return nil
}

// logTail returns the end of the server's log, for an error message.
func (p *process) logTail() string {
	const most = 2000
	text, err := os.ReadFile(p.logPath())
	if err != nil {
		return ""
	}
	return string(text[max(0, len(text)-most):])
}
