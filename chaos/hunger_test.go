package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
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

func TestEveryDescendantIsWatchedAndThoseThatEndedAreForgotten(t *testing.T) {
	command := exec.Command("sh", "-c", "sleep 60 & echo; wait")
	said, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = command.Wait() }()
	if _, err := said.Read(make([]byte, 1)); err != nil { // its child is there
		t.Fatal(err)
	}
	below := kin(command.Process.Pid)
	if len(below) != 1 {
		t.Fatalf("a shell with one child has the children %v", below)
	}
	threads := map[string]*waiter{}
	keepOnly(threads, append([]int{command.Process.Pid}, below...))
	if len(threads) != 2 {
		t.Errorf("two processes have the threads %v", threads)
	}
	for _, pid := range append(below, command.Process.Pid) {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
	keepOnly(threads, nil)
	if len(threads) != 0 {
		t.Errorf("of processes that ended the threads %v are left", threads)
	}
}
