package verify

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
)

// authority is the group's authority row.
type authority struct {
	there    bool
	epoch    int64
	token    string
	open     bool
	mode     string
	accepted int64
	differs  string
	told     bool
}

const authoritySQL = `
SELECT a.epoch, a.token, a.open, a.control_mode, a.accepted, e.content IS NOT NULL, ` + differsSQL + `
FROM authority a
CROSS JOIN LATERAL (SELECT to_jsonb(a) AS doc OFFSET 0) r
LEFT JOIN LATERAL (SELECT content FROM ledger_events e
    WHERE e.group_name = a.group_name AND e.chain = 0 AND e.entity = 'authority'
    ORDER BY e.number DESC LIMIT 1) e ON true
WHERE a.group_name = $1`

// leadership judges the authority, the history of tenures, the control mode and
// the acceptances, and the chain that tells of them.
func (w *walk) leadership(ctx context.Context) error {
	var a authority
	_, err := w.rows(ctx, func(r pgx.Rows) error {
		a.there = true
		return r.Scan(&a.epoch, &a.token, &a.open, &a.mode, &a.accepted, &a.told, &a.differs)
	}, authoritySQL, w.opt.Group)
	if err != nil {
		return err
	}
	if a.there {
		w.agrees("authority", a.told, a.differs)
	}
	if err := w.chains(ctx, 0, 0, func(*event) {}); err != nil {
		return err
	}
	for _, part := range []func(context.Context, *authority) error{
		w.tenures, w.control, w.acceptances, w.reconciled,
	} {
		if err := part(ctx, &a); err != nil {
			return err
		}
	}
	return nil
}

// agrees judges a row against its last event.
func (w *walk) agrees(where string, told bool, differs string) {
	switch {
	case !told:
		w.findf(EventsAgree, where, "an event that tells of it", "none")
	case differs != "":
		w.findf(EventsAgree, where, "what its last event says", "%s", differs)
	}
}

// spanPage is how many numbers of rows are looked at together.
const spanPage = 1000

// spans calls do for all pages of numbers from the least to the greatest.
func spans(least, greatest int64, do func(from, to int64) error) error {
	for from := least; from <= greatest; from += spanPage {
		if err := do(from, min(from+spanPage-1, greatest)); err != nil {
			return err
		}
	}
	return nil
}

// told joins rows to the last event about each of them. The row's query names
// its number id and its document doc.
func told(columns, rows, entity string) string {
	return `
SELECT coalesce(r.id, e.entity_id), r.id IS NOT NULL, e.entity_id IS NOT NULL, ` + differsSQL + columns + `
FROM (` + rows + ` OFFSET 0) r
FULL JOIN (
    SELECT DISTINCT ON (entity_id) entity_id, content FROM ledger_events
    WHERE group_name = $1 AND chain = 0 AND entity = '` + entity + `' AND entity_id BETWEEN $2 AND $3
    ORDER BY entity_id, number DESC) e ON e.entity_id = r.id
ORDER BY 1`
}

var tenuresSQL = told(`,
       coalesce(r.token, ''), coalesce(r.open, false), coalesce(r.reason, ''), coalesce(r.seconds, 0),
       coalesce(r.really, 0), coalesce(r.fence_seq, 0), coalesce(r.release_fence_seq, 0)`, `
    SELECT epoch AS id, to_jsonb(h) AS doc, token, released_leader_at IS NULL AS open,
           release_reason AS reason, leadership_duration_seconds AS seconds, fence_seq, release_fence_seq,
           extract(epoch FROM released_leader_at - became_leader_at)::double precision AS really
    FROM leadership_history h WHERE group_name = $1 AND epoch BETWEEN $2 AND $3`, "tenure")

// boundsSQL tells between which numbers rows or their events lie.
func boundsSQL(number, table, entity string) string {
	return `
SELECT least((SELECT min(` + number + `) FROM ` + table + ` WHERE group_name = $1),
             (SELECT min(entity_id) FROM ledger_events WHERE group_name = $1 AND chain = 0
              AND entity = '` + entity + `')),
       greatest((SELECT max(` + number + `) FROM ` + table + ` WHERE group_name = $1),
             (SELECT max(entity_id) FROM ledger_events WHERE group_name = $1 AND chain = 0
              AND entity = '` + entity + `'))`
}

// bounds reads between which numbers rows lie; nothing lies between one and
// zero.
func (w *walk) bounds(ctx context.Context, sql string) (least, greatest int64, err error) {
	var from, to *int64
	_, err = w.rows(ctx, func(r pgx.Rows) error { return r.Scan(&from, &to) }, sql, w.opt.Group)
	if err != nil || from == nil || to == nil {
		return 1, 0, err
	}
	return *from, *to, nil
}

// tenure is one row of the history.
type tenure struct {
	epoch           int64
	there, told     bool
	differs         string
	token           string
	open            bool
	reason          string
	seconds, really float64
	seq, releaseSeq int64
}

