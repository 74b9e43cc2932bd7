package main

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestUnitIsOneThatSystemdTakes(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatal("no systemd-analyze here: apt-get install systemd")
	}
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	text := deployed(t, "systemd/fencepost.service")
	for line := range strings.Lines(text) {
		if _, args, ours := strings.Cut(strings.TrimSpace(line), "=/usr/local/bin/fencepost "); ours {
			understandable(t, "fencepost.service", strings.Fields(args))
		}
	}
	c := settingsOf(t, "systemd/fencepost.yaml", deployed(t, "systemd/fencepost.yaml"))
	if !strings.Contains(text, "\nType=notify\n") || !strings.Contains(text, "\nTimeoutStopSec=30s\n") ||
		c.ShutdownTimeout.String() != "20s" {
		t.Errorf("the unit has to wait longer than shutdown_timeout %v", c.ShutdownTimeout)
	}
	unit := filepath.Join(t.TempDir(), "fencepost.service")
	text = strings.ReplaceAll(text, "/usr/local/bin/fencepost", binary)
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("systemd-analyze", "verify", "--man=no", unit).CombinedOutput()
	if err != nil || strings.Contains(string(out), "fencepost.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

func TestDockerfileBuildsAStaticProgramThatNeedsNothing(t *testing.T) {
	u, err := readByTheirReaders()
	if err != nil {
		t.Fatal(err)
	}
	var stage int
	environment := []string{}
	var builds, last []string
	words := map[string][]string{}
	for _, i := range u.Dockerfile {
		switch i.Word {
		case "FROM":
			stage++
		case "ENV":
			for at := 0; stage == 1 && at+1 < len(i.Args); at += 3 {
				environment = append(environment, i.Args[at]+"="+i.Args[at+1])
			}
		case "RUN":
			builds = append(builds, i.Args[0])
		}
		if stage == 2 {
			words[i.Word], last = i.Args, i.Args
		}
	}
	if stage != 2 || words["FROM"][0] != "scratch" || words["USER"][0] != "65532:65532" ||
		last[0] != "serve" {
		t.Fatalf("%d stages; the last is %v", stage, words)
	}
	understandable(t, "Dockerfile", words["CMD"])
	understandable(t, "Dockerfile", words["HEALTHCHECK"][len(words["HEALTHCHECK"])-2:])
	c := settingsOf(t, "fencepost.yaml", deployed(t, "fencepost.yaml"))
	if want := []string{port(t, c.Listen), port(t, c.AdminListen)}; !slices.Equal(words["EXPOSE"], want) {
		t.Errorf("exposes %v, want %v", words["EXPOSE"], want)
	}
	program := replayed(t, builds, environment)
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	needs, err := file.ImportedLibraries()
	if err != nil || len(needs) > 0 || file.Section(".interp") != nil {
		t.Errorf("not static: %v, %v", needs, err)
	}
	asNobody(t, program)
}

// replayed carries out the building steps in a copy of the tree, and returns the
// program.
func replayed(t *testing.T, steps, environment []string) string {
	t.Helper()
	tree, out := t.TempDir(), t.TempDir()
	if err := os.Chmod(out, 0o755); err != nil {
		t.Fatal(err)
	}
	listed, err := exec.Command("git", "-C", filepath.Join("..", ".."), "ls-files", "-z").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(listed), "\x00"), "\x00") {
		// What the program is made of, and not its fuzz corpora.
		if strings.HasPrefix(name, "scenarios/") || strings.Contains(name, "testdata/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if os.IsNotExist(err) {
			continue // removed and not committed
		}
		to := filepath.Join(tree, name)
		if err == nil {
			if err = os.MkdirAll(filepath.Dir(to), 0o755); err == nil {
				err = os.WriteFile(to, text, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range steps {
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(step, "/out/", out+"/"))
		cmd.Dir, cmd.Env = tree, append(os.Environ(), environment...)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("RUN %s: %v\n%s", step, err, text)
		}
	}
	return filepath.Join(out, "fencepost")
}

// asNobody runs the program as an account without rights, where nothing can be
// written.
func asNobody(t *testing.T, program string) {
	t.Helper()
	const nobody = 65532
	cmd := exec.Command(program, "version")
	cmd.Dir, cmd.Env = "/", []string{"FENCEPOST_CONFIG=/nowhere"}
	if os.Getuid() == 0 {
		crossable(t, program)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("go1.")) {
		t.Errorf("version: %v\n%s", err, out)
	}
}

// crossable lets everybody reach the file through the test's directories.
func crossable(t *testing.T, path string) {
	t.Helper()
	tests := filepath.Dir(filepath.Dir(t.TempDir()))
	for dir := filepath.Dir(path); strings.HasPrefix(dir, tests+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// supervisor hears the words that a service sends to its supervisor.
func supervisor(t *testing.T, every time.Duration) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", fmt.Sprint((3 * every).Microseconds()))
	return socket
}

// hear returns the next word, or nothing if none comes in time.
func hear(t *testing.T, socket *net.UnixConn, within time.Duration) string {
	t.Helper()
	if err := socket.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 64)
	n, err := socket.Read(text)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text[:n])
}

