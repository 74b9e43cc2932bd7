package verify

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// What draws a number of the fence. A tenure that a takeover ends has its end
// where the successor begins, so ends come first.
const (
	tenureEnds = iota
	tenureBegins
	permitStands
	controlIsSet
)

// place is one number of the fence.
type place struct {
	seq, what, epoch, id, attempt int64
	token                         string
	// ended says that a tenure ended where it began, as a lost epoch does.
	ended bool
}

// fenceSQL reads a page of everything that drew a number, in its order. Each
// kind gives its first ones, so that no page sorts all that follow.
var fenceSQL = `
SELECT seq, what, epoch, id, attempt, token, ended FROM (` +
	drew("leadership_history", "release_fence_seq > fence_seq", "token, true AS ended",
		"release_fence_seq", "0", "epoch", "0", "0") + ` UNION ALL ` +
	drew("leadership_history", "true", "token, coalesce(release_fence_seq <= fence_seq, false)",
		"fence_seq", "1", "epoch", "0", "0") + ` UNION ALL ` +
	drew("attempts", "true", "token, false", "fence_seq", "2", "epoch", "signal", "attempt") + ` UNION ALL ` +
	drew("control_history", "true", "mode, false", "fence_seq", "3", "0", "id", "0") + `) f
ORDER BY seq, what, epoch, id, attempt LIMIT $7`

// drew reads what drew a number for one purpose, after the place given.
func drew(table, where, more, seq, what, epoch, id, attempt string) string {
	place := fmt.Sprintf("%s, %s::bigint, %s::bigint, %s::bigint, %s::bigint", seq, what, epoch, id, attempt)
	named := fmt.Sprintf("%s AS seq, %s::bigint AS what, %s::bigint AS epoch, %s::bigint AS id, "+
		"%s::bigint AS attempt", seq, what, epoch, id, attempt)
	return `
    (SELECT ` + named + `, ` + more + ` FROM ` + table + `
     WHERE group_name = $1 AND ` + where + ` AND ` + seq + ` >= $2 AND (` + place + `) > ($2, $3, $4, $5, $6)
     ORDER BY 1, 2, 3, 4, 5 LIMIT $7)`
}

// standing is who may act at one place of the fence.
type standing struct {
	epoch int64
	token string
	open  bool
	// last is the last number that was drawn for one purpose alone.
	last int64
}

// fence judges single-executor: everything that drew a number, in its order.
func (w *walk) fence(ctx context.Context) error {
	var drawn int64
	if err := w.tx.QueryRow(ctx, `SELECT last_value FROM fence_seq`).Scan(&drawn); err != nil {
		return err
	}
	var now standing
	var at place
	for {
		n, err := w.rows(ctx, func(r pgx.Rows) error {
			at = place{}
			err := r.Scan(&at.seq, &at.what, &at.epoch, &at.id, &at.attempt, &at.token, &at.ended)
			if err == nil {
				w.step(&now, &at, drawn)
			}
			return err
		}, fenceSQL, w.opt.Group, at.seq, at.what, at.epoch, at.id, at.attempt, eventPage)
		if err != nil || n < eventPage {
			return err
		}
	}
}

// where names what stands at a place.
func (p *place) where() string {
	switch p.what {
	case permitStands:
		return fmt.Sprintf("signal %d, attempt %d, permit %d", p.id, p.attempt, p.seq)
	case controlIsSet:
		return "control " + number(p.id)
	default:
		return "tenure " + number(p.epoch)
	}
}

// step takes one place after the other.
func (w *walk) step(now *standing, p *place, drawn int64) {
	if p.seq > drawn {
		w.findf(FenceOrdered, p.where(), "a number that was drawn, at most "+number(drawn), "%d", p.seq)
	}
	if p.what != tenureEnds {
		if p.seq == now.last {
			w.findf(FenceOrdered, p.where(), "a number of its own", "%d, which was drawn before", p.seq)
		}
		now.last = p.seq
	}
	switch p.what {
	case tenureEnds:
		if p.epoch == now.epoch {
			now.open = false
		}
	case tenureBegins:
		if now.open {
			w.findf(HistoryComplete, p.where(), "a beginning after the end of epoch "+number(now.epoch),
				"place %d, while it was open", p.seq)
		}
		if p.epoch < now.epoch {
			w.findf(EpochMonotonic, p.where(), "a beginning before epoch "+number(now.epoch), "place %d",
				p.seq)
			return
		}
		*now = standing{epoch: p.epoch, token: p.token, open: !p.ended, last: now.last}
	case permitStands:
		w.permit(now, p)
	}
}

// permit judges one permit against who could act then.
func (w *walk) permit(now *standing, p *place) {
	expected := fmt.Sprintf("a permit under epoch %d of %s", now.epoch, now.token)
	switch {
	case now.epoch == 0:
		w.findf(SingleExecutor, p.where(), "no permit before the first epoch", "epoch %d", p.epoch)
	case p.epoch < now.epoch:
		w.findf(SingleExecutor, p.where(), expected, "epoch %d, after a younger one began", p.epoch)
	case p.epoch > now.epoch:
		w.findf(SingleExecutor, p.where(), expected, "epoch %d, before it began", p.epoch)
	case !now.open:
		w.findf(SingleExecutor, p.where(), "no permit after the end of epoch "+number(now.epoch), "one of %s",
			p.token)
	case p.token != now.token:
		w.findf(SingleExecutor, p.where(), expected, "one of %s", p.token)
	}
}
