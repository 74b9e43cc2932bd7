package pgledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// oldestSQL are the oldest signals beyond the cursor that were received, up to a limit
// that is to follow.
const oldestSQL = `
    SELECT s.id, s.group_name, s.instrument, s.type, s.valid_until FROM signals s
    WHERE 'received' = ANY (@states::text[]) AND s.group_name = @group::text
      AND s.state = 'received' AND s.id > @after::bigint
    ORDER BY s.id LIMIT `

// nearSQL lists those of the window that may not be sent any more or whose turn it is.
// What is oldest is mostly first of its instrument, or outdated: it is here that work
// is found as a rule.
const nearSQL = `
    SELECT s.id FROM near_by s
    WHERE coalesce(s.valid_until <= (SELECT n.instant FROM now n), false) OR NOT EXISTS (` + inTheWaySQL + `)
    ORDER BY s.id LIMIT @limit::bigint`

// beyondSQL holds, with the last id of the window, if more was received than is in it
// and not enough of the window is work: then what lies beyond has to be searched.
const beyondSQL = `
    SELECT max(b.id) AS id FROM near_by b
    HAVING count(*) = @window::bigint AND (SELECT count(*) FROM near) < @limit::bigint`

// headFrom finds what goes first of an instrument's signals that wait: exits before
// entries, then the oldest. One that may not be sent any more stands in nobody's
// way. The index signals_waiting has them in that order.
const (
	headFrom = `
    SELECT s.instrument, s.id FROM signals s
    WHERE s.group_name = @group::text AND s.state = 'received'
      AND (s.valid_until IS NULL OR s.valid_until > (SELECT n.instant FROM now n))`
	headOrder = `
    ORDER BY s.instrument, s.type <> 'EXIT', s.id LIMIT 1`
)

// headsSQL lists the heads of all instruments, from one to the next, and so reads
// nothing of what waits behind them.
const headsSQL = `
    (` + headFrom + ` AND EXISTS (SELECT FROM beyond)` + headOrder + `)
    UNION ALL
    SELECT next.* FROM heads h
    CROSS JOIN LATERAL (` + headFrom + ` AND s.instrument > h.instrument` + headOrder + `) next`

// outdatedSQL lists what may not be sent any more, at most so many at a time: whoever
// comes to thousands of them gets the rest when these have ended.
const outdatedSQL = `
    SELECT s.id FROM signals s
    WHERE EXISTS (SELECT FROM beyond) AND s.group_name = @group::text
      AND s.state = 'received' AND s.valid_until <= (SELECT n.instant FROM now n)
    ORDER BY s.valid_until LIMIT 1024`

// atWorkSQL lists what is open and was not just received, without what may still be
// sent by its sender.
const atWorkSQL = `
    SELECT s.id FROM signals s LEFT JOIN attempts a ON a.signal = s.id AND a.attempt = s.attempt
    WHERE s.group_name = @group::text AND s.id > @after::bigint AND s.state = ANY (@states::text[])
      AND s.state IN ('held', 'submitting', 'submitted', 'in_doubt')
      AND (s.state <> 'submitting' OR a.send_by < (SELECT n.instant FROM now n))
    ORDER BY s.id LIMIT @limit::bigint`

// fetchSQL lists the signals that need work, oldest first, one more than there
// is room for. One that may still be sent by its sender is left out, and one that
// was received and whose turn it is not. Each kind is found through an index of its
// own, and what waits for its turn is never read through.
const fetchSQL = fetchNow + `, near_by AS MATERIALIZED (` + oldestSQL + `@window::bigint
), near AS MATERIALIZED (` + nearSQL + `
), beyond AS MATERIALIZED (` + beyondSQL + `
), heads AS (` + headsSQL + `
), listed AS (
    SELECT n.id FROM near n
    UNION ALL
    SELECT s.id FROM beyond b JOIN heads h ON h.id > b.id JOIN signals s ON s.id = h.id
    WHERE NOT EXISTS (` + inFlightSQL + `)
    UNION ALL
    SELECT o.id FROM beyond b JOIN (` + outdatedSQL + `) o ON o.id > b.id
    UNION ALL (` + atWorkSQL + `)
)` + fetchListed

// fetchAnySQL does so where nothing waits for its turn.
const fetchAnySQL = fetchNow + `, listed AS (
    SELECT o.id FROM (` + oldestSQL + `@limit::bigint) o
    UNION ALL (` + atWorkSQL + `)
)` + fetchListed

