package verify

import (
	"context"

	"github.com/jackc/pgx/v5"
)

var reconciledSQL = told("", `
    SELECT id, to_jsonb(f) AS doc FROM reconcile_findings f
    WHERE group_name = $1 AND id BETWEEN $2 AND $3`, "finding")

// reconciled judges what comparisons with the broker's book found against the
// events that tell of it.
func (w *walk) reconciled(ctx context.Context, _ *authority) error {
	least, greatest, err := w.bounds(ctx, boundsSQL("id", "reconcile_findings", "finding"))
	if err != nil {
		return err
	}
	return spans(least, greatest, func(from, to int64) error {
		_, err := w.rows(ctx, func(r pgx.Rows) error {
			var (
				id          int64
				there, told bool
				differs     string
			)
			if err := r.Scan(&id, &there, &told, &differs); err != nil {
				return err
			}
			where := "comparison's finding " + number(id)
			if !there {
				w.findf(EventsAgree, where, "a row for what an event tells of", "none")
				return nil
			}
			w.agrees(where, told, differs)
			return nil
		}, reconciledSQL, w.opt.Group, from, to)
		return err
	})
}
