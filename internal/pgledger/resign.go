package pgledger

import (
	"context"

	"fencepost/core"
)

// closeTenureSQL closes the tenure if it is the current one and open. Closing
// it twice is no error; closing one that a younger epoch has replaced leaves a
// refusal.
const closeTenureSQL = `
WITH closed AS (
    UPDATE authority a SET open = false, updated_at = clock_timestamp()
    WHERE a.group_name = @group::text AND a.epoch = @epoch::bigint AND a.token = @token::text AND a.open
)
SELECT coalesce(r.epoch, 0), NOT v.done
FROM (SELECT EXISTS (SELECT FROM authority a WHERE a.group_name = @group::text
                     AND a.epoch = @epoch::bigint AND a.token = @token::text) AS done) v` + refusedSQL

// closeHistorySQL closes the tenure's row in the history, with the reason.
const closeHistorySQL = `
UPDATE leadership_history h
SET released_leader_at = greatest(clock_timestamp(), h.became_leader_at), release_reason = @reason::text,
    release_fence_seq = nextval('fence_seq')
FROM authority a
WHERE a.group_name = @group::text AND a.epoch = @epoch::bigint AND a.token = @token::text AND NOT a.open
  AND h.group_name = a.group_name AND h.epoch = a.epoch AND h.released_leader_at IS NULL`

// resign closes this process's tenure.
func (l *Ledger) resign(ctx context.Context, e *core.Effect) (core.Input, error) {
	a := l.processArgs(core.Resign, e)
	a["reason"] = e.Reason.String()
	t := l.begin(core.Resign.String(), durably)
	t.add(lockExclusiveSQL, args{"key": l.key})
	t.add(lockAuthoritySQL, a)
	var (
		current int64
		refused bool
	)
	t.row(closeTenureSQL, a, &current, &refused)
	t.add(closeHistorySQL, a)
	t.add(lowerFlagsSQL, a)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return core.Input{}, err
	}
	if refused {
		return core.Input{Kind: core.CloseWasRefused, Epoch: core.Epoch(current)}, nil
	}
	return core.Input{Kind: core.TenureWasClosed, Epoch: e.Epoch}, nil
}
