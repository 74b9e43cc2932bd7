package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// schedstat writes a thread's sum as the kernel does.
func schedstat(t *testing.T, path string, waited time.Duration) {
	t.Helper()
	text := "1000 " + strconv.FormatInt(int64(waited), 10) + " 7\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLongWaitForAProcessorIsFoundAndManyShortOnesAreNot(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "schedstat")
	schedstat(t, path, time.Second)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	threads := map[string]*waiter{path: {file: file, name: "n1", sum: time.Second}}
	var w hungerWatch
	total := time.Second
	for i := range int64(40) {
		total += 20 * time.Millisecond // of 25: it waits more than it runs
		schedstat(t, path, total)
		w.read(threads, i*int64(hungerPulse), hungerPulse)
	}
	if wait, _, _ := w.longest(); wait > 0 {
		t.Errorf("many short waits are one of %v", wait)
	}
	schedstat(t, path, total+300*time.Millisecond)
	w.read(threads, 1e9, hungerPulse)
	if wait, at, whose := w.longest(); wait != 275*time.Millisecond || at != 1e9 || whose != "n1" {
		t.Errorf("a wait of 300ms was found as %v at %d of %q", wait, at, whose)
	}
}

func TestServersBelowThisProcessAreWatchedAndThoseThatEndedAreForgotten(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(t.TempDir(), "redis-server") // by its name
	if err := os.Symlink(sleep, server); err != nil {
		t.Fatal(err)
	}
	all, servers := []int{os.Getpid()}, 0
	for _, program := range []string{server, sleep, server} {
		command := exec.Command(program, "60")
		if err := command.Start(); err != nil { // it returns when the program runs
			t.Fatal(err)
		}
		defer func() { _, _ = command.Process.Kill(), command.Wait() }()
		if !slices.Contains(kin(os.Getpid()), command.Process.Pid) {
			t.Errorf("%s is a child of this process, and not found", program)
		}
		all = append(all, command.Process.Pid)
		if program == server {
			servers++
		}
	}
	threads := map[string]*waiter{}
	keepOnly(threads, all)
	if len(threads) != servers {
		t.Errorf("%d servers have the threads %v", servers, threads)
	}
	keepOnly(threads, all[:1])
	if len(threads) != 0 {
		t.Errorf("of processes that ended the threads %v are left", threads)
	}
}
