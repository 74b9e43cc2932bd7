package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
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
	// logPath is its log file, "" when it writes none.
	logPath() string
	// remove deletes its files; it must be down.
	remove() error
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

// newProcess lays out the directory of a server that is not started yet.
func newProcess(options Options, found program) (*process, error) {
	dir, err := rundir.New("redis")
	if err != nil {
		return nil, err
	}
	return &process{options: options, program: found, dir: dir}, nil
}

func (p *process) remove() error { return p.dir.Remove() }

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
		Path:        p.program.path,
		Args:        append([]string{"redis-server", config}, p.options.flags()...),
		Env:         p.program.environment(),
		Dir:         p.dir.Path(),
		SysProcAttr: childAttr(),
	}
	// What is wrong with its settings it says on its standard error, before it has a log.
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := errors.Join(p.spawn(), log.Close()); err != nil {
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
		if last = p.ping(ctx, port); last == nil {
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

// ping asks what answers on the port whether it is ready. It must be the child: the port may be another
// server's, which answers until the child has noticed that it cannot have it.
func (p *process) ping(ctx context.Context, port int) error {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if answer, err := ask(ctx, addr, "PING"); err != nil || answer != "+PONG\r\n" {
		return errors.Join(fmt.Errorf("answer to PING: %q", answer), err)
	}
	about, err := ask(ctx, addr, "INFO", "server")
	if err != nil {
		return fmt.Errorf("ask for process: %w", err)
	}
	if !strings.Contains(about, fmt.Sprintf("\r\nprocess_id:%d\r\n", p.cmd.Process.Pid)) {
		return fmt.Errorf("another server answers on %s: address already in use", addr)
	}
	return nil
}

// ask sends one command and returns the answer as it stands on the wire, up to 16 KiB.
func ask(ctx context.Context, addr string, command ...string) (string, error) {
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
	// After QUIT the server closes the connection, which marks the end of the answer whatever its form. A
	// Sentinel does not know it, and closes when nothing more can come.
	if _, err := conn.Write([]byte(encode(command...) + encode("QUIT"))); err != nil {
		return "", err
	}
	if half, ok := conn.(*net.TCPConn); ok {
		if err := half.CloseWrite(); err != nil {
			return "", err
		}
	}
	answer, err := io.ReadAll(io.LimitReader(conn, 16<<10))
	text, _, _ := strings.Cut(string(answer), "-ERR unknown command 'QUIT'")
	return strings.TrimSuffix(text, "+OK\r\n"), err
}

// encode writes a command as Redis reads it. miniredis does not know the shorter inline form.
func encode(command ...string) string {
	text := fmt.Sprintf("*%d\r\n", len(command))
	for _, word := range command {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	return text
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
