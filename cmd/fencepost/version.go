package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/core"
	"fencepost/migrations"
)

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version   string `json:"version"`
				Protocol  int    `json:"protocol"`
				Migration int64  `json:"migration"`
				Go        string `json:"go"`
			}{fencepost.Version(), core.ProtocolVersion, migrations.Latest(), runtime.Version()}
			return a.print(v, []string{"VERSION", "GO"}, [][]string{{v.Version, v.Go}})
		},
	}
}
