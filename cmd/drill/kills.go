package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fencepost/internal/kills"
	"fencepost/scenarios"
)

// killsOptions are the flags of `drill kills`.
type killsOptions struct {
	kills.Plan

	json bool
}

func newKills() *cobra.Command {
	o := &killsOptions{}
	c := &cobra.Command{
		Use:   "kills [flags]",
		Short: "Kill random instances under load, restart them, and audit what is written",
		Long: "Starts a cluster of real processes with senders that send a signal until somebody says\n" +
			"that it is stored, ends random instances by kill -9 at random moments and at named points,\n" +
			"starts them again, and audits: every acknowledged signal is in the ledger and at its end, no\n" +
			"order is at the broker twice, leadership has no gap. Kills are played in batches, a cluster\n" +
			"each.\n\n" +
			"With --resume each batch leaves a file in the directory, and is not played again; one that\n" +
			"was interrupted is. A batch that does not hold leaves its logs there too.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.IntVar(&o.Kills, "count", kills.DefaultKills, "how many kills")
	f.IntVar(&o.Batch, "batch", kills.DefaultBatch, "how many of them one cluster takes")
	f.Uint64Var(&o.Seed, "seed", 1, "the seed that victims and moments are drawn from")
	f.IntVar(&o.Nodes, "nodes", 3, "how many instances, 2 to 9")
	f.IntVar(&o.Rate, "rate", kills.DefaultRate, "signals a second")
	f.StringVar(&o.Dir, "resume", "", "keep what was played in this directory, and play only what is missing")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	return c
}

// run plays the kills and prints what came of them.
func (o *killsOptions) run(c *cobra.Command) error {
	if err := o.Check(); err != nil {
		return refuse(fmt.Errorf("kills: %w", err))
	}
	if err := writableDir("--resume", o.Dir); err != nil {
		return refuse(err)
	}
	program, remove, err := service(c)
	if err != nil {
		return err
	}
	report, err := o.Run(c.Context(), program, c.ErrOrStderr())
	if err := errors.Join(err, remove()); err != nil {
		return broke(err)
	}
	if err := tell(c, o.json, report); err != nil {
		return err
	}
	switch {
	case report.Interrupted:
		return cutShort(!report.Held, "%d of %d kills were played", report.Kills, report.Wanted)
	case !report.Held:
		return verdict(scenarios.Fail)
	default:
		return nil
	}
}