// What both begin and end with: one instant by which all is judged, and the columns.
const (
	fetchNow = `
WITH RECURSIVE now AS MATERIALIZED (
    SELECT clock_timestamp() AS instant
)`
	fetchListed = `
SELECT s.id, s.attempt, s.version, s.state, coalesce(a.epoch, 0),
       coalesce((extract(epoch FROM n.instant - a.send_by) * 1000000)::bigint, 0),
       coalesce(a.send_by < n.instant, false), coalesce(s.valid_until <= n.instant, false),
       s.alerted_at IS NOT NULL, ` + orderColumns + `
FROM now n
CROSS JOIN (SELECT l.id FROM listed l ORDER BY l.id LIMIT @limit::bigint) l
JOIN signals s ON s.id = l.id
LEFT JOIN attempts a ON a.signal = s.id AND a.attempt = s.attempt
ORDER BY s.id`
)

// fetch lists the signals that need work. While signals come in it rests as permits
// do: in the meantime there is more to list.
func (l *Ledger) fetch(ctx context.Context, e *core.Effect) ([]core.Input, error) {
	if err := l.restFromLists(ctx); err != nil {
		return nil, fmt.Errorf("%v: %w", core.Fetch, err)
	}
	began := time.Now()
	inputs, err := l.listWork(ctx, e)
	took := time.Since(began)
	l.listFrom.Store(int64(time.Since(l.opened) + l.restAfter(took)))
	return inputs, err
}

// restFromLists waits until the next list may be asked for, and no longer than half of
// what whoever waits for it has left.
func (l *Ledger) restFromLists(ctx context.Context) error {
	nap := time.Duration(l.listFrom.Load()) - time.Since(l.opened)
	if end, bounded := ctx.Deadline(); bounded {
		nap = min(nap, time.Until(end)/2)
	}
	if nap <= 0 {
		return nil
	}
	timer := time.NewTimer(nap)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// listWork asks for the list.
func (l *Ledger) listWork(ctx context.Context, e *core.Effect) ([]core.Input, error) {
	a := args{
		"group": l.opt.Group, "after": int64(e.After), "states": stateWords(e.States),
		"limit": int64(core.FetchLimit + 1), "window": int64(l.opt.Window),
	}
	sql := fetchAnySQL
	if l.opt.OneOpen {
		sql = fetchSQL
	}
	inputs := make([]core.Input, 0, core.FetchLimit+1)
	done := core.Done
	t := l.begin(core.Fetch.String(), durably)
	t.add(sql, a).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			in, order, err := scanFound(rows)
			if err != nil {
				return err
			}
			if len(inputs) == core.FetchLimit {
				done = 0
				continue
			}
			l.orders.keep(order)
			inputs = append(inputs, in)
		}
		return rows.Err()
	})
	if err := l.run(ctx, l.work, t); err != nil {
		return nil, err
	}
	return append(inputs, core.Input{Kind: core.WorkListed, Flags: done}), nil
}

// scanFound reads one line of the list.
func scanFound(rows pgx.Rows) (core.Input, Order, error) {
	var (
		id, attempt, version, epoch, age int64
		word                             string
		overdue, outdated, alerted       bool
		order                            Order
	)
	into := append([]any{&id, &attempt, &version, &word, &epoch, &age, &overdue, &outdated, &alerted},
		order.into()...)
	if err := rows.Scan(into...); err != nil {
		return core.Input{}, Order{}, fmt.Errorf("read signal: %w", err)
	}
	state, err := parseState(word)
	if err != nil {
		return core.Input{}, Order{}, err
	}
	order.Signal = core.SignalID(id)
	in := core.Input{
		Kind: core.SignalFound, Signal: order.Signal, Attempt: uint32(attempt), Version: uint32(version),
		State: state, Epoch: core.Epoch(epoch), Age: micros(age),
		Flags: signalFlags(overdue, outdated, alerted),
	}
	return in, order, nil
}

// signalFlags says what the database's clock and a person's alert mean for a
// signal.
func signalFlags(overdue, outdated, alerted bool) (flags core.Flags) {
	if overdue {
		flags |= core.Overdue
	}
	if outdated {
		flags |= core.Outdated
	}
	if alerted {
		flags |= core.Alerted
	}
	return flags
}

// stateWords returns the words of the states whose bits are set.
func stateWords(mask uint16) []string {
	words := []string{}
	for s := core.Received; s < core.Void; s++ {
		if mask&(1<<s) != 0 {
			words = append(words, s.String())
		}
	}
	return words
}
