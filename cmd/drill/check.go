package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fencepost/chaos"
	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// checked is what `drill check --json` prints of one file.
type checked struct {
	File   string           `json:"file"`
	OK     bool             `json:"ok"`
	Errors scenarios.Errors `json:"errors"`
}

func newCheck() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "check [--json] FILE|NAME…",
		Short: "Tell whether scenario files can be understood, and what is wrong with them",
		Long: "Reads each file as every other command does, sets it up as the engines of its tiers would,\n" +
			"and plays nothing. All mistakes of its text are reported at once, each with its line, a\n" +
			"caret and the allowed words. The exit code is 0, or 64 if a file is refused.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var refused strings.Builder
			ok := true
			for _, arg := range args {
				result, detail := check(arg)
				ok = ok && result.OK
				var err error
				switch {
				case asJSON:
					err = json.NewEncoder(c.OutOrStdout()).Encode(result)
				case result.OK:
					_, err = fmt.Fprintf(c.OutOrStdout(), "ok %s\n", arg)
				default:
					refused.WriteString(detail)
				}
				if err != nil {
					return broke(err)
				}
			}
			if !ok {
				return &exit{scenarios.ExitRefused, refused.String()}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object for each file")
	return c
}

// check judges one file, and shows what is wrong with it over several lines.
func check(arg string) (checked, string) {
	s, err := scenarios.Find(arg)
	// What an engine refuses at load is refused here.
	if err == nil && s.Plays(scenarios.SimTier) {
		_, err = campaign.Simulated(s)
	}
	if err == nil && s.Plays(scenarios.RealTier) {
		_, err = chaos.Compile(s)
	}
	if err == nil {
		return checked{File: arg, OK: true, Errors: scenarios.Errors{}}, ""
	}
	var wrong scenarios.Errors
	if errors.As(err, &wrong) {
		return checked{File: arg, Errors: wrong}, wrong.Detail()
	}
	var one *scenarios.Error
	if errors.As(err, &one) {
		return checked{File: arg, Errors: scenarios.Errors{one}}, one.Detail()
	}
	// A file that cannot be read has no line; its first one stands for it.
	unread := &scenarios.Error{File: arg, Line: 1, Column: 1, Message: err.Error()}
	var unknown *scenarios.UnknownName
	if errors.As(err, &unknown) {
		unread.Nearest, unread.Allowed = unknown.Nearest, unknown.Allowed
	}
	return checked{File: arg, Errors: scenarios.Errors{unread}}, "drill: " + err.Error() + "\n"
}
