package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"fencepost/internal/mutants"
	"fencepost/scenarios"
)

// errNoMutant refuses a flag that is empty, as a variable of a shell may be: the
// program without a mistake would pass in the mutant's name.
var errNoMutant = errors.New(`--mutant "": it names no mutant (drill mutants --list lists them)`)

// mutated builds the program with the named mistakes in it, and returns it with the
// tree that it was built from. A name that is none, and a drill outside of the
// tree, are wrong usage.
func mutated(ctx context.Context, name string) (tree mutants.Tree, runner string, err error) {
	made, err := mutants.Find(name)
	if err != nil {
		return "", "", refuse(fmt.Errorf("--mutant: %w", err))
	}
	if tree, err = mutants.FindTree(); err != nil {
		return "", "", refuse(fmt.Errorf("--mutant %s: %w", name, err))
	}
	runner, err = tree.Build(ctx, made, "")
	if stopped(ctx, err) {
		return "", "", cutShort(false, "the mutant was not built yet, and nothing was played")
	}
	if err != nil {
		return "", "", broke(err)
	}
	return tree, runner, nil
}

// ofRunner is what the command says of a runner's error, if there is one.
func ofRunner(ctx context.Context, err error) error {
	var refused *mutants.Refused
	switch {
	case stopped(ctx, err):
		return cutShort(false, "nothing was played to its end")
	case errors.As(err, &refused):
		return &exit{scenarios.ExitRefused, refused.Text + "\n"}
	case err != nil:
		return broke(err)
	}
	return nil
}

// lastWords is how long a drill that carries a command out may take to end when it
// is asked to.
const lastWords = 30 * time.Second

// carrier is the command by which another drill carries out what this one was told.
func carrier(ctx context.Context, program string, words []string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, words...)
	command.Args[0] = called()
	// It ends by itself when it is asked to, and takes its processes with it.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = lastWords
	return command
}

// handOver lets a drill that was built with the mistakes in it carry the command
// out, as the fencepost beside it was: what it replays is what was played.
func handOver(ctx context.Context, c *cobra.Command, mutant string, words []string) error {
	made, err := mutants.Find(mutant)
	if err != nil {
		return refuse(fmt.Errorf("--mutant: %w", err))
	}
	tree, err := mutants.FindTree()
	if err != nil {
		return refuse(fmt.Errorf("--mutant %s: %w", mutant, err))
	}
	dir, err := tree.BuildPrograms(ctx, made, "")
	if stopped(ctx, err) {
		return cutShort(false, "the mutant was not built yet, and nothing was played")
	}
	if err != nil {
		return broke(err)
	}
	command := carrier(ctx, filepath.Join(dir, "drill"), words)
	command.Stdout, command.Stderr = c.OutOrStdout(), c.ErrOrStderr()
	err = command.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() > 0 {
		return &exit{ended.ExitCode(), ""}
	}
	if err != nil {
		return broke(err)
	}
	return nil
}
