package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"fencepost"
)

func (a *app) reconcile() *cobra.Command {
	var (
		dry bool
		by  string
	)
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Compare the broker's book with the ledger; exit 3 if a person must look",
		Long: "Reads the broker and the ledger as the configuration says and compares them as the leader\n" +
			"does by itself. Nothing is sent or cancelled. What is found is written down, and an order\n" +
			"that the ledger does not know sets the control mode to halt, once; --dry-run only looks.\n" +
			"A finding is seen to by the next `fencepost control set run`\n" +
			"(docs/runbooks/unknown-order.md).",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			r, err := fencepost.NewReconciler(*c, by)
			if err != nil {
				return refused(err)
			}
			defer r.Close()
			report := r.Run(cmd.Context(), dry)
			return a.printReconciliation(&report)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only look: write nothing down, and do not halt")
	cmd.Flags().StringVar(&by, "by", whoami(), "who compares; it is kept")
	return cmd
}

func (a *app) printReconciliation(report *fencepost.Reconciliation) error {
	rows := make([][]string, 0, len(report.Findings))
	for i := range report.Findings {
		f := &report.Findings[i]
		signal := "-"
		if f.Signal != 0 {
			signal = strconv.FormatInt(int64(f.Signal), 10)
		}
		rows = append(rows, []string{
			string(f.Kind), or(&f.ClientOrderID, "-"), or(&f.OrderID, "-"), signal, f.Broker, f.Ledger,
			yes(f.Acknowledged), f.Detail,
		})
	}
	if err := a.print(report, []string{
		"FINDING", "CLIENT ORDER ID", "ORDER", "SIGNAL", "BROKER", "LEDGER", "SEEN TO", "DETAIL",
	}, rows); err != nil {
		return err
	}
	if a.format == "table" {
		fmt.Fprintln(a.errs, summary(report))
	}
	switch {
	case report.Error != "":
		return errors.New("not compared: " + report.Error)
	case report.Open() > 0:
		return &codedError{code: exitConflict}
	default:
		return nil
	}
}

// summary says what was compared.
func summary(r *fencepost.Reconciliation) string {
	text := fmt.Sprintf("%d orders and %d attempts since %s compared, %d findings",
		r.Orders, r.Attempts, moment(r.Since), len(r.Findings))
	if r.Ignored > 0 {
		text += fmt.Sprintf(", %d orders of other systems left out", r.Ignored)
	}
	if r.Listed && !r.Whole {
		text += "; the broker's list need not be whole: nothing is said of orders that are missing"
	}
	if r.Halted {
		text += "; the control mode is halt now"
	}
	return text
}
