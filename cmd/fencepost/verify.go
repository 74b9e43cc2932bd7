package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/internal/verify"
)

func (a *app) verify() *cobra.Command {
	var (
		anchor string
		tail   time.Duration
		seal   bool
	)
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Read the whole ledger and judge it; exit 3 if an invariant is broken",
		Long: "Read the whole ledger, live or at rest, and judge every invariant that its rows can show,\n" +
			"and the chain of events behind them. It writes nothing. Exit 0: sound; 3: an invariant is\n" +
			"broken, one line for each finding; 1: the ledger could not be read.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := verify.Options{Tail: tail}
			if tail < 1 {
				return refused(fmt.Errorf("--tail %v: must be positive", tail))
			}
			if anchor != "" {
				at, err := verify.ParseAnchor(anchor)
				if err != nil {
					return refused(fmt.Errorf("--anchor: %w", err))
				}
				o.Anchor = &at
			}
			c, err := a.database()
			if err != nil {
				return err
			}
			if seal {
				if err := a.sealFirst(cmd); err != nil {
					return err
				}
			}
			o.DSN, o.Group = c.Postgres.DSN.Reveal(), c.Group
			o.Access = c.Postgres.Access()
			report, err := verify.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.printReport(report)
		},
	}
	cmd.Flags().StringVar(&anchor, "anchor", "",
		"a `BLOCK:HASH` that an earlier run printed and that was kept elsewhere")
	cmd.Flags().DurationVar(&tail, "tail", verify.DefaultTail, "how long an event may wait for its block")
	cmd.Flags().BoolVar(&seal, "seal", false,
		"first seal what is complete, for a ledger that no instance serves")
	return cmd
}

// sealFirst seals what is complete.
func (a *app) sealFirst(cmd *cobra.Command) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	// Redis has no part in it.
	c.Redis = fencepost.Config{}.Redis
	r, err := fencepost.NewReader(*c)
	if err != nil {
		return refused(err)
	}
	defer r.Close()
	_, err = r.SealEvents(cmd.Context())
	return err
}

// printReport prints what was read and what is wrong with it.
func (a *app) printReport(r *verify.Report) error {
	if a.format == "json" {
		if err := a.print(r, nil, nil); err != nil {
			return err
		}
	} else if err := a.printFindings(r); err != nil {
		return err
	}
	if !r.Sound {
		return &codedError{code: exitConflict}
	}
	return nil
}

// printFindings prints the report for a person: the findings, if there are any,
// and what was read.
func (a *app) printFindings(r *verify.Report) error {
	rows := make([][]string, 0, len(r.Findings))
	for _, f := range r.Findings {
		rows = append(rows, []string{string(f.Invariant), f.Where, f.Expected, f.Found, f.Do})
	}
	if !r.Sound {
		if err := a.print(nil, []string{"INVARIANT", "WHERE", "EXPECTED", "FOUND", "DO"}, rows); err != nil {
			return err
		}
		if r.More > 0 {
			fmt.Fprintf(a.out, "and %d more\n", r.More)
		}
		fmt.Fprintln(a.out)
	}
	verdict := "sound"
	if !r.Sound {
		verdict = strconv.Itoa(len(r.Findings)+r.More) + " findings"
	}
	return a.print(nil, []string{"LEDGER", "IS"}, [][]string{
		{"group", r.Group},
		{"read at", moment(r.At)},
		{"verdict", verdict},
		{"signals", fmt.Sprintf("%d, with %d attempts", r.Signals, r.Attempts)},
		{"tenures", strconv.Itoa(r.Tenures)},
		{"refusals", strconv.Itoa(r.Refusals)},
		{"events", fmt.Sprintf("%d, of which %d wait for a block", r.Events, r.Unsealed)},
		{"blocks", strconv.Itoa(r.Blocks)},
		{"anchor", or(&r.Anchor, "none yet")},
	})
}
