package pgledger

import (
	"context"
	"fmt"
)

// SealMost is how many events one block covers at the most, beside the rest of
// its last transaction.
const SealMost = 2000

// sealSQL seals the events that are certainly complete.
const sealSQL = `SELECT ledger_seal(@group::text, @most::bigint)`

// Seal closes a block over the events that no running transaction can still
// add to, at most SealMost of them, and tells how many it covers: none if
// nothing is complete, or while another process seals. Any process may seal at
// any time; it holds nothing that others wait for.
func (l *Ledger) Seal(ctx context.Context) (int, error) {
	var sealed int
	t := l.begin("seal", durably)
	t.row(sealSQL, args{"group": l.opt.Group, "most": int64(SealMost)}, &sealed)
	if err := l.run(ctx, l.work, t); err != nil {
		return 0, fmt.Errorf("seal events: %w", err)
	}
	return max(sealed, 0), nil
}
