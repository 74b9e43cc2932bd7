package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"fencepost/internal/campaign"
	"fencepost/internal/mutants"
	"fencepost/scenarios"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: runner ORDER (an order of package mutants, as JSON)")
		os.Exit(mutants.ExitRefused)
	}
	var order mutants.Order
	err := json.Unmarshal([]byte(os.Args[1]), &order)
	if err == nil {
		err = carryOut(order, os.Stdout)
	}
	var refused campaign.Refusal
	switch {
	case err == nil:
	case errors.As(err, &refused):
		fmt.Fprint(os.Stderr, refused.Detail())
		os.Exit(mutants.ExitRefused)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// carryOut plays the order's scenario and writes the report.
func carryOut(order mutants.Order, out io.Writer) error {
	s, err := scenarios.Find(order.Scenario)
	if err != nil {
		return err
	}
	open, err := campaign.Simulated(s)
	if err != nil {
		return err
	}
	c := campaign.Campaign{
		Scenario: s, Tier: scenarios.SimTier, Open: open, First: order.First, Count: order.Count,
		Repeat: order.Repeat, Workers: order.Workers, Lines: order.Lines, Traces: order.Traces,
		Timeout: campaign.Timeout(s), Argument: order.Argument, Mutant: order.Mutant,
	}
	report, err := c.Run(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(report)
}
