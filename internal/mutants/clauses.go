package mutants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// NotCore is the error of Clauses for a mutant that leaves core as it is.
type NotCore struct{ Name string }

// Error says so.
func (e *NotCore) Error() string { return e.Name + " has no edit in core" }

// Clauses runs the tests of core with the mutant in it and returns the names of
// those that fail: a mistake that one clause's test notices does not need a
// simulator. The error is a *NotCore, or says that the tests could not be run.
func (t Tree) Clauses(ctx context.Context, m Mutant) (failing []string, err error) {
	if !slices.ContainsFunc(m.Edits, func(e Edit) bool { return strings.HasPrefix(e.Path, "core/") }) {
		return nil, &NotCore{m.Name}
	}
	return t.Test(ctx, []Mutant{m}, "./core", "", "-short=false")
}

// failedTest finds the tests that failed in what `go test` prints.
var failedTest = regexp.MustCompile(`(?m)^--- FAIL: ([^ /]+) `)

// Test runs the tests of a package, those that match the expression or all,
// with the mutants' mistakes in it, and returns the names of those that fail.
// The error says that they could not be run: what does not compile or panics
// outside a test is no failure of a test.
func (t Tree) Test(
	ctx context.Context, ms []Mutant, pkg, match string, flags ...string,
) (failing []string, err error) {
	changed, err := t.Apply(ms)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "fencepost-mutant-")
	if err != nil {
		return nil, fmt.Errorf("test mutant %s: %w", Name(ms), err)
	}
	defer os.RemoveAll(work)
	index, err := t.overlay(changed, work)
	if err != nil {
		return nil, fmt.Errorf("test mutant %s: %w", Name(ms), err)
	}
	args := append([]string{"test", "-overlay", index, "-vet=off", "-count=1"}, flags...)
	if match != "" {
		args = append(args, "-run", match)
	}
	command := exec.CommandContext(ctx, "go", append(args, pkg)...)
	command.Dir = string(t)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err = command.Run()
	names := map[string]bool{}
	for _, found := range failedTest.FindAllStringSubmatch(said.String(), -1) {
		names[found[1]] = true
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &exit) && len(names) > 0:
		return slices.Sorted(maps.Keys(names)), nil
	case errors.As(err, &exit) && strings.Contains(said.String(), "\npanic: "):
		// A mutant that trips over an assertion takes the whole program down.
		return []string{"panic"}, nil
	default:
		return nil, fmt.Errorf("test mutant %s: go test %s: %w\n%s", Name(ms), pkg,
			errors.Join(err, ctx.Err()), tail(said.String()))
	}
}

// overlay writes the changed files, and the index that lays them over the tree,
// into the directory. It returns the path of the index.
func (t Tree) overlay(changed map[string][]byte, work string) (string, error) {
	replace := map[string]string{}
	for i, path := range slices.Sorted(maps.Keys(changed)) {
		file := filepath.Join(work, fmt.Sprintf("%d-%s", i, filepath.Base(path)))
		if err := os.WriteFile(file, changed[path], 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(string(t), filepath.FromSlash(path))] = file
	}
	return writeIndex(work, replace)
}
