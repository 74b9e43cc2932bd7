package pgledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// Led is a stretch of time in which one instance led by the ledger, or nobody
// did. A leader that died counts until its tenure was closed or its successor
// began; no tenure tells when belief ended.
type Led struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// InstanceID is nil while nobody led; what follows is then empty.
	InstanceID *string    `json:"instance_id"`
	Epoch      core.Epoch `json:"epoch,omitempty"`
	Kind       string     `json:"kind,omitempty"`
	// Ended is why the tenure ended, if it ended within the time asked for.
	Ended string `json:"ended,omitempty"`
}

// MostLed is how many tenures one answer holds at the most.
const MostLed = 1000

// ErrTooMany says that a question has a longer answer than one is given.
var ErrTooMany = errors.New("more than that happened; ask for a shorter time")

// ErrNoTime says that a stretch of time is none.
var ErrNoTime = errors.New("the time asked for is empty, or has not begun")

// ledSQL reads the tenures that overlap a stretch of time, up to now at the
// latest. A lost epoch, which a person entered, was led by nobody.
const ledSQL = `
SELECT t.now, h.epoch, h.instance_id, h.kind, h.became_leader_at, h.released_leader_at, h.release_reason
FROM (SELECT clock_timestamp() AS now) t
LEFT JOIN LATERAL (
    SELECT * FROM leadership_history h
    WHERE h.group_name = @group::text AND h.kind <> 'lost'
      AND h.became_leader_at < least(@to::timestamptz, t.now)
      AND coalesce(h.released_leader_at, 'infinity') > greatest(@from::timestamptz, h.became_leader_at)
    ORDER BY h.epoch LIMIT @limit::bigint) h ON true
ORDER BY h.epoch`

// Led tells who led between two instants, without a gap: what nobody led is
// said as well. The end is now if it lies in the future, or is zero.
func (l *Ledger) Led(ctx context.Context, from, to time.Time) ([]Led, error) {
	type tenure struct {
		epoch          *int64
		instance, kind *string
		became, ended  *time.Time
		reason         *string
		now            time.Time
	}
	until := to
	if to.IsZero() {
		until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	a := args{"group": l.opt.Group, "from": from, "to": until, "limit": int64(MostLed + 1)}
	rows, err := list(ctx, l, "led", ledSQL, a, func(r pgx.CollectableRow) (t tenure, err error) {
		err = r.Scan(&t.now, &t.epoch, &t.instance, &t.kind, &t.became, &t.ended, &t.reason)
		return t, err
	})
	if err != nil {
		return nil, err
	}
	if until.After(rows[0].now) {
		until = rows[0].now
	}
	if !from.Before(until) {
		return nil, fmt.Errorf("from %v to %v: %w", from, to, ErrNoTime)
	}
	if len(rows) > MostLed {
		return nil, fmt.Errorf("%d tenures: %w", MostLed, ErrTooMany)
	}
	var led []Led
	at := from
	for _, t := range rows {
		if t.epoch == nil {
			continue
		}
		span := Led{
			From: *t.became, To: until, InstanceID: t.instance, Epoch: core.Epoch(*t.epoch),
			Kind: *t.kind,
		}
		if t.ended != nil && !t.ended.After(until) {
			span.To, span.Ended = *t.ended, *t.reason
		}
		led, at = follow(led, at, span)
	}
	if at.Before(until) {
		led = append(led, Led{From: at, To: until})
	}
	return led, nil
}

// follow appends a tenure to what was led until at, and the gap before it.
// Instants may overlap where the server's clock was set back; the order is that
// of the epochs.
func follow(led []Led, at time.Time, span Led) ([]Led, time.Time) {
	if at.Before(span.From) {
		led = append(led, Led{From: at, To: span.From})
	} else {
		span.From = at
	}
	if !span.From.Before(span.To) {
		return led, at
	}
	return append(led, span), span.To
}
