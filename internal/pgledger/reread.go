package pgledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/identity"
)

// rereadSQL reads the signal's newest attempt, if it has one.
const rereadSQL = `
SELECT s.attempt, s.version, s.state, coalesce(a.epoch, 0), coalesce(a.token, ''),
       coalesce((extract(epoch FROM t.now - a.send_by) * 1000000)::bigint, 0),
       coalesce(a.send_by < t.now, false), coalesce(s.valid_until <= t.now, false), s.alerted_at IS NOT NULL
FROM (SELECT clock_timestamp() AS now) t
JOIN signals s ON s.group_name = @group::text AND s.id = @signal::bigint
LEFT JOIN attempts a ON a.signal = s.id AND a.attempt = s.attempt`

// reread tells what became of a permit whose answer was lost. A signal that
// is gone has no state.
func (l *Ledger) reread(ctx context.Context, e *core.Effect) (core.Input, error) {
	t := l.begin(core.Reread.String(), durably)
	var (
		attempt, version, epoch, age int64
		word, token                  string
		overdue, outdated, alerted   bool
	)
	t.row(rereadSQL, args{"group": l.opt.Group, "signal": int64(e.Signal)},
		&attempt, &version, &word, &epoch, &token, &age, &overdue, &outdated, &alerted)
	switch err := l.run(ctx, l.work, t); {
	case errors.Is(err, pgx.ErrNoRows):
		return core.Input{Kind: core.AttemptRead, Signal: e.Signal}, nil
	case err != nil:
		return core.Input{}, err
	}
	state, err := parseState(word)
	if err != nil {
		return core.Input{}, err
	}
	return core.Input{
		Kind: core.AttemptRead, Signal: e.Signal, Attempt: uint32(attempt), Version: uint32(version),
		State: state, Epoch: core.Epoch(epoch), Token: identity.Read(token), Age: micros(age),
		Flags: signalFlags(overdue, outdated, alerted),
	}, nil
}
