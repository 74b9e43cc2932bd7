package fencepost_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// documented cuts the first Go program out of a document.
func documented(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, after, begins := strings.Cut(string(text), "```go\n")
	program, _, ends := strings.Cut(after, "```\n")
	if !begins || !ends {
		t.Fatalf("%s shows no program", path)
	}
	return program
}

// foreign builds the documented program as somebody else's module.
func foreign(t *testing.T) (binary string) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	needs, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	// It requires what this module requires, as `go mod tidy` would have it: with less
	// Go asks for the requirements' own requirements, which a new machine has not got.
	module := strings.Replace(string(needs), "module fencepost\n", "module example.org/worker\n", 1) +
		"\nrequire fencepost v0.0.0\n\nreplace fencepost => " + here + "\n"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go": documented(t, filepath.Join("docs", "LIBRARY.md")),
		"go.sum":  string(sums), "go.mod": module,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary = filepath.Join(dir, "worker")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = dir
	// What the tree was built with is in the module cache, and nothing else is needed.
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOPROXY=off", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// worker is one process of the documented program.
type worker struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	log  diary
}

// work starts the documented program.
func (s *stage) work(binary, name string) *worker {
	s.t.Helper()
	w := &worker{t: s.t, name: name, cmd: exec.CommandContext(context.Background(), binary, name)}
	w.cmd.Env = append(os.Environ(), "REDIS_ADDR="+s.redis.Addr(), "POSTGRES_DSN="+s.dsn)
	w.cmd.Stdout, w.cmd.Stderr = &w.log, &w.log
	if err := w.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = w.cmd.Process.Kill()
		_ = w.cmd.Wait()
		if s.t.Failed() {
			s.t.Logf("log of %s:\n%s", name, &w.log)
		}
	})
	return w
}

// signal sends the process a signal.
func (w *worker) signal(sig syscall.Signal) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(sig); err != nil {
		w.t.Fatal(err)
	}
}

// The program of the document in a module of its own: two processes, one of which
// stands still beyond its lease while it leads and then goes on.
func TestTheDocumentedProgramWorksInOneOfItsInstances(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.sql(`CREATE TABLE work (id bigint GENERATED ALWAYS AS IDENTITY, epoch bigint, by text)`)
	binary := foreign(t)
	worked := func(name string, times int64) func() bool {
		return func() bool { return s.count(`SELECT count(*) FROM work WHERE by = '`+name+`'`) >= times }
	}
	first := s.work(binary, "blue-1")
	until(t, "the first works", worked("blue-1", 3))
	second := s.work(binary, "green-1")
	until(t, "the second stands by", func() bool {
		return s.count(`SELECT count(*) FROM instance_metadata WHERE instance_id = 'green-1'`) > 0
	})
	first.signal(syscall.SIGSTOP)
	until(t, "the second works", worked("green-1", 3))
	first.signal(syscall.SIGCONT)
	n := s.count(`SELECT count(*) FROM work`)
	until(t, "the second goes on", func() bool { return s.count(`SELECT count(*) FROM work`) >= n+5 })
	until(t, "the first has noticed", func() bool {
		return s.count(`SELECT count(*) FROM instance_metadata
			WHERE instance_id = 'blue-1' AND NOT is_leader
			  AND last_heartbeat > clock_timestamp() - interval '2 s'`) > 0
	})
	// Numbers are drawn under the lock: what an epoch wrote ends before the next.
	late := s.count(`SELECT count(*) FROM work a JOIN work b ON a.id < b.id AND a.epoch > b.epoch`)
	if late != 0 {
		t.Errorf("%d pairs of rows in which an older epoch comes later", late)
	}
	if both := s.count(`SELECT count(*) FROM
		(SELECT epoch FROM work GROUP BY epoch HAVING count(DISTINCT by) > 1) e`); both != 0 {
		t.Errorf("%d epochs in which both worked", both)
	}
	for _, w := range []*worker{second, first} {
		w.signal(syscall.SIGINT)
		ended := make(chan error, 1)
		go func() { ended <- w.cmd.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s: %v", w.name, err)
			}
		case <-time.After(patience):
			t.Fatalf("%s does not end", w.name)
		}
	}
}
