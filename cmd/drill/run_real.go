package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fencepost/chaos"
	"fencepost/internal/campaign"
	"fencepost/internal/campaign/real"
	"fencepost/scenarios"
)

// checkReal refuses what only the simulator can do.
func (o *runOptions) checkReal() error {
	const why = "real processes do not run the same way twice; a tape is the simulator's"
	switch {
	case o.tape != "":
		return errors.New("--tape: " + why)
	case o.record != "":
		return errors.New("--record-tape: " + why)
	}
	return nil
}

// realOpener returns what opens worlds of real processes, and what tidies up
// behind them.
func (o *runOptions) realOpener(c *cobra.Command) (opener, func() error, error) {
	program, remove, err := service(c)
	if err != nil {
		return nil, nil, err
	}
	return func(s *scenarios.Scenario, argument string) (func() campaign.World, error) {
		return real.Worlds(c.Context(), s, o.staging(s, argument, program))
	}, remove, nil
}

// staging says how a scenario that was named so is played on real processes. What a
// run leaves names the command that is printed for it.
func (o *runOptions) staging(s *scenarios.Scenario, argument, program string) chaos.Options {
	plan := o.plan(assignment{scenario: s, argument: argument}, 0)
	return chaos.Options{
		Program: program, Mutant: o.built, Out: o.left(), Keep: o.keep,
		Again: func(seed uint64) string { return asCalled(plan.Again(seed)) },
	}
}

// left is the directory in which runs on real processes leave what they were: where
// the reports are.
func (o *runOptions) left() string {
	if o.out == "" {
		return leftIn(o.resume)
	}
	return o.out
}

// leftIn is the directory in which runs on real processes leave what they were, if
// --out is this or "".
func leftIn(out string) string {
	if out == "" {
		return "out"
	}
	return out
}

// planReal changes a campaign into one on real processes: one run at a time, as
// each is timed. Each takes long, and is kept as it ends.
func (o *runOptions) planReal(plan *campaign.Campaign) {
	plan.Progress, plan.Resume = o.out, o.resume
	plan.Tier, plan.Wavers, plan.Workers = scenarios.RealTier, true, 1
	plan.Timeout, plan.Traces = chaos.Timeout(plan.Scenario), ""
}

// runMutated hands the whole command to a drill that was built with the mistakes
// in it, as the fencepost beside it was: what it replays is what was played.
func (o *runOptions) runMutated(ctx context.Context, c *cobra.Command, args []string) error {
	words := []string{
		"run", "--tier", string(scenarios.RealTier), "--built-with", o.mutant,
		fmt.Sprintf("--json=%t", o.json), fmt.Sprintf("--trace=%t", o.trace),
		fmt.Sprintf("--keep=%t", o.keep), "--repeat", fmt.Sprint(o.repeat),
	}
	for _, given := range []struct {
		is          bool
		name, value string
	}{
		{o.seedGiven, "--seed", fmt.Sprint(o.seed)},
		{o.seedsGiven, "--seeds", fmt.Sprint(o.seeds)},
		{o.out != "", "--out", o.out},
		{o.resume != "", "--resume", o.resume},
		{o.junit != "", "--junit", o.junit},
		{o.class != "", "--class", o.class},
	} {
		if given.is {
			words = append(words, given.name, given.value)
		}
	}
	return handOver(ctx, c, o.mutant, append(append(words, "--"), args...))
}
