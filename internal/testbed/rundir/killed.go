package rundir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// KillServing ends the PostgreSQL server on a data directory as a crash would: the postmaster and every
// child by SIGKILL, with nothing tidied up.
func KillServing(data string) error {
	if err := (guard{Data: data}).kill(); err != nil {
		return fmt.Errorf("kill server on %s: %w", data, err)
	}
	return nil
}

// ClearKilled removes what a killed server on a data directory could not remove itself: its shared memory,
// and its lock files. These name a pid that another process may have by now, or that stays in the process
// table when nobody collects it; either way PostgreSQL would refuse to start. It waits until nobody is
// attached to the memory, as PostgreSQL's own check would, and fails when a server runs there or ctx ends.
func ClearKilled(ctx context.Context, data string) error {
	if pids := Serving(data); len(pids) > 0 {
		return fmt.Errorf("a server already runs on %s as process %d", data, pids[0])
	}
	lock := filepath.Join(data, "postmaster.pid")
	text, err := os.ReadFile(lock)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read lock of killed server: %w", err)
	}
	// Line 7 is "key id" of the shared memory segment that every backend is attached to. Line 4 is the port
	// and line 5 the socket directory.
	lines := append(strings.Split(string(text), "\n"), make([]string, 7)...)
	if err := releaseSegment(ctx, lines[6]); err != nil {
		return fmt.Errorf("release memory of killed server on %s: %w", data, err)
	}
	left := []string{lock}
	if filepath.IsAbs(lines[4]) {
		socket := filepath.Join(lines[4], ".s.PGSQL."+lines[3])
		left = append(left, socket, socket+".lock")
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove lock of killed server: %w", err)
		}
	}
	return nil
}
