package rundir

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// exitPoll is how often a process is looked at while its end is awaited. A server is not a child of the
// process that ends it, so there is nothing to wait on.
const exitPoll = 5 * time.Millisecond

// process is one row of the process table.
type process struct {
	pid, parent int
	started     uint64 // clock ticks since boot
	state       byte
	args        []string
}

// processTable reads the processes that can be seen. A process that ends while it is read is left out.
func processTable() []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var table []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if p, err := readProcess(pid); err == nil {
			table = append(table, p)
		}
	}
	return table
}

func readProcess(pid int) (process, error) {
	root := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(root, "stat"))
	if err != nil {
		return process{}, err
	}
	// The second field, the name, may hold spaces and parentheses; the fields after its last parenthesis
	// cannot.
	_, rest, found := strings.Cut(string(stat[max(0, bytes.LastIndexByte(stat, ')')):]), " ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 {
		return process{}, fmt.Errorf("process %d: unreadable stat", pid)
	}
	p := process{pid: pid, state: fields[0][0]}
	if p.parent, err = strconv.Atoi(fields[1]); err != nil {
		return process{}, err
	}
	if p.started, err = strconv.ParseUint(fields[19], 10, 64); err != nil {
		return process{}, err
	}
	line, err := os.ReadFile(filepath.Join(root, "cmdline"))
	if err != nil {
		return process{}, err
	}
	if text := strings.TrimRight(string(line), "\x00"); text != "" {
		p.args = strings.Split(text, "\x00")
	}
	return p, nil
}

// alive is false for a process that has ended but was not collected by its parent: in a container whose first
// process collects nobody such rows stay for ever.
func (p process) alive() bool { return p.state != 'Z' && p.state != 'X' }

// serves reports whether the process has to do with a server on data: whether it was started with `-D data`,
// is the shell from which pg_ctl starts the postmaster, or is a child of the postmaster. A child renames
// itself to "postgres: what it does" and is told by its working directory, because it outlives a postmaster
// that was killed until it next waits for something.
func (p process) serves(data string) bool {
	if len(p.args) > 0 && strings.HasPrefix(p.args[0], "postgres: ") {
		cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.pid), "cwd"))
		return err == nil && strings.TrimSuffix(cwd, " (deleted)") == data
	}
	if len(p.args) == 3 && p.args[1] == "-c" {
		return strings.HasPrefix(p.args[2], "exec ") && strings.Contains(p.args[2], ` -D "`+data+`" `)
	}
	at := slices.Index(p.args, "-D")
	return at >= 0 && at+1 < len(p.args) && p.args[at+1] == data
}

// isPostgres reports whether this is a postmaster, rather than what starts or stops one, or a child of one.
func (p process) isPostgres() bool { return len(p.args) > 0 && filepath.Base(p.args[0]) == "postgres" }

// startTime returns when the process started, in clock ticks since boot. With the pid it names one process
// for ever.
func startTime(pid int) (uint64, error) {
	p, err := readProcess(pid)
	return p.started, err
}

// Serving returns the processes of the PostgreSQL server on a data directory: the postmaster first, then its
// children. It is empty when no server runs there.
func Serving(data string) []int {
	table := processTable()
	roots := guard{Data: data}.roots(table)
	postmaster := slices.DeleteFunc(slices.Clone(roots), func(p process) bool { return !p.isPostgres() })
	return pidsOf(withDescendants(table, postmaster))
}

// withDescendants returns roots followed by everything below them that is alive.
func withDescendants(table, roots []process) []process {
	tree := slices.Clone(roots)
	for i := 0; i < len(tree); i++ {
		for _, p := range table {
			known := slices.ContainsFunc(tree, func(q process) bool { return q.pid == p.pid })
			if p.parent == tree[i].pid && p.alive() && !known {
				tree = append(tree, p)
			}
		}
	}
	return tree
}

func pidsOf(table []process) []int {
	pids := make([]int, len(table))
	for i, p := range table {
		pids[i] = p.pid
	}
	return pids
}

// Signal sends sig to each process, passing over those that have ended.
func Signal(pids []int, sig unix.Signal) error {
	var failed error
	for _, pid := range pids {
		if err := unix.Kill(pid, sig); err != nil && !errors.Is(err, unix.ESRCH) {
			failed = errors.Join(failed, fmt.Errorf("signal process %d: %w", pid, err))
		}
	}
	return failed
}
