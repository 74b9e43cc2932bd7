package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost/internal/fuzz"
	"fencepost/internal/mutants"
	"fencepost/internal/mutants/errand"
	"fencepost/scenarios"
)

// defaultSeeds is how many clusters are played unless something else is said.
const defaultSeeds = 1000

// fuzzOptions are the flags of `drill fuzz`.
type fuzzOptions struct {
	fuzz.Options

	shard string
	json  bool

	seedGiven, seedsGiven, forGiven, mutantGiven bool
}

func newFuzz() *cobra.Command {
	o := &fuzzOptions{}
	c := &cobra.Command{
		Use:   "fuzz [flags]",
		Short: "Play whole random clusters, workloads and faults under all invariants",
		Long: "For each seed draws a cluster, a workload and a swarm of faults, plays ten simulated\n" +
			"minutes of it, and judges every invariant at every moment. Plays on all cores and does not\n" +
			"stop at a failure; each comes with the one command that plays it again.\n\n" +
			"--seeds N plays S…S+N-1, --for D as many seeds as there is time for. --shard I/N plays the\n" +
			"part I of N, from 0/N to N-1/N; `drill fuzz merge` adds the parts up. From ten thousand runs\n" +
			"on, a point of the program that was never reached (`marks`) is a failure of the search.\n" +
			"An interrupt ends the campaign with the summary so far, which is unknown unless it failed.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f := c.Flags()
			o.seedGiven, o.seedsGiven, o.forGiven = f.Changed("seed"), f.Changed("seeds"), f.Changed("for")
			o.mutantGiven = f.Changed("mutant")
			return o.fuzz(c)
		},
	}
	f := c.Flags()
	f.Uint64Var(&o.First, "seed", 1, "the first seed")
	f.Uint64Var(&o.Seeds, "seeds", defaultSeeds, "how many seeds (1 with --seed alone)")
	f.DurationVar(&o.For, "for", 0, "play for so long instead of a number of seeds")
	f.StringVar(&o.shard, "shard", "", "play the part I of N, as I/N; the first is 0/N")
	f.StringVar(&o.Mutant, "mutant", "", "play against a program with this mistake in it; a+b makes both")
	f.BoolVar(&o.json, "json", false, "print the summary as one JSON object")
	f.BoolVar(&o.Stop, "stop", false, "stop at the first failure; plays on one core")
	f.BoolVar(&o.Trace, "trace", false, "print the trace of the run; with one seed only")
	f.StringVar(&o.Out, "out", "", "write the scenario of each listed failure into this directory")
	c.AddCommand(newMerge())
	return c
}

// fuzz plays the campaign and prints its summary.
func (o *fuzzOptions) fuzz(c *cobra.Command) error {
	if err := o.check(); err != nil {
		return refuse(err)
	}
	if err := writableDir("--out", o.Out); err != nil {
		return refuse(err)
	}
	summary, err := o.play(c)
	if err != nil {
		return err
	}
	replayable(summary)
	if err := printSummary(c.OutOrStdout(), summary, o.json); err != nil {
		return broke(err)
	}
	if v := summary.Verdict(); summary.Interrupted {
		return &exit{v.ExitCode(), "drill: interrupted: this is what was played so far\n"}
	}
	return verdict(summary.Verdict())
}

// check refuses flags that make no sense, and works out what the others mean.
func (o *fuzzOptions) check() error {
	switch {
	case o.mutantGiven && o.Mutant == "":
		return errNoMutant
	case o.seedsGiven && o.forGiven:
		return errors.New("--seeds and --for: a campaign has one end; give one of them")
	case o.seedsGiven && o.Seeds == 0:
		return errors.New("--seeds 0: at least one seed must be played")
	case o.forGiven && o.For <= 0:
		return fmt.Errorf("--for %s: a campaign takes time", o.For)
	case o.forGiven:
		o.Seeds = 0
	case o.seedGiven && !o.seedsGiven:
		o.Seeds = 1
	}
	if o.Trace && o.Seeds != 1 {
		return errors.New("--trace: the trace is that of one run; add --seeds 1")
	}
	if o.shard != "" {
		var err error
		if o.Shard, o.Shards, err = fuzz.ParseShard(o.shard); err != nil {
			return fmt.Errorf("--shard: %w", err)
		}
	}
	return nil
}

// play runs the campaign in this program, or in a runner that is built with the
// mutant's mistake in it.
func (o *fuzzOptions) play(c *cobra.Command) (*fuzz.Summary, error) {
	if o.Mutant == "" {
		summary, err := fuzz.Run(c.Context(), o.Options, c.ErrOrStderr())
		if err != nil {
			return nil, broke(err)
		}
		return summary, nil
	}
	_, runner, err := mutated(c.Context(), o.Mutant)
	if stopped(c.Context(), err) {
		return fuzz.Unplayed(o.Options), nil
	}
	if err != nil {
		return nil, err
	}
	summary := &fuzz.Summary{}
	err = mutants.Ask(c.Context(), runner, errand.Fuzz, o.Mutant, o.Options, summary, c.ErrOrStderr())
	if stopped(c.Context(), err) {
		return fuzz.Unplayed(o.Options), nil
	}
	return summary, ofRunner(c.Context(), err)
}

// printSummary writes a summary, for programs or for people.
func printSummary(out io.Writer, s *fuzz.Summary, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	var b strings.Builder
	for _, line := range s.Trace {
		b.WriteString(line + "\n")
	}
	for i := range s.Failures {
		f := &s.Failures[i]
		what := f.Invariant
		if what == "" {
			what = "crash"
		}
		fmt.Fprintf(&b, "seed %d: %s at %.6fs: %s\n    replay: %s\n", f.Seed, what, f.At, f.Detail, f.Repro)
	}
	if all, shown := s.Failed+s.Crashed, uint64(len(s.Failures)); all > shown {
		fmt.Fprintf(&b, "… and %d more\n", all-shown)
	}
	for i := range s.Doubts {
		d := &s.Doubts[i]
		fmt.Fprintf(&b, "seed %d: given up on: %s\n    replay: %s\n", d.Seed, d.Detail, d.Repro)
	}
	for _, name := range s.Blind {
		fmt.Fprintf(&b, "never reached: %s\n", name)
	}
	for _, shard := range s.Missing {
		fmt.Fprintf(&b, "missing: shard %d of %d\n", shard, s.Campaign.Shards)
	}
	for _, gap := range s.Gaps {
		fmt.Fprintf(&b, "not whole: %s\n", gap)
	}
	hit, demanded := s.Hit()
	wall := max(s.WallSeconds, 1e-9)
	fmt.Fprintf(&b, "%-8s%s, %d failed, %d crashed, %d undecided; marks %d of %d\n",
		s.Verdict(), scenarios.Plural(s.Runs, "run"), s.Failed, s.Crashed, s.Undecided, hit, demanded)
	fmt.Fprintf(&b, "        %s in %s simulated, %.1f s: %.0f runs/s, %.2f M events/s, %.2f M : 1\n",
		scenarios.Plural(s.Events, "event"), time.Duration(s.SimSeconds)*time.Second, s.WallSeconds,
		float64(s.Runs)/wall, float64(s.Events)/1e6/wall, s.SimSeconds/1e6/wall)
	_, err := io.WriteString(out, b.String())
	return err
}
