package rundir

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// quitGrace is how long a PostgreSQL server may take for an immediate shutdown, in which it still returns
// its shared memory, before it is killed.
const quitGrace = 300 * time.Millisecond

// killBound is how long the end of a killed process is awaited.
const killBound = 5 * time.Second

// clearBound is how long what a killed server held may resist its removal.
const clearBound = time.Second

// guard names processes that have to end before a run directory goes: one process, or the PostgreSQL server
// on a data directory. The directory is compared as the server was told it, so links in it are followed
// beforehand.
type guard struct {
	Pid     int    `json:"pid,omitempty"`
	Started uint64 `json:"started,omitempty"`
	Data    string `json:"data,omitempty"`
}

func (g guard) encode() []byte {
	line, err := json.Marshal(g)
	if err != nil {
		panic(err) // a struct of integers and a string always encodes
	}
	return append(line, '\n')
}

// readGuards returns the guards of a run directory. A last line that was cut short by the owner's death is
// left out: it is written before the server it names starts.
func readGuards(dir string) []guard {
	text, err := os.ReadFile(filepath.Join(dir, guardFile))
	if err != nil {
		return nil
	}
	var guards []guard
	for line := range bytes.Lines(text) {
		var g guard
		if json.Unmarshal(line, &g) == nil {
			guards = append(guards, g)
		}
	}
	return guards
}

// roots returns the living processes that the guard names, without those that are children of another.
func (g guard) roots(table []process) []process {
	named := map[int]bool{}
	for _, p := range table {
		byPid := g.Pid != 0 && p.pid == g.Pid && p.started == g.Started
		byData := g.Data != "" && p.serves(g.Data)
		if p.alive() && p.pid != os.Getpid() && (byPid || byData) {
			named[p.pid] = true
		}
	}
	var roots []process
	for _, p := range table {
		if named[p.pid] && !named[p.parent] {
			roots = append(roots, p)
		}
	}
	return roots
}

// end ends what the guard names: politely where shared memory has to be returned, then by SIGKILL.
func (g guard) end() error {
	if g.Data == "" {
		// Most have ended by their death signal. Looking at one process is much cheaper than at all.
		if p, err := readProcess(g.Pid); err != nil || p.started != g.Started || !p.alive() {
			return nil
		}
		return g.kill()
	}
	g.quit()
	if err := g.kill(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), clearBound)
	defer cancel()
	return ClearKilled(ctx, g.Data)
}

// quit asks the server for an immediate shutdown and waits for it. A server that is still being started is
// left to kill: pg_ctl would end and leave a postmaster that is about to be.
func (g guard) quit() {
	table := processTable()
	roots := g.roots(table)
	for _, p := range roots {
		if !p.isPostgres() {
			return
		}
	}
	_ = Signal(pidsOf(roots), unix.SIGQUIT)
	// A server that the owner had suspended cannot act on the request until it runs again.
	_ = Signal(pidsOf(withDescendants(table, roots)), unix.SIGCONT)
	poll(quitGrace, func() bool { return len(g.roots(processTable())) == 0 })
}

// poll looks until done holds or the bound has passed, and reports whether it held.
func poll(bound time.Duration, done func() bool) bool {
	tick := time.NewTicker(exitPoll)
	defer tick.Stop()
	for deadline := time.Now().Add(bound); !done(); <-tick.C {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// kill ends the processes by SIGKILL, children as well, and waits until the last has gone.
func (g guard) kill() error {
	var doomed []process
	var refused error
	over := poll(killBound, func() bool {
		roots := g.roots(processTable())
		// Stopped first, a parent cannot start another child between the listing and the kill.
		if refused = Signal(pidsOf(roots), unix.SIGSTOP); refused != nil {
			return true
		}
		doomed = survivors(merge(doomed, withDescendants(processTable(), roots)))
		// Stopped as well, no child can notice its parent's death and say a last word to its client.
		if refused = Signal(pidsOf(doomed), unix.SIGSTOP); refused != nil {
			return true
		}
		refused = Signal(pidsOf(doomed), unix.SIGKILL)
		// As long as there were roots, look again: pg_ctl may have ended by itself after the first listing,
		// and the postmaster that was its child then is nobody's now.
		return refused != nil || len(doomed) == 0 && len(roots) == 0
	})
	if !over {
		return fmt.Errorf("processes %v survive SIGKILL", pidsOf(doomed))
	}
	return refused
}

// merge returns known and those of found that it lacks.
func merge(known, found []process) []process {
	for _, p := range found {
		listed := false
		for _, q := range known {
			listed = listed || (q.pid == p.pid && q.started == p.started)
		}
		if !listed {
			known = append(known, p)
		}
	}
	return known
}

// survivors returns those that still run.
func survivors(listed []process) []process {
	var left []process
	for _, p := range listed {
		now, err := readProcess(p.pid)
		if err == nil && now.started == p.started && now.alive() {
			left = append(left, p)
		}
	}
	return left
}
