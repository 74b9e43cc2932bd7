package main

import (
	"context"
	"io"

	"fencepost/internal/campaign"
	"fencepost/internal/mutants/errand"
	"fencepost/scenarios"
)

// run plays the order's scenario and returns the report.
func run(ctx context.Context, order errand.Order, _ io.Writer) (any, error) {
	var o errand.RunOptions
	if err := order.Decode(&o); err != nil {
		return nil, err
	}
	s, err := scenarios.Find(o.Scenario)
	if err != nil {
		return nil, err
	}
	if o.Class != "" {
		if s, err = s.WithClass(scenarios.BrokerClass(o.Class)); err != nil {
			return nil, err
		}
	}
	open, err := campaign.Simulated(s)
	if err != nil {
		return nil, err
	}
	c := campaign.Campaign{
		Scenario: s, Tier: scenarios.SimTier, Open: open, First: o.First, Count: o.Count,
		Repeat: o.Repeat, Workers: o.Workers, Lines: o.Lines, Traces: o.Traces,
		Timeout: campaign.Timeout(s), Argument: o.Argument, Mutant: order.Mutant,
		Class: o.Class,
	}
	return c.Run(ctx)
}
