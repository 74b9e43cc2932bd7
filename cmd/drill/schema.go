package main

import (
	"github.com/spf13/cobra"

	"fencepost/scenarios"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print a JSON Schema of the scenario format, for editors",
		Long: "Prints a JSON Schema (draft 2020-12) of the scenario format. An editor that has it\n" +
			"completes and checks words as they are written; `drill check` knows the references too.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := c.OutOrStdout().Write(scenarios.Schema()); err != nil {
				return broke(err)
			}
			return nil
		},
	}
}
