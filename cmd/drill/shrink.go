package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"fencepost/internal/mutants"
	"fencepost/internal/mutants/errand"
	"fencepost/internal/shrink"
	"fencepost/scenarios"
)

// shrinkOptions are the flags of `drill shrink`.
type shrinkOptions struct {
	seed   uint64
	mutant string
	out    string
	json   bool
	// effort is in millions of simulated events.
	effort int64

	seedGiven, mutantGiven bool
}

func newShrink() *cobra.Command {
	o := &shrinkOptions{}
	c := &cobra.Command{
		Use:   "shrink [flags] FILE|NAME | --seed S",
		Short: "Turn a failure into the shortest scenario that still fails in the same way",
		Long: "Plays the scenario until a seed fails, and looks for the shortest file that breaks the\n" +
			"same invariant, or misses the same expectation: fewer faults, nodes and signals, shorter and\n" +
			"rounder times. Without a file, --seed S is a seed of `drill fuzz`.\n\n" +
			"The result is a scenario file, ready to be committed, with its seed pinned. It has been read\n" +
			"again and replayed; with --mutant it passes on the program without that mistake.\n" +
			"The exit code is 0 if there is such a file, and 3 if no seed fails; with --mutant, that\n" +
			"of the verdict without the mistake if it is no pass. An interrupt ends the search with the\n" +
			"shortest file so far and exit code 1, or with 2 if no seed has failed by then.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.seedGiven, o.mutantGiven = c.Flags().Changed("seed"), c.Flags().Changed("mutant")
			return o.shrink(c, args)
		},
	}
	f := c.Flags()
	f.Uint64Var(&o.seed, "seed", 1, "the seed that fails (default: the first of the file's seeds that does)")
	f.StringVar(&o.mutant, "mutant", "", "take a program with this mistake in it; a+b makes both")
	f.StringVarP(&o.out, "out", "o", "", "write the scenario to this file, and name it so")
	const millions = shrink.Effort / 1_000_000
	f.Int64Var(&o.effort, "effort", millions, "how much to search, in millions of simulated events")
	f.BoolVar(&o.json, "json", false, "print what was found as one JSON object")
	return c
}

// shrink finds the failure, shrinks it and writes the result.
func (o *shrinkOptions) shrink(c *cobra.Command, args []string) error {
	if len(args) == 0 && !o.seedGiven {
		return refuse(errors.New("shrink what? give a FILE, or --seed S of `drill fuzz`"))
	}
	if o.mutantGiven && o.mutant == "" {
		return refuse(errNoMutant)
	}
	if o.effort < 1 {
		return refuse(fmt.Errorf("--effort %d: at least one million of events must be played", o.effort))
	}
	if o.out != "" && scenarioName(o.out) == "" {
		return refuse(fmt.Errorf("-o %s: a scenario's file is called NAME.yaml", o.out))
	}
	if o.out != "" {
		if err := nameable(o.out); err != nil {
			return refuse(fmt.Errorf("-o %s: %w", o.out, err))
		}
	}
	options, err := o.source(args)
	if err != nil {
		return err
	}
	if o.out != "" && sameFile(o.out, options.File) {
		return refuse(fmt.Errorf("-o %s: it is the file that is to be shrunk", o.out))
	}
	if err := writable("-o", o.out); err != nil {
		return refuse(err)
	}
	options.Effort = o.effort * 1_000_000
	answer, lawful, err := o.find(c.Context(), options, c.ErrOrStderr())
	if err != nil {
		return err
	}
	if answer.Interrupted && !answer.Failing {
		return o.unplayed(c.OutOrStdout(), answer)
	}
	if !answer.Failing {
		return o.passes(c.OutOrStdout(), answer, options)
	}
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(answer.Text), 0o644); err != nil {
			return broke(err)
		}
	}
	if err := o.print(c.OutOrStdout(), answer, lawful, o.replay(answer)); err != nil {
		return broke(err)
	}
	if answer.Interrupted {
		return cutShort(true, "this is the shortest so far")
	}
	if o.mutant != "" && lawful != scenarios.Pass {
		return &exit{lawful.ExitCode(), "drill: what was found does not pass without the mistake either\n"}
	}
	return nil
}

// scenarioName returns the name that the scenario in that file has, or "".
func scenarioName(file string) string {
	name, ok := strings.CutSuffix(filepath.Base(file), ".yaml")
	if !ok {
		return ""
	}
	return name
}

// likely are the mutants that a file without one of its own says it catches,
// until somebody tries which it does: those that most scenarios catch.
var likely = []scenarios.Catch{{"belief-by-flag"}, {"permit-without-epoch"}, {"fails-open"}}

// source returns what is to be shrunk.
func (o *shrinkOptions) source(args []string) (shrink.Options, error) {
	options := shrink.Options{Seed: o.seed, Seeds: 1, Name: scenarioName(o.out), Mutant: o.mutant}
	if len(args) == 0 {
		drawn := shrink.Drawn(o.seed, likely)
		drawn.Name, drawn.Mutant = options.Name, options.Mutant
		return drawn, nil
	}
	s, err := scenarios.Find(args[0])
	if err != nil {
		return options, refuse(err)
	}
	options.Source, options.File = string(scenarios.Format(s)), ""
	if text, err := os.ReadFile(s.File); err == nil {
		// With the original text, messages name the original lines.
		options.Source, options.File = string(text), s.File
	}
	options.Origin = "scenario " + s.Name
	if !o.seedGiven {
		full := s.WithDefaults()
		options.Seed, options.Seeds = 1, full.Run.Seeds.Sim
		if full.Run.Seed != 0 {
			options.Seed, options.Seeds = full.Run.Seed, 1
		}
	}
	return options, nil
}

