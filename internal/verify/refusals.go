package verify

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// refusalsSQL joins refusals to their events, by pages.
var refusalsSQL = `
SELECT coalesce(r.id, e.id), r.id IS NOT NULL, e.id IS NOT NULL, ` + differsSQL + `,
       coalesce(r.current_epoch, 0), coalesce(a.epoch, 0)
FROM (SELECT f.id, f.current_epoch, to_jsonb(f) AS doc FROM fence_refusals f
      WHERE group_name = $1 AND id BETWEEN $2 AND $3 OFFSET 0) r
FULL JOIN (SELECT -chain AS id, content FROM ledger_events
      WHERE group_name = $1 AND chain BETWEEN -$3::bigint AND -$2::bigint AND number = 1) e ON e.id = r.id
LEFT JOIN authority a ON a.group_name = $1
ORDER BY 1`

// refusalBoundsSQL tells between which numbers they lie.
const refusalBoundsSQL = `
SELECT least((SELECT min(id) FROM fence_refusals WHERE group_name = $1),
             (SELECT -max(chain) FROM ledger_events WHERE group_name = $1 AND chain < 0)),
       greatest((SELECT max(id) FROM fence_refusals WHERE group_name = $1),
             (SELECT -min(chain) FROM ledger_events WHERE group_name = $1 AND chain < 0))`

// refusals judges no-stale-effect as far as rows can show it: what was refused
// is there, and nothing else is.
func (w *walk) refusals(ctx context.Context) error {
	least, greatest, err := w.bounds(ctx, refusalBoundsSQL)
	if err != nil {
		return err
	}
	return spans(least, greatest, func(from, to int64) error {
		_, err := w.rows(ctx, func(r pgx.Rows) error {
			var (
				id, current, epoch int64
				there, told        bool
				differs            string
			)
			if err := r.Scan(&id, &there, &told, &differs, &current, &epoch); err != nil {
				return err
			}
			where := "refusal " + number(id)
			if !there {
				w.findf(NoStaleEffect, where, "a row for what an event tells of", "none")
				return nil
			}
			w.report.Refusals++
			w.agrees(where, told, differs)
			if current > epoch {
				w.findf(NoStaleEffect, where, "a current epoch of at most "+number(epoch), "%d", current)
			}
			return nil
		}, refusalsSQL, w.opt.Group, from, to)
		if err != nil {
			return err
		}
		return w.chains(ctx, -to, -from, func(*event) {})
	})
}
