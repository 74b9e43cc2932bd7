package pgbouncer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"fencepost/internal/testbed/debian"
	"fencepost/internal/testbed/rundir"
)

// programVariable names the program.
const programVariable = "FENCEPOST_PGBOUNCER"

// installHint is what a person types on the common distributions.
const installHint = "install it, for example `apt-get install pgbouncer`, `dnf install pgbouncer` or " +
	"`apk add pgbouncer`, or set " + programVariable + " to the program"

// fetchBound is how long a download may take.
const fetchBound = 3 * time.Minute

// program is a PgBouncer that can be run.
type program struct {
	path      string
	libraries []string
	version   string
}

// findProgram returns a PgBouncer that answers, fetching one when the machine has
// none.
func findProgram(ctx context.Context) (program, error) {
	if named := os.Getenv(programVariable); named != "" {
		p, err := try(ctx, program{path: named})
		if err != nil {
			return p, fmt.Errorf("%s=%s: %w", programVariable, named, err)
		}
		return p, nil
	}
	// It stands where ordinary users have no path to.
	for _, path := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if found, err := exec.LookPath(path); err == nil {
			if p, err := try(ctx, program{path: found}); err == nil {
				return p, nil
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchBound)
	defer cancel()
	p, err := cached(ctx)
	if err != nil {
		return p, fmt.Errorf("no pgbouncer on this machine and none to be had (%w): %s", err, installHint)
	}
	return p, nil
}

// try asks the program for its version: "PgBouncer 1.18.0".
func try(ctx context.Context, p program) (program, error) {
	cmd := exec.CommandContext(ctx, p.path, "--version")
	cmd.Env = append(os.Environ(), p.environment()...)
	out, err := cmd.Output()
	if err != nil {
		return p, fmt.Errorf("run %s --version: %w", p.path, err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	version, found := strings.CutPrefix(first, "PgBouncer ")
	if !found {
		return p, fmt.Errorf("run %s --version: unexpected answer %q", p.path, out)
	}
	p.version = version
	return p, nil
}

// environment is what the program needs beside the usual.
func (p program) environment() []string {
	if len(p.libraries) == 0 {
		return nil
	}
	return []string{"LD_LIBRARY_PATH=" + strings.Join(p.libraries, ":")}
}

// cached returns the copy in the cache, filling the cache first if need be, one
// process at a time.
func cached(ctx context.Context) (program, error) {
	unlock, err := rundir.LockCache(ctx, "pgbouncer")
	if err != nil {
		return program{}, err
	}
	defer unlock()
	cache, err := rundir.Cache()
	if err != nil {
		return program{}, err
	}
	final := filepath.Join(cache, "pgbouncer")
	if p, err := unpacked(ctx, final); err == nil {
		return p, nil
	}
	fresh, err := os.MkdirTemp(cache, "pgbouncer-fresh-")
	if err != nil {
		return program{}, err
	}
	defer os.RemoveAll(fresh)
	if err := debian.Fetch(ctx, fresh, "pgbouncer"); err != nil {
		return program{}, err
	}
	tree := filepath.Join(fresh, "tree")
	if _, err := unpacked(ctx, tree); err != nil {
		return program{}, err
	}
	if err := errors.Join(os.RemoveAll(final), os.Rename(tree, final)); err != nil {
		return program{}, err
	}
	return unpacked(ctx, final)
}

// unpacked returns the program of a tree of unpacked packages, if it runs.
func unpacked(ctx context.Context, tree string) (program, error) {
	p := program{path: filepath.Join(tree, "usr/sbin/pgbouncer")}
	var err error
	if p.libraries, err = debian.Libraries(tree); err != nil {
		return p, err
	}
	return try(ctx, p)
}
