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
	seeds  int
	mutant string
	out    string
	json   bool
	anchor bool
	// effort is in millions of simulated events.
	effort int64

	seedGiven, mutantGiven bool
}

func newShrink() *cobra.Command {
	o := &shrinkOptions{}
	c := &cobra.Command{
		Use:   "shrink [flags] FILE|NAME|DIR | --seed S",
		Short: "Turn a failure into the shortest scenario that still fails in the same way",
		Long: "Plays the scenario until a seed fails, and looks for the shortest file that breaks the\n" +
			"same invariant, or misses the same expectation: fewer faults, nodes and signals, shorter and\n" +
			"rounder times. Without a file, --seed S is a seed of `drill fuzz`.\n\n" +
			"DIR is what a run on real processes left, such as out/NAME/real/1, or its faults.jsonl.\n" +
			"What befell that run is played in the simulator until it fails in the same way, and shrunk\n" +
			"there.\n\n" +
			"With --anchor the result is for both worlds: not pinned to a seed, its steps set off by\n" +
			"events where they can be. It fails under as many schedules of the simulator as can be had;\n" +
			"whether it fails on real processes `drill run --tier real` and `drill parity` will say.\n\n" +
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
	f.IntVar(&o.seeds, "seeds", 1, "without a file: try so many seeds of `drill fuzz` until one serves")
	f.StringVar(&o.mutant, "mutant", "", "take a program with this mistake in it; a+b makes both")
	f.StringVarP(&o.out, "out", "o", "", "write the scenario to this file, and name it so")
	const millions = shrink.Effort / 1_000_000
	f.Int64Var(&o.effort, "effort", millions, "how much to search, in millions of simulated events")
	f.BoolVar(&o.anchor, "anchor", false, "make a file that real processes can play as well")
	f.BoolVar(&o.json, "json", false, "print what was found as one JSON object")
	return c
}

// shrink finds the failure, shrinks it and writes the result.
func (o *shrinkOptions) shrink(c *cobra.Command, args []string) error {
	if err := o.check(args); err != nil {
		return refuse(err)
	}
	run, err := recordedRun(args)
	if err != nil {
		return err
	}
	if run != nil {
		return o.retell(c, run)
	}
	if len(args) == 0 {
		return o.hunt(c)
	}
	options, err := o.source(args[0])
	if err != nil {
		return err
	}
	if o.out != "" && sameFile(o.out, options.File) {
		return refuse(fmt.Errorf("-o %s: it is the file that is to be shrunk", o.out))
	}
	if err := writable("-o", o.out); err != nil {
		return refuse(err)
	}
	answer, lawful, err := o.find(c.Context(), options, c.ErrOrStderr())
	if err != nil {
		return err
	}
	return o.tell(c, answer, lawful, options)
}

// hunt shrinks the first seed of `drill fuzz` whose failure serves: with a mutant
// it passes without the mistake, and if an anchored file is asked for there is
// one.
func (o *shrinkOptions) hunt(c *cobra.Command) error {
	if err := writable("-o", o.out); err != nil {
		return refuse(err)
	}
	options := o.options()
	for last := o.seed + uint64(o.seeds) - 1; ; options.Seed++ {
		drawn := shrink.Drawn(options.Seed, likely)
		options.Source, options.Origin = drawn.Source, drawn.Origin
		answer, lawful, err := o.find(c.Context(), options, c.ErrOrStderr())
		if err != nil {
			return err
		}
		serves := answer.Failing && (o.mutant == "" || lawful == scenarios.Pass) &&
			(!o.anchor || !answer.Anchored.Loose())
		if serves || options.Seed == last || answer.Interrupted {
			if !answer.Failing && o.seeds > 1 {
				options.Origin, options.Seed, options.Seeds = "drill fuzz", o.seed, o.seeds
			}
			return o.tell(c, answer, lawful, options)
		}
	}
}

// tell says what came of a search.
func (o *shrinkOptions) tell(
	c *cobra.Command, answer *shrink.Answer, lawful scenarios.RunVerdict, options shrink.Options,
) error {
	switch {
	case answer.Failing:
		return o.finish(c, answer, lawful)
	case answer.Interrupted:
		return o.unplayed(c.OutOrStdout(), answer)
	default:
		return o.passes(c.OutOrStdout(), answer, options)
	}
}

// check refuses flags that make no sense.
func (o *shrinkOptions) check(args []string) error {
	if len(args) == 0 && !o.seedGiven {
		return errors.New("shrink what? give a FILE, or --seed S of `drill fuzz`")
	}
	if o.mutantGiven && o.mutant == "" {
		return errNoMutant
	}
	if o.seeds < 1 || o.seeds > 1 && len(args) > 0 {
		return fmt.Errorf("--seeds %d: so many seeds of `drill fuzz`, without a file", o.seeds)
	}
	if o.effort < 1 {
		return fmt.Errorf("--effort %d: at least one million of events must be played", o.effort)
	}
	if o.out == "" {
		return nil
	}
	if scenarioName(o.out) == "" {
		return fmt.Errorf("-o %s: a scenario's file is called NAME.yaml", o.out)
	}
	if err := nameable(o.out); err != nil {
		return fmt.Errorf("-o %s: %w", o.out, err)
	}
	return nil
}

// finish writes what was found.
func (o *shrinkOptions) finish(c *cobra.Command, answer *shrink.Answer, lawful scenarios.RunVerdict) error {
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
	if o.anchor && answer.Anchored.Loose() {
		return &exit{
			scenarios.Invalid.ExitCode(),
			"drill: it fails under its own schedule alone: there is nothing for real processes to play\n",
		}
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

// options are those of every search.
func (o *shrinkOptions) options() shrink.Options {
	return shrink.Options{
		Seed: o.seed, Seeds: 1, Name: scenarioName(o.out), Mutant: o.mutant, Anchor: o.anchor,
		Effort: o.effort * 1_000_000,
	}
}

// source returns what is to be shrunk.
func (o *shrinkOptions) source(argument string) (shrink.Options, error) {
	options := o.options()
	s, err := scenarios.Find(argument)
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
	if a := answer.Anchored; a != nil && !a.Loose() {
		fmt.Fprintf(out, "# it fails under %d of %s of the simulator; %s at an instant\n", a.Fails,
			scenarios.Plural(a.Tries, "schedule"), scenarios.Plural(a.Instants, "step"))
		for _, line := range o.elsewhere(answer, replay) {
			fmt.Fprintf(out, "# %s\n", line)
		}
	}
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
