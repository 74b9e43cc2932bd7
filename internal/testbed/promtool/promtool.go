package promtool

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

// variable names the program.
const variable = "FENCEPOST_PROMTOOL"

// hint is what a person types.
const hint = "install it, for example `apt-get install prometheus`, or set " + variable + " to the program"

// The bounds of a download and of one run.
const (
	fetchBound = 3 * time.Minute
	runBound   = 5 * time.Minute
)

// Run runs promtool and returns what it said. The error holds that as well.
func Run(ctx context.Context, args ...string) (string, error) {
	program, err := Find(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, runBound)
	defer cancel()
	return run(ctx, "", program, args...)
}

// Find returns a promtool that answers, fetching one if the machine has none.
func Find(ctx context.Context) (string, error) {
	if named := os.Getenv(variable); named != "" {
		if err := answers(ctx, named); err != nil {
			return "", fmt.Errorf("%s=%s: %w", variable, named, err)
		}
		return named, nil
	}
	if path, err := exec.LookPath("promtool"); err == nil && answers(ctx, path) == nil {
		return path, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchBound)
	defer cancel()
	path, err := cached(ctx)
	if err != nil {
		return "", fmt.Errorf("no promtool on this machine and none to be had (%w): %s", err, hint)
	}
	return path, nil
}

// answers tells whether the program is a promtool.
func answers(ctx context.Context, program string) error {
	said, err := run(ctx, "", program, "--version")
	if err == nil && !strings.Contains(said, "promtool") {
		err = fmt.Errorf("%s --version: unexpected answer %q", program, said)
	}
	return err
}

// cached returns the copy in the cache, filling it first if need be, one process at
// a time.
func cached(ctx context.Context) (string, error) {
	unlock, err := rundir.LockCache(ctx, "promtool")
	if err != nil {
		return "", err
	}
	defer unlock()
	cache, err := rundir.Cache()
	if err != nil {
		return "", err
	}
	final := filepath.Join(cache, "promtool")
	if err := answers(ctx, final); err == nil {
		return final, nil
	}
	fresh, err := os.MkdirTemp(cache, "promtool-fresh-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	if err := fetch(ctx, fresh); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(fresh, "tree", "usr", "bin", "promtool"), final); err != nil {
		return "", err
	}
	return final, answers(ctx, final)
}

// fetch downloads the package and unpacks it into dir/tree. What the package
// depends on is the server's affair; promtool needs none of it.
func fetch(ctx context.Context, dir string) error {
	apt, lists, err := debian.Prepare(ctx, dir)
	if err != nil {
		return err
	}
	if _, err := run(ctx, dir, "apt-get", append(apt, "download", "prometheus")...); err != nil {
		return errors.Join(lists, err)
	}
	packages, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(packages) != 1 {
		return fmt.Errorf("downloaded %v: %w", packages, errors.Join(errors.New("want one package"), err))
	}
	_, err = run(ctx, dir, "dpkg-deb", "-x", packages[0], filepath.Join(dir, "tree"))
	return err
}

// run runs a command in dir and returns what it said.
func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	// Children of a killed apt-get may keep its output open.
	cmd.WaitDelay = time.Second
	said, err := cmd.CombinedOutput()
	if err != nil {
		return string(said), fmt.Errorf("%s: %w\n%s", strings.Join(append([]string{filepath.Base(name)},
			args...), " "), errors.Join(err, ctx.Err()), said)
	}
	return string(said), nil
}
