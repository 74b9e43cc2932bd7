package chaos

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// hungerWatch measures for how long a node or a store wants to run and gets no
// processor: it is late by as much through no fault of its own. The kernel keeps
// the sum for each thread and adds a wait when it ends, so that a sum which grows
// by more than the time between two readings tells of one long wait. Where the
// kernel keeps no such sums, nothing is found.
type hungerWatch struct {
	end  func()
	done chan struct{}

	mu    sync.Mutex
	worst time.Duration
	at    int64
	whose string
	crowd crowd
}

const (
	// hungerPulse is how often the sums are read, kinPulse how often the processes
	// and threads are listed whose they are.
	hungerPulse = 25 * time.Millisecond
	kinPulse    = 250 * time.Millisecond
	// frugal is how many times as long as it took such a reading lies back at least
	// when the next one begins: fifty instances have a thousand threads, and must not
	// wait for who measures how they wait.
	frugal = 25
)

// watched are the programs whose processes a run consists of.
var watched = []string{"fencepost", "postgres", "redis-server"}

// waiter is one thread: for how long it has waited for a processor since it began,
// and for how long it has run.
type waiter struct {
	file *os.File
	name string
	sum  time.Duration
	ran  time.Duration
}

// watchHunger begins to watch all that this process has started.
func watchHunger(clock *timepiece) *hungerWatch {
	over := make(chan struct{})
	w := &hungerWatch{end: sync.OnceFunc(func() { close(over) }), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		threads := map[string]*waiter{}
		defer func() { keepOnly(threads, nil) }()
		timer := time.NewTimer(hungerPulse)
		defer timer.Stop()
		first, list, last := true, int64(0), clock.now()
		for {
			if began := clock.now(); began >= list {
				fresh := keepOnly(threads, kin(os.Getpid()))
				w.look(began, fresh, first)
				now := clock.now()
				first, list = false, now+max(int64(kinPulse), frugal*(now-began))
			}
			select {
			case <-over:
				return
			case <-timer.C:
			}
			now := clock.now()
			w.read(threads, last, time.Duration(now-last))
			last = now
			timer.Reset(max(hungerPulse, frugal*time.Duration(clock.now()-now)))
		}
	}()
	return w
}

// look takes the machine's measure, and what threads had run that have come up
// since the last look; those of the first look began before it.
func (w *hungerWatch) look(now int64, fresh time.Duration, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !first {
		w.crowd.own += fresh
	}
	w.crowd.measure(now, machineBusy, harnessRan)
}

// read looks at every thread's sum, a time after the last look.
func (w *hungerWatch) read(threads map[string]*waiter, last int64, since time.Duration) {
	for path, t := range threads {
		sum, ran, err := t.read()
		if err != nil {
			_ = t.file.Close() // the thread has ended
			delete(threads, path)
			continue
		}
		one, run := sum-t.sum-since, ran-t.ran
		t.sum, t.ran = sum, ran
		w.mu.Lock()
		w.crowd.own += run
		if one > w.worst {
			w.worst, w.at, w.whose = one, last, t.name
		}
		w.mu.Unlock()
	}
}

// read returns for how long the thread has waited for a processor since it began,
// and for how long it has run.
func (t *waiter) read() (waited, ran time.Duration, err error) {
	var text [96]byte
	n, err := t.file.ReadAt(text[:], 0)
	if n == 0 {
		return 0, 0, err
	}
	fields := bytes.Fields(text[:n])
	if len(fields) < 2 {
		return 0, 0, fmt.Errorf("schedstat %q", text[:n])
	}
	var nanos [2]int64
	for i := range nanos {
		if nanos[i], err = strconv.ParseInt(string(fields[i]), 10, 64); err != nil {
			return 0, 0, fmt.Errorf("schedstat %q", text[:n])
		}
	}
	return time.Duration(nanos[1]), time.Duration(nanos[0]), nil
}

// keepOnly makes threads those of the processes: new ones are opened, and those
// that are not theirs closed. It returns for how long the new ones had run.
func keepOnly(threads map[string]*waiter, pids []int) (fresh time.Duration) {
	found := map[string]bool{}
	for _, pid := range pids {
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		comm, _ := os.ReadFile(filepath.Join(dir, "comm"))
		name := string(bytes.TrimSpace(comm))
		if !slices.Contains(watched, name) {
			continue // a compiler, say, beside the run
		}
		tasks, _ := os.ReadDir(filepath.Join(dir, "task")) // a process that is gone has none
		for _, task := range tasks {
			path := filepath.Join(dir, "task", task.Name(), "schedstat")
			found[path] = true
			if threads[path] != nil {
				continue
			}
			file, err := os.Open(path)
			if err != nil {
				continue
			}
			t := &waiter{file: file, name: fmt.Sprintf("%s %d", name, pid)}
			if t.sum, t.ran, err = t.read(); err != nil {
				_ = file.Close()
				continue
			}
			threads[path], fresh = t, fresh+t.ran
		}
	}
	for path, t := range threads {
		if !found[path] {
			_ = t.file.Close()
			delete(threads, path)
		}
	}
	return fresh
}

// kin lists the children of a process, and theirs.
func kin(pid int) []int {
	var all []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(append(all, child), kin(child)...)
			}
		}
	}
	return all
}

// longest returns the longest wait so far, when it began at the latest, and whose
// it was.
func (w *hungerWatch) longest() (wait time.Duration, at int64, whose string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.worst, w.at, w.whose
}

// crowded returns the largest part of the machine that others had for a second, and
// when that second began.
func (w *hungerWatch) crowded() (part float64, at int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.crowd.worst, w.crowd.at
}

// stop ends the measurement. It may be called again.
func (w *hungerWatch) stop() {
	w.end()
	<-w.done
}
