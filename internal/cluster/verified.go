package cluster

import (
	"context"
	"fmt"

	"fencepost/internal/verify"
)

// verified judges the ledger by what it holds alone: every row, and the chain of
// events behind them.
func (d *demo) verified(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, auditBound)
	defer cancel()
	report, err := verify.Run(ctx, verify.Options{DSN: d.dsn, Group: group})
	if err != nil {
		return err
	}
	if report.Sound {
		fmt.Fprintf(d.out, "    holds   %-20s %d events in unbroken chains, %d of them in %d sealed blocks\n",
			"the ledger itself", report.Events, report.Events-report.Unsealed, report.Blocks)
		return nil
	}
	for i, f := range report.Findings {
		d.faults = append(d.faults, f.String())
		if i < mostShown {
			fmt.Fprintf(d.out, "    BROKEN  %s\n", f)
		}
	}
	return nil
}
