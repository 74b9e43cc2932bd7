package redis

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

// programVariable names the redis-server program.
const programVariable = "FENCEPOST_REDIS_SERVER"

// installHint is what a person types on the common distributions.
const installHint = "install it, for example `apt-get install redis-server`, `dnf install redis` or " +
	"`apk add redis`, or set " + programVariable + " to the program"

// program is a redis-server that can be run.
type program struct {
	path      string
	libraries []string // directories for LD_LIBRARY_PATH, of a copy that was unpacked rather than installed
	version   string
}

// errNoProgram says that the machine has no Redis and none can be had. A program that was named and does not
// work is another matter: a fallback would hide the mistake.
var errNoProgram = errors.New("no redis-server on this machine and none to be had")

// findProgram returns a redis-server that answers, fetching one within the bound when the machine has none.
func findProgram(ctx context.Context, fetchBound time.Duration) (program, error) {
	if err := rundir.Supported(); err != nil {
		return program{}, fmt.Errorf("%w: %w", errNoProgram, err)
	}
	if named := os.Getenv(programVariable); named != "" {
		p, err := tryProgram(ctx, program{path: named})
		if err != nil {
			return program{}, fmt.Errorf("%s=%s: %w", programVariable, named, err)
		}
		return p, nil
	}
	if path, err := exec.LookPath("redis-server"); err == nil {
		if p, err := tryProgram(ctx, program{path: path}); err == nil {
			return p, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchBound)
	defer cancel()
	p, err := cachedProgram(ctx)
	if err != nil {
		return program{}, fmt.Errorf("%w (%w): %s", errNoProgram, err, installHint)
	}
	return p, nil
}

// tryProgram asks the program for its version.
func tryProgram(ctx context.Context, p program) (program, error) {
	cmd := exec.CommandContext(ctx, p.path, "--version")
	cmd.Env = p.environment()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return program{}, fmt.Errorf("run %s --version: %w %s", p.path, err, strings.TrimSpace(string(out)))
	}
	// "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=…".
	for field := range strings.FieldsSeq(string(out)) {
		if version, found := strings.CutPrefix(field, "v="); found {
			p.version = version
			return p, nil
		}
	}
	return program{}, fmt.Errorf("run %s --version: unexpected answer %q", p.path, out)
}

func (p program) environment() []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	if len(p.libraries) > 0 {
		env = append(env, "LD_LIBRARY_PATH="+strings.Join(p.libraries, ":"))
	} else if own, ok := os.LookupEnv("LD_LIBRARY_PATH"); ok {
		env = append(env, "LD_LIBRARY_PATH="+own)
	}
	return env
}

// cachedProgram returns the copy in the cache, filling the cache first if need be, one process at a time.
func cachedProgram(ctx context.Context) (program, error) {
	unlock, err := rundir.LockCache(ctx, "redis")
	if err != nil {
		return program{}, err
	}
	defer unlock()
	cache, err := rundir.Cache()
	if err != nil {
		return program{}, err
	}
	final := filepath.Join(cache, "redis")
	if p, err := unpackedProgram(ctx, final); err == nil {
		return p, nil
	}
	fresh, err := os.MkdirTemp(cache, "redis-fresh-")
	if err != nil {
		return program{}, err
	}
	defer os.RemoveAll(fresh)
	if err := debian.Fetch(ctx, fresh, "redis-server", "redis-tools"); err != nil {
		return program{}, err
	}
	tree := filepath.Join(fresh, "tree")
	if _, err := unpackedProgram(ctx, tree); err != nil {
		return program{}, err
	}
	if err := errors.Join(os.RemoveAll(final), os.Rename(tree, final)); err != nil {
		return program{}, err
	}
	return unpackedProgram(ctx, final)
}

// unpackedProgram returns the redis-server of a tree of unpacked packages, if it runs.
func unpackedProgram(ctx context.Context, tree string) (program, error) {
	p := program{path: filepath.Join(tree, "usr/bin/redis-server")}
	var err error
	if p.libraries, err = debian.Libraries(tree); err != nil {
		return program{}, err
	}
	return tryProgram(ctx, p)
}
