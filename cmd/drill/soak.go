package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"fencepost/chaos"
	"fencepost/internal/soak"
	"fencepost/scenarios"
)

// soakOptions are the flags of `drill soak`.
type soakOptions struct {
	soak.Plan

	json bool
	out  string
}

func newSoak() *cobra.Command {
	o := &soakOptions{}
	least := soak.Plan{TTL: soak.DefaultTTL}
	c := &cobra.Command{
		Use:   "soak [flags]",
		Short: "Let one cluster of real processes live for long under random faults, and look for leaks",
		Long: "Starts one cluster of real processes, breaks whatever can break in storms that a seed\n" +
			"draws, lets it rest after each, and looks then at what every process holds: memory,\n" +
			"descriptors, goroutines, and connections at the stores. In the end the whole history is\n" +
			"judged as that of any run, and whatever grew beyond its tolerance is a failure that names\n" +
			"the process.\n\n" +
			fmt.Sprintf("It takes %v at least to tell a leak from chance. ", soak.LeastRounds*least.Round()) +
			"A line of progress comes every ten\nseconds on standard error. An interrupt ends it in " +
			"order, with what was seen so far: unknown,\nunless something failed.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.DurationVar(&o.For, "for", soak.DefaultFor, "for how long")
	f.Uint64Var(&o.Seed, "seed", 1, "the seed that the faults are drawn from")
	f.IntVar(&o.Nodes, "nodes", soak.DefaultNodes, "how many nodes; the last one dies now and then")
	f.DurationVar(&o.TTL, "ttl", soak.DefaultTTL, "the lease's; a round is twenty of it")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.StringVar(&o.out, "out", "", "keep the report, and what a failed run leaves, in this directory (out)")
	return c
}

// run plays the soak and prints what came of it.
func (o *soakOptions) run(c *cobra.Command) error {
	if err := o.Validate(); err != nil {
		return refuse(err)
	}
	if err := writableDir("--out", o.out); err != nil {
		return refuse(err)
	}
	program, remove, err := service(c)
	if err != nil {
		return err
	}
	// The interrupt ends the scenario, not the run: what was seen is still judged.
	ctx, halt := context.WithoutCancel(c.Context()), c.Context().Done()
	options := chaos.Options{Program: program, Out: leftIn(o.out)}
	report, err := soak.Run(ctx, o.Plan, options, halt, c.ErrOrStderr())
	if err != nil {
		return tidied(refuse(err), remove())
	}
	return tidied(o.ended(c, report), remove())
}

// ended prints what came of the soak, and is how the command ends.
func (o *soakOptions) ended(c *cobra.Command, report *soak.Report) error {
	report.Replay = asCalled(report.Replay)
	if err := o.print(c, report); err != nil {
		return broke(err)
	}
	if report.Interrupted && report.Verdict != scenarios.Crash {
		return cutShort(report.Verdict == scenarios.Fail,
			"%s of %d were seen", scenarios.Plural(report.Rounds, "round"), o.Rounds())
	}
	return verdict(report.Verdict)
}

// print writes the report, and keeps it where it is asked to.
func (o *soakOptions) print(c *cobra.Command, report *soak.Report) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	if o.out != "" {
		path := filepath.Join(o.out, soak.Name+".json")
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if o.json {
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", text)
		return err
	}
	report.Render(c.OutOrStdout())
	return nil
}
