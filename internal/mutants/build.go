package mutants

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// runnerPackage is the program that is built with mistakes in it, and plays in
// the simulator.
const runnerPackage = "./internal/mutants/runner"

// servicePackage is the service alone.
const servicePackage = "./cmd/fencepost"

// The programs that play on real processes: the service with the mistakes in it,
// and a harness that replays the same core.
var programPackages = []string{servicePackage, "./cmd/drill"}

// Build returns the runner with the mutants' mistakes in it. It is built once
// for each content of the tree and kept in the cache directory, or in the
// user's own if that is "". The build may take a minute; it ends with ctx.
func (t Tree) Build(ctx context.Context, ms []Mutant, cache string) (string, error) {
	dir, err := t.build(ctx, ms, cache, "", runnerPackage)
	return filepath.Join(dir, filepath.Base(runnerPackage)), err
}

// BuildPrograms returns a directory that holds fencepost and drill with the
// mutants' mistakes in them, kept as the runner is.
func (t Tree) BuildPrograms(ctx context.Context, ms []Mutant, cache string) (string, error) {
	return t.build(ctx, ms, cache, "programs-", programPackages...)
}

// BuildService returns the service with the mutants' mistakes in it, kept as the
// runner is: for mistakes of which a harness need not know, because they leave the
// core alone.
func (t Tree) BuildService(ctx context.Context, ms []Mutant, cache string) (string, error) {
	dir, err := t.build(ctx, ms, cache, "service-", servicePackage)
	return filepath.Join(dir, filepath.Base(servicePackage)), err
}

// build returns the directory that holds the packages' programs.
func (t Tree) build(
	ctx context.Context, ms []Mutant, cache, prefix string, packages ...string,
) (string, error) {
	changed, err := t.Apply(ms)
	if err != nil {
		return "", err
	}
	key, err := t.key(ctx, changed, packages)
	if err != nil {
		return "", fmt.Errorf("build mutant %s: %w", Name(ms), err)
	}
	// The program without a mistake has a shelf too: what is old there is dropped.
	shelf := filepath.Join(cacheDir(cache), cmp.Or(Name(ms), "unmutated"))
	kept := filepath.Join(shelf, prefix+key)
	if _, err := os.Stat(kept); err == nil {
		return kept, nil
	}
	if err := os.MkdirAll(shelf, 0o755); err != nil {
		return "", fmt.Errorf("build mutant %s: %w", Name(ms), err)
	}
	// Somebody else may build the same at the same time: each in a directory of
	// its own, and the first one to finish puts its result in place.
	work, err := os.MkdirTemp(shelf, "build-")
	if err != nil {
		return "", fmt.Errorf("build mutant %s: %w", Name(ms), err)
	}
	defer os.RemoveAll(work)
	built := filepath.Join(work, "built")
	if err := os.Mkdir(built, 0o755); err != nil {
		return "", fmt.Errorf("build mutant %s: %w", Name(ms), err)
	}
	args := append([]string{"-o", built + string(filepath.Separator)}, packages...)
	if err := t.compile(ctx, changed, work, args...); err != nil {
		return "", fmt.Errorf("build mutant %s: %w", Name(ms), err)
	}
	if err := os.Rename(built, kept); err != nil {
		if _, there := os.Stat(kept); there != nil {
			return "", fmt.Errorf("build mutant %s: %w", Name(ms), err)
		}
	}
	dropOld(shelf, key)
	return kept, nil
}

// Compile compiles the packages that the mutants change, and keeps nothing.
func (t Tree) Compile(ctx context.Context, ms []Mutant) error {
	changed, err := t.Apply(ms)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "fencepost-mutant-")
	if err != nil {
		return fmt.Errorf("compile mutant %s: %w", Name(ms), err)
	}
	defer os.RemoveAll(work)
	packages := map[string]bool{}
	for path := range changed {
		packages["./"+filepath.ToSlash(filepath.Dir(path))] = true
	}
	args := append([]string{"-o", os.DevNull}, slices.Sorted(maps.Keys(packages))...)
	if err := t.compile(ctx, changed, work, args...); err != nil {
		return fmt.Errorf("compile mutant %s: %w", Name(ms), err)
	}
	return nil
}

// compile runs `go build` with the changed files laid over the tree.
func (t Tree) compile(ctx context.Context, changed map[string][]byte, work string, args ...string) error {
	index, err := t.overlay(changed, work)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", append([]string{
		"build", "-buildvcs=false", "-overlay",
		index,
	}, args...)...)
	command.Dir = string(t)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

// cacheDir is where runners are kept.
func cacheDir(given string) string {
	if given != "" {
		return given
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "fencepost", "mutants")
}

// dropOld removes the runners of earlier contents of the tree. One that was put
// there just now may be about to be started by somebody else.
func dropOld(shelf, key string) {
	entries, err := os.ReadDir(shelf)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		current := strings.HasSuffix(entry.Name(), key)
		if err == nil && !current && time.Since(info.ModTime()) > 10*time.Minute {
			os.RemoveAll(filepath.Join(shelf, entry.Name()))
		}
	}
}

// writeIndex writes what Go's -overlay wants: which file stands for which.
func writeIndex(work string, replace map[string]string) (string, error) {
	text, err := json.Marshal(struct{ Replace map[string]string }{replace})
	if err != nil {
		return "", err
	}
	index := filepath.Join(work, "overlay.json")
	return index, os.WriteFile(index, text, 0o644)
}