// tenures judges the history.
func (w *walk) tenures(ctx context.Context, a *authority) error {
	_, greatest, err := w.bounds(ctx, boundsSQL("epoch", "leadership_history", "tenure"))
	if err != nil {
		return err
	}
	var last tenure
	open := 0
	err = spans(1, max(greatest, 0), func(from, to int64) error {
		_, err := w.rows(ctx, func(r pgx.Rows) error {
			var t tenure
			err := r.Scan(&t.epoch, &t.there, &t.told, &t.differs, &t.token, &t.open, &t.reason, &t.seconds,
				&t.really, &t.seq, &t.releaseSeq)
			if err != nil {
				return err
			}
			w.tenure(&t, &last, &open)
			return nil
		}, tenuresSQL, w.opt.Group, from, to)
		return err
	})
	if err != nil {
		return err
	}
	if open > 1 {
		w.findf(HistoryComplete, "leadership history", "at most one open tenure", "%d", open)
	}
	if a.epoch != last.epoch {
		w.findf(EpochMonotonic, "authority", "epoch "+number(last.epoch)+", the youngest tenure's", "%d",
			a.epoch)
	}
	if a.epoch == last.epoch && (a.open != last.open || a.token != last.token) {
		w.findf(HistoryComplete, "authority", fmt.Sprintf("%q, open: %t, as the youngest tenure says",
			last.token,
			last.open), "%q, open: %t", a.token, a.open)
	}
	return nil
}

// tenure judges one row of the history, which follows last.
func (w *walk) tenure(t, last *tenure, open *int) {
	where := "tenure " + number(t.epoch)
	if !t.there {
		w.findf(HistoryComplete, where, "a row for the epoch that events tell of", "none")
		return
	}
	w.report.Tenures++
	w.agrees(where, t.told, t.differs)
	if t.epoch != last.epoch+1 {
		w.findf(EpochMonotonic, where, "epoch "+number(last.epoch+1)+" after "+number(last.epoch), "%d",
			t.epoch)
	}
	if last.open {
		w.findf(HistoryComplete, "tenure "+number(last.epoch),
			"an end, for epoch "+number(t.epoch)+" followed",
			"open")
	}
	if t.seq <= last.seq {
		w.findf(FenceOrdered, where, "a beginning after place "+number(last.seq), "place %d", t.seq)
	}
	switch {
	case t.open:
		*open++
	case t.reason == "":
		w.findf(HistoryComplete, where, "a reason for its end", "none")
	case t.really < 0 || math.Abs(t.seconds-t.really) > 1e-6:
		w.findf(HistoryComplete, where, fmt.Sprintf("a duration of %g s", max(t.really, 0)), "%g s",
			t.seconds)
	case t.releaseSeq < t.seq:
		w.findf(HistoryComplete, where, "an end after its beginning at place "+number(t.seq), "place %d",
			t.releaseSeq)
	}
	*last = *t
}

var controlSQL = told(`, coalesce(r.mode, '')`, `
    SELECT id, to_jsonb(c) AS doc, mode FROM control_history c
    WHERE group_name = $1 AND id BETWEEN $2 AND $3`, "control")

// control judges the control mode and how it came to be.
func (w *walk) control(ctx context.Context, a *authority) error {
	least, greatest, err := w.bounds(ctx, boundsSQL("id", "control_history", "control"))
	if err != nil {
		return err
	}
	mode := "run"
	err = spans(least, greatest, func(from, to int64) error {
		_, err := w.rows(ctx, func(r pgx.Rows) error {
			var (
				id          int64
				there, told bool
				differs     string
				set         string
			)
			if err := r.Scan(&id, &there, &told, &differs, &set); err != nil {
				return err
			}
			where := "control " + number(id)
			if !there {
				w.findf(ControlAgrees, where, "a row for the change that an event tells of", "none")
				return nil
			}
			w.agrees(where, told, differs)
			mode = set
			return nil
		}, controlSQL, w.opt.Group, from, to)
		return err
	})
	if err != nil {
		return err
	}
	if a.there && a.mode != mode {
		w.findf(ControlAgrees, "authority", "mode "+mode+", the last that was set", "%s", a.mode)
	}
	return nil
}

var acceptancesSQL = told(`, coalesce(r.epoch_found, 0), coalesce(r.epoch_left, 0)`, `
    SELECT accepted::bigint AS id, to_jsonb(c) AS doc, epoch_found, epoch_left FROM authority_acceptances c
    WHERE group_name = $1 AND accepted BETWEEN $2 AND $3`, "acceptance")

// acceptances judges the persons' words after a regression.
func (w *walk) acceptances(ctx context.Context, a *authority) error {
	_, greatest, err := w.bounds(ctx, boundsSQL("accepted", "authority_acceptances", "acceptance"))
	if err != nil {
		return err
	}
	last := int64(0)
	err = spans(1, max(greatest, a.accepted), func(from, to int64) error {
		_, err := w.rows(ctx, func(r pgx.Rows) error {
			var (
				count, found, left int64
				there, told        bool
				differs            string
			)
			if err := r.Scan(&count, &there, &told, &differs, &found, &left); err != nil {
				return err
			}
			where := "acceptance " + number(count)
			if !there {
				w.findf(AcceptancesAgree, where, "a row for what an event tells of", "none")
				return nil
			}
			w.agrees(where, told, differs)
			if count != last+1 || left < found {
				w.findf(AcceptancesAgree, where,
					"acceptance "+number(last+1)+", leaving no lower epoch than found",
					"acceptance %d, from epoch %d to %d", count, found, left)
			}
			last = count
			return nil
		}, acceptancesSQL, w.opt.Group, from, to)
		return err
	})
	if err != nil {
		return err
	}
	if a.accepted != last {
		w.findf(AcceptancesAgree, "authority", number(last)+" acceptances, as many as there are", "%d",
			a.accepted)
	}
	return nil
}
