package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"fencepost/scenarios"
)

// listed is what `drill list --json` prints of one scenario.
type listed struct {
	Name    string           `json:"name"`
	Tiers   []scenarios.Tier `json:"tiers"`
	Tags    []string         `json:"tags"`
	Catches []string         `json:"catches"`
	Why     string           `json:"why"`
}

func newList() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "list [--json]",
		Short: "List the scenarios that come with this program",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := scenarios.Shipped()
			if err != nil {
				return broke(err)
			}
			if asJSON {
				encoder := json.NewEncoder(c.OutOrStdout())
				for _, s := range all {
					if err := encoder.Encode(entryOf(s)); err != nil {
						return broke(err)
					}
				}
				return nil
			}
			table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tTIERS\tTAGS\tWHY")
			for _, s := range all {
				e := entryOf(s)
				var tiers []string
				for _, tier := range e.Tiers {
					tiers = append(tiers, string(tier))
				}
				cells := []string{e.Name, strings.Join(tiers, " "), strings.Join(e.Tags, " "), e.Why}
				fmt.Fprintln(table, strings.Join(cells, "\t"))
			}
			if err := table.Flush(); err != nil {
				return broke(err)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each scenario")
	return c
}

func entryOf(s *scenarios.Scenario) listed {
	e := listed{
		Name: s.Name, Tiers: s.Tiers, Tags: append([]string{}, s.Tags...),
		Catches: []string{}, Why: strings.Join(strings.Fields(s.Why), " "),
	}
	for _, c := range s.Catches {
		e.Catches = append(e.Catches, c.String())
	}
	return e
}
