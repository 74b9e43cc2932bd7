package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) authorityProtocol() *cobra.Command {
	return &cobra.Command{
		Use:   "protocol LOWEST..HIGHEST",
		Short: "Say which versions of the protocol may lead; any admits all",
		Long: "Keeps instances from leading that speak another version of the protocol: 1..2 while a\n" +
			"group is upgraded from 1 to 2, 2..2 once every instance speaks 2, any for no bound. A leader\n" +
			"outside of it goes on until it hands over.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lowest, highest, err := versions(args[0])
			if err != nil {
				return refused(err)
			}
			r, c, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), readingTime)
			defer cancel()
			if err := r.AdmitProtocol(ctx, lowest, highest); err != nil {
				return err
			}
			said := struct {
				Group   string `json:"group"`
				Lowest  uint16 `json:"lowest"`
				Highest uint16 `json:"highest"`
			}{c.Group, lowest, highest}
			return a.print(said, []string{"GROUP", "ADMITS"}, [][]string{{c.Group, args[0]}})
		},
	}
}

// versions reads a range of versions, like 1..2.
func versions(text string) (lowest, highest uint16, err error) {
	if text == "any" {
		return 0, 0, nil
	}
	low, high, isRange := strings.Cut(text, "..")
	first, lowErr := strconv.ParseUint(low, 10, 16)
	last, highErr := strconv.ParseUint(high, 10, 16)
	if !isRange || lowErr != nil || highErr != nil || first < 1 || last < first {
		return 0, 0, fmt.Errorf("%q: a range of versions like 1..2, or any", text)
	}
	return uint16(first), uint16(last), nil
}