// A process whose node stands still answers, and says so at /livez.
func TestWatchdogIsFedOnlyWhileTheNodeIsDriven(t *testing.T) {
	const every = 200 * time.Millisecond
	socket := supervisor(t, every)
	c := newCluster(t)
	if code, out, errs := command(t, "migrate", "up", "--config", c.configured(t)); code != exitDone {
		t.Fatalf("%s%s", out, errs)
	}
	i := c.serve("n1", nil)
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := hear(t, socket, patience); got != want {
			t.Fatalf("told %q, want %s", got, want)
		}
	}
	within(t, patience, "it leads", i.leads)
	if code, body := i.ask("POST", "/test/hold", `{"point":"at:leader.stepped_down"}`); code != 200 {
		t.Fatal(body)
	}
	go command(t, "leader", "step-down", "--config", i.file) // it waits for the node
	within(t, patience, "nothing is told", func() bool { return hear(t, socket, 8*every) == "" })
	within(t, patience, "/livez says so", func() bool {
		code, _ := i.ask("GET", "/livez", "")
		return code == 503
	})
	if code, body := i.ask("DELETE", "/test/hold", ""); code != 200 {
		t.Fatal(body)
	}
	if got := hear(t, socket, patience); got != "WATCHDOG=1" {
		t.Errorf("told %q once it went on", got)
	}
	if code := i.terminate(); code != exitDone {
		t.Errorf("exit %d", code)
	}
	for got := ""; got != "STOPPING=1"; {
		if got = hear(t, socket, time.Second); got == "" {
			t.Fatal("not told that it stops")
		}
	}
}

func TestProbeAnswersForASupervisor(t *testing.T) {
	c := newCluster(t)
	file := c.configured(t)
	if code, out, errs := command(t, "migrate", "up", "--config", file); code != exitDone {
		t.Fatalf("%s%s", out, errs)
	}
	i := c.serve("n1", nil)
	ask := func(what string) int {
		code, _, _ := command(t, "probe", what, "--config", i.file)
		return code
	}
	for _, what := range []string{"live", "ready", "leader"} {
		within(t, patience, what, func() bool { return ask(what) == exitDone })
	}
	i.kill()
	if code := ask("live"); code != exitFailed {
		t.Errorf("of a dead one: exit %d", code)
	}
	if code := ask("dead"); code != exitUsage {
		t.Errorf("of nothing: exit %d", code)
	}
}

// configured is a configuration for the verbs that speak to the ledger alone.
func (c *cluster) configured(t *testing.T) string {
	t.Helper()
	i := &instance{file: filepath.Join(t.TempDir(), "f.yaml"), public: "127.0.0.1:1", admin: "127.0.0.1:2"}
	c.write(i, "nobody")
	return i.file
}
