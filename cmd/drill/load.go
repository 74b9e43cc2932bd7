package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fencepost/internal/cluster"
	"fencepost/internal/load"
	"fencepost/scenarios"
)

// loadOptions are the flags of `drill load`.
type loadOptions struct {
	load.Plan

	nodes  int
	json   bool
	demand bool
}

func newLoad() *cobra.Command {
	o := &loadOptions{}
	c := &cobra.Command{
		Use:   "load [flags]",
		Short: "Measure how many webhooks a second a cluster acknowledges, and how long answers take",
		Long: "Starts a whole cluster, as `drill up` does, and sends it signals: at a steady rate, each\n" +
			"signal's delay counted from the instant at which it was due, and then on so many connections\n" +
			"as fast as they are answered; to one instance, and to all of them, while orders are\n" +
			"executed, and once more while control mode pause keeps them back. Then it looks how fast\n" +
			"the rest is executed. Every signal that was acknowledged must be in the ledger: if not, the\n" +
			"exit code is 1.\n\n" +
			fmt.Sprintf("On a calm machine of two cores %d a second are to be acknowledged, with a p99\n",
				load.TargetPerSecond) +
			fmt.Sprintf("of at most %v at %d a second; --demand makes it a failure to miss that.",
				load.TargetP99, load.TargetRate),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.Float64Var(&o.Rate, "rate", load.TargetRate, "signals a second of the steady sender")
	f.DurationVar(&o.For, "for", 10*time.Second, "how long each of the six parts lasts")
	f.IntVar(&o.Connections, "connections", 32, "how many senders wait for their answers")
	f.IntVar(&o.nodes, "nodes", 3, "how many instances, 1 to 9")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.BoolVar(&o.demand, "demand", false, "fail if it is slower than it is meant to be")
	return c
}

// run measures a cluster of its own and prints what came of it.
func (o *loadOptions) run(c *cobra.Command) error {
	if err := o.Check(); err != nil {
		return refuse(fmt.Errorf("load: %w", err))
	}
	say := func(text string) { fmt.Fprintln(c.ErrOrStderr(), text) }
	var report *load.Report
	options := cluster.Options{Nodes: o.nodes, Say: say}
	err := withCluster(c, options, func(ctx context.Context, cl *cluster.Cluster) (err error) {
		report, err = load.Run(ctx, cl, o.Plan, say)
		return err
	})
	if err != nil {
		return err
	}
	if err := tell(c, o.json, report); err != nil {
		return err
	}
	switch {
	case report.Interrupted:
		return cutShort(!report.Held, "%s of 5 were measured", scenarios.Plural(len(report.Legs), "part"))
	case !report.Held, o.demand && !report.Reached:
		return verdict(scenarios.Fail)
	default:
		return nil
	}
}
