package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fencepost/internal/testbed"
	"fencepost/internal/testbed/redis"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// The secrets of the tests' instances.
const (
	pathToken  = "a-token-for-the-tests"
	adminToken = "an-admin-token-for-tests"
)

// workshop is where the program is built.
var workshop string

// TestMain leaves nothing behind; the shared servers end with the process.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fencepost-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workshop = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build builds the program once for all tests of this process.
var build = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(workshop, "fencepost")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// cluster is a Redis, a migrated PostgreSQL, a paper broker and some instances,
// each a process of its own.
type cluster struct {
	t      *testing.T
	binary string
	redis  *redis.Server
	dsn    string
	desk   string
	class  string
	// more are further lines of each instance's configuration.
	more string
}

func newCluster(t *testing.T) *cluster { t.Helper(); return newClusterOf(t, "A") }

// newClusterOf has a broker of that class, which behaves as the rest says.
func newClusterOf(t *testing.T, class string, behaviour ...string) *cluster {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, binary: binary, redis: testbed.Redis(t), dsn: testbed.Postgres(t), class: class}
	c.desk = testbed.FreeAddr(t)
	c.process("paper", append([]string{"paper", "--listen", c.desk, "--class", class, "--ack", "1ms..5ms"},
		behaviour...)...)
	return c
}

// process is a program that runs beside the test.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	mu   sync.Mutex
	log  bytes.Buffer
	done chan struct{}
	err  error
}

// Write takes what the program prints.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(text)
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// process starts the program and ends it with the test.
func (c *cluster) process(name string, args ...string) *process {
	c.t.Helper()
	p := &process{t: c.t, name: name, cmd: exec.Command(c.binary, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	p.cmd.SysProcAttr = orphans()
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	c.t.Cleanup(func() {
		p.kill()
		if c.t.Failed() {
			c.t.Logf("log of %s:\n%s", name, p.text())
		}
	})
	return p
}

// kill ends the program without warning and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// terminate asks the program to end and returns its exit code.
func (p *process) terminate() int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Errorf("%s does not end", p.name)
		p.kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// instance is one service process.
type instance struct {
	*process
	file          string
	public, admin string
}

// serve starts an instance in the fast profile. An instance that is started
// again has the same addresses.
func (c *cluster) serve(id string, before *instance) *instance {
	c.t.Helper()
	i := &instance{}
	if before != nil {
		i.file, i.public, i.admin = before.file, before.public, before.admin
	} else {
		i.public, i.admin = testbed.FreeAddr(c.t), testbed.FreeAddr(c.t)
		i.file = filepath.Join(c.t.TempDir(), id+".yaml")
		c.write(i, id)
	}
	i.process = c.process(id, "serve", "--config", i.file)
	return i
}

// journal is where the instance records its node.
func (i *instance) journal() string { return i.file + ".journal" }

func (c *cluster) write(i *instance, id string) {
	c.t.Helper()
	text := fmt.Sprintf(`
instance_id: %s
production: false
unsafe_test_seams: true
listen: %s
admin_listen: %s
admin_token: %s
postgres: {dsn: "%s"}
redis: {addr: "%s"}
broker: {url: "http://%s", class: %s}
lease: {profile: fast}
webhook: {sources: {test: {tokens: [%s]}}}
journal: %s
journal_flush: 0s
`, id, i.public, i.admin, adminToken, c.dsn, c.redis.Addr(), c.desk, c.class, pathToken, i.journal())
	if err := os.WriteFile(i.file, []byte(text+c.more), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// ask sends a request to the instance's admin address; status 0 is no answer.
func (i *instance) ask(method, path, body string) (int, string) {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(i.t.Context(), 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+i.admin+path, strings.NewReader(body))
	if err != nil {
		i.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

func (i *instance) leads() bool {
	code, _ := i.ask("GET", "/leader", "")
	return code == http.StatusOK
}

func (i *instance) ready() bool {
	code, _ := i.ask("GET", "/readyz", "")
	return code == http.StatusOK
}

// within waits until the claim holds and returns how long that took.
func within(t *testing.T, limit time.Duration, claim string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		if time.Since(began) > limit {
			t.Fatalf("waited %v in vain for: %s", limit, claim)
		}
		<-ticker.C
	}
	return time.Since(began)
}
