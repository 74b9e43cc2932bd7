package pgledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// fetchSQL lists the signals that need work, oldest first, one more than there
// is room for. One that may still be sent by its sender is left out, and one that
// was received and whose turn it is not. The states are named once more so that
// the index on open signals serves.
const fetchSQL = `
SELECT s.id, s.attempt, s.version, s.state, coalesce(a.epoch, 0),
       coalesce((extract(epoch FROM t.now - a.send_by) * 1000000)::bigint, 0),
       coalesce(a.send_by < t.now, false), coalesce(s.valid_until <= t.now, false), s.alerted_at IS NOT NULL,
       ` + orderColumns + `
FROM (SELECT clock_timestamp() AS now) t
JOIN signals s ON s.group_name = @group::text AND s.id > @after::bigint
    AND s.state = ANY (@states::text[])
    AND s.state IN ('received', 'held', 'submitting', 'submitted', 'in_doubt')
LEFT JOIN attempts a ON a.signal = s.id AND a.attempt = s.attempt
WHERE (s.state <> 'submitting' OR a.send_by < t.now)
  AND (s.state <> 'received' OR NOT @one_open::boolean OR s.valid_until <= t.now
       OR NOT EXISTS (` + inTheWaySQL + `))
ORDER BY s.id
LIMIT @limit::bigint`

// fetch lists the signals that need work.
func (l *Ledger) fetch(ctx context.Context, e *core.Effect) ([]core.Input, error) {
	a := args{
		"group": l.opt.Group, "after": int64(e.After), "states": stateWords(e.States),
		"limit": int64(core.FetchLimit + 1), "one_open": l.opt.OneOpen,
	}
	inputs := make([]core.Input, 0, core.FetchLimit+1)
	done := core.Done
	t := l.begin(core.Fetch.String(), durably)
	t.add(fetchSQL, a).Query(func(rows pgx.Rows) error {
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
