package main

import (
	"context"
	"fmt"
	"io"
	"math"

	"fencepost/internal/campaign"
	"fencepost/internal/mutants/errand"
	"fencepost/scenarios"
)

// hunt plays the order's scenarios, round by round, until a run fails. It uses
// one core: whoever hunts several mutants at once has the others.
func hunt(ctx context.Context, order errand.Order, progress io.Writer) (any, error) {
	var o errand.HuntOptions
	if err := order.Decode(&o); err != nil {
		return nil, err
	}
	grounds := make([]campaign.Campaign, len(o.Grounds))
	for i, g := range o.Grounds {
		s, err := scenarios.Find(g.Scenario)
		if err != nil {
			return nil, err
		}
		open, err := campaign.Simulated(s)
		if err != nil {
			return nil, err
		}
		grounds[i] = campaign.Campaign{Scenario: s, Open: open, First: g.First, Timeout: campaign.Timeout(s)}
	}
	var kill errand.Kill
	before := 0
	for _, upTo := range append(o.Rounds, math.MaxInt) {
		for i := range grounds {
			c := &grounds[i]
			from, to := min(before, o.Grounds[i].Seeds), min(upTo, o.Grounds[i].Seeds)
			if to <= from {
				continue
			}
			c.First, c.Count = o.Grounds[i].First+uint64(from), to-from
			fmt.Fprintf(progress, "%s: seeds %d to %d\n", c.Scenario.Name, c.First, c.First+uint64(c.Count)-1)
			seen, err := c.Hunt(ctx)
			if err != nil {
				return nil, err
			}
			kill.Runs, kill.Events = kill.Runs+seen.Runs, kill.Events+seen.Events
			kill.SimNanos, kill.Nanos = kill.SimNanos+seen.SimNanos, kill.Nanos+seen.Took.Nanoseconds()
			if run := seen.Failed; run != nil {
				kill.By, kill.Ground, kill.Seed = c.Scenario.Name, i, run.Seed
				kill.Invariant, kill.Expect = run.Violation.Invariant, run.Violation.Expect
				kill.Detail = run.Violation.Detail
				return kill, nil
			}
		}
		before = upTo
	}
	return kill, nil
}
