package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fencepost/chaos"
	"fencepost/internal/campaign"
	"fencepost/internal/junit"
	"fencepost/internal/parity"
	"fencepost/scenarios"
)

// parityOptions are the flags of `drill parity`.
type parityOptions struct {
	seed   uint64
	seeds  int
	json   bool
	out    string
	junit  string
	mutant string
	built  string // the mutant that this very program was built with

	mutantGiven bool
}

func newParity() *cobra.Command {
	o := &parityOptions{}
	c := &cobra.Command{
		Use:   "parity [flags] FILE|NAME…",
		Short: "Play scenarios in the simulator and on real processes, and compare",
		Long: "Plays each scenario in both worlds and prints both verdicts, and where the two orders of\n" +
			"events part for the first time. Worlds that do not agree are a failure: one of them is\n" +
			"wrong.\n\n" +
			"With --mutant both worlds make the mistake. They agree if both fail, and it says whether\n" +
			"they do in the same way.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.mutantGiven = c.Flags().Changed("mutant")
			return o.run(c, args)
		},
	}
	f := c.Flags()
	f.Uint64Var(&o.seed, "seed", 1, "the first seed")
	f.IntVar(&o.seeds, "seeds", 1,
		"how many seeds on real processes; the simulator plays the file's own number")
	f.BoolVar(&o.json, "json", false, "print one JSON object for each file")
	f.StringVar(&o.out, "out", "", "keep what failed runs on real processes leave in this directory (out)")
	f.StringVar(&o.junit, "junit", "", "write the verdict of each file into this file, as JUnit's XML")
	f.StringVar(&o.mutant, "mutant", "", "play against programs with this mistake in them; a+b makes both")
	f.StringVar(&o.built, "built-with", "", "the mutant that this program was built with")
	if err := f.MarkHidden("built-with"); err != nil {
		panic(err)
	}
	return c
}

// run compares the scenarios one after the other.
func (o *parityOptions) run(c *cobra.Command, args []string) error {
	if o.seeds < 1 {
		return refuse(fmt.Errorf("--seeds %d: at least one seed must be played", o.seeds))
	}
	if err := writableDir("--out", o.out); err != nil {
		return refuse(err)
	}
	if err := writableReport("--junit", o.junit); err != nil {
		return refuse(err)
	}
	if o.mutantGiven && o.mutant == "" {
		return refuse(errNoMutant)
	}
	if o.mutant != "" {
		return handOver(c.Context(), c, o.mutant, o.words(args))
	}
	program, remove, err := service(c)
	if err != nil {
		return err
	}
	return tidied(o.compare(c, args, o.options(program)), remove())
}

// options says how the scenarios are compared, with that service.
func (o *parityOptions) options(program string) parity.Options {
	return parity.Options{
		First: o.seed, Seeds: o.seeds,
		Chaos: chaos.Options{Program: program, Mutant: o.built, Out: leftIn(o.out)},
	}
}

// words is the same command for a drill that was built with the mutant.
func (o *parityOptions) words(args []string) []string {
	words := []string{
		"parity", "--built-with", o.mutant, "--seed", fmt.Sprint(o.seed), "--seeds", fmt.Sprint(o.seeds),
		fmt.Sprintf("--json=%t", o.json),
	}
	if o.out != "" {
		words = append(words, "--out", o.out)
	}
	if o.junit != "" {
		words = append(words, "--junit", o.junit)
	}
	return append(append(words, "--"), args...)
}

// playable reads the scenarios, and refuses those that one of the worlds cannot play,
// all at once.
func playable(args []string) ([]*scenarios.Scenario, error) {
	var list []*scenarios.Scenario
	var refused strings.Builder
	for _, arg := range args {
		s, err := scenarios.Find(arg)
		if err == nil {
			_, err = campaign.Simulated(s)
		}
		if err == nil {
			_, err = chaos.Compile(s)
		}
		if err != nil {
			refused.WriteString(refuse(err).text)
			continue
		}
		list = append(list, s)
	}
	if refused.Len() > 0 {
		return nil, &exit{scenarios.ExitRefused, refused.String()}
	}
	return list, nil
}

// compare compares every scenario; those that cannot be played are refused first.
func (o *parityOptions) compare(
	c *cobra.Command, args []string, options parity.Options,
) (ended error) {
	list, err := playable(args)
	if err != nil {
		return err
	}
	worst, kept := scenarios.Pass, junit.Report{Name: "drill parity"}
	defer func() { ended = keepReport(o.junit, &kept, ended) }()
	for i, s := range list {
		report, err := parity.Compare(c.Context(), s, args[i], options)
		if stopped(c.Context(), err) {
			for _, s := range list[i:] {
				kept.Suites = append(kept.Suites,
					suiteOfNone("parity", s.Name, scenarios.Unknown, "interrupted: it was not compared"))
			}
			return cutShort(worst == scenarios.Fail, "the rest was not compared")
		}
		if err != nil {
			kept.Suites = append(kept.Suites, suiteOfNone("parity", s.Name, scenarios.Crash, err.Error()))
			return broke(err)
		}
		worst = worst.Worst(report.Verdict())
		kept.Suites = append(kept.Suites, suiteOfPair(report))
		if !o.json {
			report.Render(c.OutOrStdout())
			continue
		}
		if err := json.NewEncoder(c.OutOrStdout()).Encode(report); err != nil {
			return broke(err)
		}
	}
	return verdict(worst)
}
