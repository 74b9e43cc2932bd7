package main

import (
	"github.com/spf13/cobra"

	"fencepost"
)

func (a *app) doctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at what an instance would rest on; exit 2 if something fails",
		Long: "Looks at the settings, this machine's clock against the stores', PostgreSQL, Redis, the\n" +
			"broker and the files that hold secrets, and says of each what was found, what it means and\n" +
			"what to do. It changes nothing. A warning is something that fencepost survives at a price,\n" +
			"and leaves the exit code at 0.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			checks := fencepost.Examine(cmd.Context(), *c, a.config)
			rows := make([][]string, 0, len(checks))
			for i := range checks {
				check := &checks[i]
				means := check.Means
				if check.Do != "" {
					means += ". Do: " + check.Do
				}
				rows = append(rows, []string{check.Level.String(), check.Name, check.Found, means})
			}
			if err := a.print(checks, []string{"LEVEL", "CHECK", "FOUND", "MEANS"}, rows); err != nil {
				return err
			}
			if fencepost.WorstCheck(checks) == fencepost.CheckFail {
				return &codedError{code: exitNobody}
			}
			return nil
		},
	}
}
