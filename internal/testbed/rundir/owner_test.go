package rundir

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ownerVariable makes this test binary an owner: it opens a session, starts a process under guard, says what
// it did and waits to be killed.
const ownerVariable = "FENCEPOST_TEST_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(ownerVariable) != "" {
		if err := beOwner(); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func beOwner() error {
	dir, err := New("sleeper")
	if err != nil {
		return err
	}
	sleeper := exec.Command("sleep", "1000")
	if err := sleeper.Start(); err != nil {
		return err
	}
	if err := dir.GuardProcess(sleeper.Process.Pid); err != nil {
		return err
	}
	fmt.Println("ready", dir.Path(), sleeper.Process.Pid)
	select {}
}

// owner is such a process, seen from the test.
type owner struct {
	cmd     *exec.Cmd
	dir     string
	sleeper process
}

func (o owner) session() string { return filepath.Dir(o.dir) }

func startOwner(t *testing.T) owner {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), ownerVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := owner{cmd: cmd}
	t.Cleanup(func() { o.kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("owner said %q: %v", line, err)
	}
	var pid int
	if _, err := fmt.Sscanf(line, "ready %s %d", &o.dir, &pid); err != nil {
		t.Fatalf("owner said %q: %v", line, err)
	}
	if o.sleeper, err = readProcess(pid); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = guard{Pid: o.sleeper.pid, Started: o.sleeper.started}.end() })
	return o
}

func (o owner) kill() {
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
}

// warden returns the process that watches the session.
func (o owner) warden(t *testing.T) process {
	t.Helper()
	for _, p := range processTable() {
		if len(p.args) == 2 && p.args[0] == wardenName && p.args[1] == o.session() && p.alive() {
			return p
		}
	}
	t.Fatalf("no warden watches %s", o.session())
	return process{}
}

// within polls until done holds and returns how long that took.
func within(t *testing.T, bound time.Duration, what string, done func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Since(start) > bound {
			t.Fatalf("not within %v: %s", bound, what)
		}
		<-tick.C
	}
	return time.Since(start)
}

func gone(path string) bool {
	_, err := os.Lstat(path)
	return os.IsNotExist(err)
}

func TestWardenEndsWhatAKilledOwnerLeft(t *testing.T) {
	o := startOwner(t)
	o.warden(t)
	o.kill()
	took := within(t, time.Second, "server ended and session removed", func() bool {
		return len(survivors([]process{o.sleeper})) == 0 && gone(o.session())
	})
	t.Logf("after %v", took)
}

func TestWardenSurvivesWhatEndsTheOwnersProcessGroup(t *testing.T) {
	o := startOwner(t)
	warden := o.warden(t)
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGHUP, unix.SIGKILL} {
		if err := unix.Kill(-o.cmd.Process.Pid, sig); err != nil && sig == unix.SIGINT {
			t.Fatal(err)
		}
	}
	within(t, time.Second, "session removed", func() bool { return gone(o.session()) })
	within(t, time.Second, "warden ended", func() bool { return len(survivors([]process{warden})) == 0 })
}

func TestNextSessionReapsWhatAKilledWardenCouldNot(t *testing.T) {
	dead := startOwner(t)
	living := startOwner(t)
	if err := Signal([]int{dead.warden(t).pid}, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	dead.kill()

	startOwner(t)
	if len(survivors([]process{dead.sleeper})) != 0 || !gone(dead.session()) {
		t.Error("the session of a dead owner outlived the opening of another")
	}
	if len(survivors([]process{living.sleeper})) != 1 || gone(living.session()) {
		t.Error("the session of a living owner was reaped")
	}
}

func TestReaperRemovesASessionThatWasHalfRemoved(t *testing.T) {
	base := t.TempDir()
	if err := os.MkdirAll(filepath.Join(base, "1-2", "postgres-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	reap(base)
	if !gone(filepath.Join(base, "1-2")) {
		t.Error("a session without an owner file stays for ever")
	}
}

func TestGuardPassesOverAProcessThatTookThePid(t *testing.T) {
	sleeper := exec.Command("sleep", "1000")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() })
	started, err := startTime(sleeper.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := (guard{Pid: sleeper.Process.Pid, Started: started - 1}).end(); err != nil {
		t.Fatal(err)
	}
	p, err := readProcess(sleeper.Process.Pid)
	if err != nil || !p.alive() {
		t.Errorf("a process that only shares the pid was ended: %v", err)
	}
}

func TestKillEndsTheWholeTree(t *testing.T) {
	shell := exec.Command("sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait")
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != "ready" {
		t.Fatal(line, err)
	}
	root, err := readProcess(shell.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	tree := withDescendants(processTable(), []process{root})
	if len(tree) != 3 {
		t.Fatalf("tree of %d processes, want 3", len(tree))
	}
	if err := (guard{Pid: root.pid, Started: root.started}).kill(); err != nil {
		t.Fatal(err)
	}
	_ = shell.Wait()
	if left := survivors(tree); len(left) != 0 {
		t.Errorf("processes %v are left", pidsOf(left))
	}
}
