package verify

import (
	"context"
	"fmt"
)

// horizonSQL is the oldest transaction that may still write.
const horizonSQL = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint`

// copied says where this database counts its transactions from anew, as one does
// that was rebuilt from a dump: nothing can be sealed then, and what is written
// would count as part of blocks that are closed.
func (w *walk) copied(ctx context.Context, last *block) error {
	var horizon int64
	if err := w.tx.QueryRow(ctx, horizonSQL).Scan(&horizon); err != nil {
		return err
	}
	if horizon >= last.upto {
		return nil
	}
	w.findf(TailSealed, last.name(), fmt.Sprintf("transactions from %d on, where it ends", last.upto),
		"%d is the next: this database was rebuilt from a dump, and nothing is sealed any more", horizon)
	if n := len(w.report.Findings); w.report.More == 0 {
		w.report.Findings[n-1].Do = fmt.Sprintf("before an instance runs: stop the server, and "+
			"pg_resetwal --epoch=%d; see docs/runbooks/verify.md", EpochAfter(last.upto))
	}
	return nil
}

// EpochAfter is the epoch of transaction numbers from which on all are greater
// than that one: what pg_resetwal is told for a ledger that was rebuilt from a
// dump.
func EpochAfter(transaction int64) int64 { return transaction>>32 + 1 }
