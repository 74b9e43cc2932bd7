package chaos

import (
	"context"
	"fmt"
	"time"

	"fencepost/core/history"
	"fencepost/internal/verify"
	"fencepost/scenarios"
)

// verifyBound is how long the verification of a ledger may take, and endless an
// age that no event of a run has: nobody owes a block for what came just before
// the nodes were ended.
const (
	verifyBound = 10 * time.Second
	endless     = 1000 * time.Hour
)

// verifyLedger has the ledger as the run left it verified, as an auditor does, and
// keeps what was found. A ledger that went back in time in this very run is left
// out: what was restored is another past, and what it lacks is what the run was
// about.
func (r *run) verifyLedger(ctx context.Context, end int64) error {
	if len(r.rewound) > 0 || r.past != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, verifyBound)
	defer cancel()
	report, err := verify.Run(ctx, verify.Options{DSN: r.postgres.AdminDSN(), Group: group, Tail: endless})
	if err != nil || report.Sound {
		return err
	}
	r.unsound = &scenarios.Failure{
		Expect: "the ledger verifies", Node: history.None, At: end,
		Detail: fmt.Sprintf("%s (findings: %d)", report.Findings[0], len(report.Findings)+report.More),
	}
	return nil
}
