package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"fencepost/internal/testbed/rundir"
)

// Program is one that a test needs, and where it comes from.
type Program struct {
	// Name is the program's and its package's. It stands in /usr/sbin.
	Name string
	// Variable names another one, and VersionFlag makes it tell its version.
	Variable, VersionFlag string
}

// Found is a program that can be run.
type Found struct {
	Path string
	// Libraries are directories for LD_LIBRARY_PATH, of a copy that was unpacked
	// rather than installed.
	Libraries []string
	// Version is the first line of what it says of itself.
	Version string
}

// fetchBound is how long a download may take.
const fetchBound = 3 * time.Minute

// Find returns the program of the machine, else a copy of its package, which it
// keeps in the cache. The error holds the command that installs it.
func (p Program) Find(ctx context.Context) (Found, error) {
	if named := os.Getenv(p.Variable); named != "" {
		f, err := p.try(ctx, Found{Path: named})
		if err != nil {
			return f, fmt.Errorf("%s=%s: %w", p.Variable, named, err)
		}
		return f, nil
	}
	// It stands where ordinary users have no path to.
	for _, path := range []string{p.Name, filepath.Join("/usr/sbin", p.Name)} {
		if found, err := exec.LookPath(path); err == nil {
			if f, err := p.try(ctx, Found{Path: found}); err == nil {
				return f, nil
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchBound)
	defer cancel()
	f, err := p.cached(ctx)
	if err != nil {
		return f, fmt.Errorf("no %[1]s on this machine and none to be had (%[2]w): install it, for example "+
			"`apt-get install %[1]s`, `dnf install %[1]s` or `apk add %[1]s`, or set %[3]s to the program",
			p.Name, err, p.Variable)
	}
	return f, nil
}

// try asks the program for its version.
func (p Program) try(ctx context.Context, f Found) (Found, error) {
	cmd := exec.CommandContext(ctx, f.Path, p.VersionFlag)
	cmd.Env = append(os.Environ(), f.Environment()...)
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("run %s %s: %w", f.Path, p.VersionFlag, err)
	}
	f.Version, _, _ = strings.Cut(string(out), "\n")
	return f, nil
}

// Environment is what the program needs beside the usual.
func (f Found) Environment() []string {
	if len(f.Libraries) == 0 {
		return nil
	}
	return []string{"LD_LIBRARY_PATH=" + strings.Join(f.Libraries, ":")}
}

// cached returns the copy in the cache, filling the cache first if need be, one
// process at a time.
func (p Program) cached(ctx context.Context) (Found, error) {
	unlock, err := rundir.LockCache(ctx, p.Name)
	if err != nil {
		return Found{}, err
	}
	defer unlock()
	cache, err := rundir.Cache()
	if err != nil {
		return Found{}, err
	}
	final := filepath.Join(cache, p.Name)
	if f, err := p.unpacked(ctx, final); err == nil {
		return f, nil
	}
	fresh, err := os.MkdirTemp(cache, p.Name+"-fresh-")
	if err != nil {
		return Found{}, err
	}
	defer os.RemoveAll(fresh)
	if err := Fetch(ctx, fresh, p.Name); err != nil {
		return Found{}, err
	}
	tree := filepath.Join(fresh, "tree")
	if _, err := p.unpacked(ctx, tree); err != nil {
		return Found{}, err
	}
	if err := errors.Join(os.RemoveAll(final), os.Rename(tree, final)); err != nil {
		return Found{}, err
	}
	return p.unpacked(ctx, final)
}

// unpacked returns the program of a tree of unpacked packages, if it runs.
func (p Program) unpacked(ctx context.Context, tree string) (Found, error) {
	f := Found{Path: filepath.Join(tree, "usr/sbin", p.Name)}
	var err error
	if f.Libraries, err = Libraries(tree); err != nil {
		return f, err
	}
	return p.try(ctx, f)
}
