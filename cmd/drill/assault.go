package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fencepost/internal/assault"
	"fencepost/internal/cluster"
	"fencepost/scenarios"
)

// assaultOptions are the flags of `drill assault`.
type assaultOptions struct {
	assault.Plan

	nodes              int
	url, admin, secret string
	json               bool
}

func newAssault() *cobra.Command {
	o := &assaultOptions{}
	c := &cobra.Command{
		Use:   "assault [flags]",
		Short: "Send malformed webhooks of all kinds to a real cluster, and look what becomes of it",
		Long: "Starts a whole cluster, as `drill up` does, and sends it thousands of inputs that must not\n" +
			"be taken, from families that a seed draws: broken JSON, wrong fields, bodies too large, bad\n" +
			"HTTP, forged tokens, texts that look like SQL or like a log, senders that are slow or leave.\n" +
			"None may be answered by a 5xx or not at all, none may reach the ledger, each refusal is one\n" +
			"line of the log and none hurts whoever reads it; no process dies, stops being ready or\n" +
			"grows; and a genuine source that sends meanwhile gets its 202 for each signal. Exit code 0\n" +
			"if all that holds, else 1.\n\n" +
			"With --url it attacks a service that runs already; the ledger and the log are then not\n" +
			"looked at. --family and --shot fire one input again that a report names.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	f := c.Flags()
	f.IntVar(&o.Requests, "requests", 10_000, "how many inputs")
	f.Uint64Var(&o.Seed, "seed", 1, "the seed that they are drawn from")
	f.StringVar(&o.Family, "family", "", "fire this family alone")
	f.IntVar(&o.Shot, "shot", -1, "fire this one input of the family")
	f.IntVar(&o.Workers, "workers", 32, "how many connections attack at once")
	f.Float64Var(&o.Rate, "rate", 20, "signals a second of the genuine source")
	f.IntVar(&o.nodes, "nodes", 3, "how many instances, 1 to 9")
	f.StringVar(&o.url, "url", "", "attack http://HOST:PORT/webhook/TOKEN instead of a cluster of its own")
	f.StringVar(&o.admin, "admin", "", "the admin listener of that service, to see what it holds")
	f.StringVar(&o.secret, "secret", "", "what that source signs with, whsec_ and base64")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	return c
}

// run attacks and prints what came of it.
func (o *assaultOptions) run(c *cobra.Command) error {
	err := o.Check()
	if err == nil && o.url == "" && (o.admin != "" || o.secret != "") {
		err = errors.New("--admin and --secret are those of --url")
	}
	if err != nil {
		return refuse(fmt.Errorf("assault: %w", err))
	}
	say := func(text string) { fmt.Fprintln(c.ErrOrStderr(), text) }
	var report *assault.Report
	if o.url != "" {
		place, err := assault.OfURL(o.url, o.admin, o.secret)
		if err != nil {
			return refuse(fmt.Errorf("assault: %w", err))
		}
		if report, err = assault.Run(c.Context(), place, o.Plan, say); err != nil {
			return broke(err)
		}
	} else {
		options := cluster.Options{Nodes: o.nodes, Say: say, Settings: assault.Settings}
		err := withCluster(c, options, func(ctx context.Context, cl *cluster.Cluster) (err error) {
			report, err = assault.Run(ctx, assault.OfCluster(cl), o.Plan, say)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := tell(c, o.json, report); err != nil {
		return err
	}
	switch {
	case report.Interrupted:
		return cutShort(!report.Held, "%d of %d inputs were sent", report.Inputs, o.Requests)
	case !report.Held:
		return verdict(scenarios.Fail)
	default:
		return nil
	}
}
