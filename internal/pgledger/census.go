package pgledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Census is what the metrics show of the ledger.
type Census struct {
	// Now is the database's clock.
	Now time.Time
	// Open counts the signals that are not at their end, by state.
	Open []OpenCount
	// CanarySeconds is how long ago a canary was recorded that had passed the gate;
	// nil if there is none among the last hundred.
	CanarySeconds *float64
	// Pending and GivenUp count the notifications that nobody has yet, and those that
	// nobody will have; PendingSeconds is the age of the oldest pending one.
	Pending, GivenUp int64
	PendingSeconds   float64
}

// censusSQL reads the scalars of a Census. Canaries that did not pass the gate are
// followed back no further than a hundred.
const censusSQL = `
SELECT clock_timestamp(),
       (SELECT extract(epoch FROM clock_timestamp() - p.recorded_at)::double precision
        FROM (SELECT s.id, s.attempt FROM signals s
              WHERE s.group_name = @group::text AND s.type = 'HEARTBEAT' ORDER BY s.id DESC LIMIT 100) c
        JOIN attempts p ON p.group_name = @group::text AND p.signal = c.id AND p.attempt = c.attempt
        WHERE p.broker_detail LIKE @passed::text ORDER BY c.id DESC LIMIT 1),
       n.pending, n.given_up, n.oldest
FROM (SELECT count(*) FILTER (WHERE state = 'pending' AND kind = ANY (@kinds::text[])) AS pending,
             count(*) FILTER (WHERE state = 'given_up') AS given_up,
             coalesce(extract(epoch FROM clock_timestamp() - min(happened_at)
                 FILTER (WHERE state = 'pending' AND kind = ANY (@kinds::text[])))::double precision, 0)
                 AS oldest
      FROM notifications WHERE group_name = @group::text AND state IN ('pending', 'given_up')) n`

// Census reads what the metrics show. The notifications of other kinds than these
// are nobody's business.
func (l *Ledger) Census(ctx context.Context, kinds []string) (Census, error) {
	var c Census
	t := l.begin("census", durably)
	t.add(openSQL, args{"group": l.opt.Group}).Query(func(rows pgx.Rows) (err error) {
		c.Open, err = pgx.CollectRows(rows, scanOpen)
		return err
	})
	if kinds == nil {
		kinds = []string{}
	}
	t.row(censusSQL, args{"group": l.opt.Group, "kinds": kinds, "passed": passedGate},
		&c.Now, &c.CanarySeconds, &c.Pending, &c.GivenUp, &c.PendingSeconds)
	if err := l.run(ctx, l.work, t); err != nil {
		return Census{}, fmt.Errorf("read for metrics: %w", err)
	}
	return c, nil
}

// passedGate is how the note of a canary begins that passed the gate, as package
// broker writes it.
const passedGate = "canary: passed the gate at %"
