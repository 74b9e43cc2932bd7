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

// waiter is one thread, and for how long it has waited for a processor since it
// began.
type waiter struct {
	file *os.File
	name string
	sum  time.Duration
}

// watchHunger begins to watch all that this process has started.
func watchHunger(clock *timepiece) *hungerWatch {
	over := make(chan struct{})
	w := &hungerWatch{
		end: sync.OnceFunc(func() { close(over) }), done: make(chan struct{}),
		crowd: crowd{busyNow: machineBusy, ownNow: (&usage{}).now},
	}
	go func() {
		defer close(w.done)
		threads := map[string]*waiter{}
		defer func() { keepOnly(threads, nil) }()
		timer := time.NewTimer(hungerPulse)
		defer timer.Stop()
		list, last := int64(0), clock.now()
		for {
			if began := clock.now(); began >= list {
				keepOnly(threads, kin(os.Getpid()))
				w.look(clock.now())
				now := clock.now()
				list = now + max(int64(kinPulse), frugal*(now-began))
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

// look takes the machine's measure.
func (w *hungerWatch) look(now int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.crowd.measure(now)
}

// read looks at every thread's sum, a time after the last look.
func (w *hungerWatch) read(threads map[string]*waiter, last int64, since time.Duration) {
	for path, t := range threads {
		sum, err := t.read()
		if err != nil {
			_ = t.file.Close() // the thread has ended
			delete(threads, path)
			continue
		}
		one := sum - t.sum - since
		t.sum = sum
		w.mu.Lock()
		if one > w.worst {
			w.worst, w.at, w.whose = one, last, t.name
		}
		w.mu.Unlock()
	}
}

// read returns for how long the thread has waited for a processor since it began.
func (t *waiter) read() (time.Duration, error) {
	var text [96]byte
	n, err := t.file.ReadAt(text[:], 0)
	if n == 0 {
		return 0, err
	}
	fields := bytes.Fields(text[:n])
	if len(fields) < 2 {
		return 0, fmt.Errorf("schedstat %q", text[:n])
	}
	waited, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("schedstat %q", text[:n])
	}
	return time.Duration(waited), nil
}

// keepOnly makes threads those of the processes: new ones are opened, and those
// that are not theirs closed.
func keepOnly(threads map[string]*waiter, pids []int) {
	found := map[string]bool{}
	for _, pid := range pids {
		name, ours := watchedName(pid)
		if !ours {
			continue
		}
		dir := filepath.Join("/proc", strconv.Itoa(pid))
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
			if t.sum, err = t.read(); err != nil {
				_ = file.Close()
				continue
			}
			threads[path] = t
		}
	}
	for path, t := range threads {
		if !found[path] {
			_ = t.file.Close()
			delete(threads, path)
		}
	}
}

// watchedName returns which program a process runs, and whether a run consists of
// such; a compiler, say, may run beside it.
func watchedName(pid int) (name string, ours bool) {
	comm, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm")) // none of one that is gone
	name = string(bytes.TrimSpace(comm))
	return name, slices.Contains(watched, name)
}

// kin lists the children of a process, and theirs.
func kin(pid int) []int {
	var all []int
	for _, child := range children(pid) {
		all = append(append(all, child), kin(child)...)
	}
	return all
}

// children lists the children of a process.
func children(pid int) []int {
	var all []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		for _, word := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(all, child)
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
