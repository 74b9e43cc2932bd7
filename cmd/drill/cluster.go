package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"fencepost/internal/cluster"
	"fencepost/internal/testbed/rundir"
	"fencepost/scenarios"
)

// withCluster starts a cluster, lets play have it once it is ready, and ends it
// again. The error is an exit; an interrupt before the cluster is ready is an
// unknown verdict.
func withCluster(
	c *cobra.Command, o cluster.Options, play func(context.Context, *cluster.Cluster) error,
) error {
	if o.Nodes == 0 {
		return refuse(errors.New("--nodes 0: want 1 to 9"))
	}
	if err := o.Check(); err != nil {
		return refuse(err)
	}
	rundir.PreferMemory()
	ctx := c.Context()
	cl, err := cluster.Start(ctx, o)
	if err != nil {
		if stopped(ctx, err) {
			return verdict(scenarios.Unknown)
		}
		return broke(err)
	}
	if _, err = cl.AwaitReady(ctx); err == nil {
		err = play(ctx, cl)
	}
	if err != nil && !stopped(ctx, err) {
		err = errors.Join(err, logs(cl))
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), downBound)
	defer cancel()
	down := cl.Stop(bounded)
	switch {
	case stopped(ctx, err):
		return errors.Join(verdict(scenarios.Unknown), down)
	case err != nil || down != nil:
		return broke(errors.Join(err, down))
	default:
		return nil
	}
}