// find lets this program search, or one with the mistake in it.
func (o *shrinkOptions) find(ctx context.Context, options shrink.Options, progress io.Writer) (
	*shrink.Answer, scenarios.RunVerdict, error,
) {
	if o.mutant == "" {
		answer, err := shrink.Find(ctx, &options)
		if err != nil {
			return nil, scenarios.Unknown, refuse(err)
		}
		return answer, scenarios.Fail, nil
	}
	_, runner, err := mutated(ctx, o.mutant)
	if stopped(ctx, err) {
		return &shrink.Answer{Interrupted: true}, scenarios.Unknown, nil
	}
	if err != nil {
		return nil, scenarios.Unknown, err
	}
	answer, lawful, err := shrink.Settle(ctx, options,
		func(ctx context.Context, options *shrink.Options) (*shrink.Answer, error) {
			answer := &shrink.Answer{}
			return answer, mutants.Ask(ctx, runner, errand.Shrink, o.mutant, options, answer, progress)
		})
	if stopped(ctx, err) {
		return &shrink.Answer{Interrupted: true}, scenarios.Unknown, nil
	}
	return answer, lawful, ofRunner(ctx, err)
}

// unplayed says that no seed had failed by the time of the interrupt.
func (o *shrinkOptions) unplayed(out io.Writer, answer *shrink.Answer) error {
	if o.json {
		if err := json.NewEncoder(out).Encode(answer); err != nil {
			return broke(err)
		}
	}
	return cutShort(false, "%s played, and none has failed yet", scenarios.Plural(answer.Seeds, "seed"))
}

// passes says that there is nothing to shrink.
func (o *shrinkOptions) passes(out io.Writer, answer *shrink.Answer, options shrink.Options) error {
	if o.json {
		if err := json.NewEncoder(out).Encode(answer); err != nil {
			return broke(err)
		}
	}
	seeds := fmt.Sprintf("seed %d", options.Seed)
	if options.Seeds > 1 {
		seeds = fmt.Sprintf("each of the seeds %d to %d", options.Seed, options.Seed+uint64(options.Seeds)-1)
	}
	return &exit{
		scenarios.Invalid.ExitCode(),
		fmt.Sprintf("drill: %s does not fail under %s: there is nothing to shrink\n", options.Origin, seeds),
	}
}

// print writes what was found, for programs or for people.
func (o *shrinkOptions) print(
	out io.Writer, answer *shrink.Answer, lawful scenarios.RunVerdict, replay string,
) error {
	if o.json {
		slim := *answer
		slim.Stages = nil
		type found struct {
			*shrink.Answer
			// Lawful is the verdict of the file on the program without the mistake.
			Lawful scenarios.RunVerdict `json:"lawful"`
			Replay string               `json:"replay"`
		}
		return json.NewEncoder(out).Encode(found{&slim, lawful, replay})
	}
	if o.out == "" {
		fmt.Fprint(out, answer.Text)
	}
	// A comment, so that what is printed stays a scenario file.
	fmt.Fprintf(out, "# %s: %s became %d (%s), %s %d; %s, %.2f s\n", answer.Kind,
		scenarios.Plural(answer.Before.Faults, "fault"), answer.After.Faults,
		scenarios.Plural(answer.After.Lines, "line"), scenarios.Plural(answer.Before.Nodes, "node"),
		answer.After.Nodes, scenarios.Plural(answer.Runs, "run"), answer.WallSeconds)
	if answer.Interrupted {
		fmt.Fprintln(out, "# the search was interrupted: it is not as short as it can be")
	}
	if answer.Spent {
		fmt.Fprintf(out, "# the effort was spent before the end: --effort %d may get further\n", 4*o.effort)
	}
	if o.mutant != "" {
		fmt.Fprintf(out, "# without the mistake: %s\n", lawful)
	}
	fmt.Fprintf(out, "# replay: %s\n", replay)
	return nil
}

// replay returns the command that plays the result. Where no file was asked for
// one is kept, so that there is something to play.
func (o *shrinkOptions) replay(answer *shrink.Answer) string {
	words := []string{asBuilt, "run"}
	if o.mutant != "" {
		words = append(words, "--mutant", o.mutant)
	}
	file := o.out
	if file == "" {
		var err error
		if file, err = shelve(answer.Text); err != nil {
			return "none: " + err.Error() + "; give -o FILE"
		}
	}
	return asCalled(strings.Join(append(words, scenarios.ShellWord(file)), " "))
}

// shelve keeps a scenario's text among the files that this user may throw away,
// under its own name.
func shelve(text string) (file string, err error) {
	s, err := scenarios.Parse("", []byte(text))
	if err != nil {
		return "", err
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "fencepost", "shrunk")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	file = filepath.Join(dir, s.Name+".yaml")
	return file, os.WriteFile(file, []byte(text), 0o644)
}
