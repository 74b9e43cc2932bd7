package pgledger

import (
	"context"
	"errors"
	"fmt"

	"fencepost/core"
)

// setControlSQL changes the mode and writes who did it, and where among the
// permits the change stands.
const setControlSQL = `
WITH changed AS (
    UPDATE authority SET control_mode = @mode::text, control_reason = @reason::text, control_by = @by::text,
        control_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE group_name = @group::text
    RETURNING group_name
)
INSERT INTO control_history (group_name, mode, reason, set_by, fence_seq)
SELECT group_name, @mode::text, @reason::text, @by::text, nextval('fence_seq') FROM changed
RETURNING fence_seq`

// SetControl sets the group's control mode. Once it returns without an error
// no permit is granted against the new mode: the change holds the same lock
// that a permit needs. It needs a reason and a name.
func (l *Ledger) SetControl(ctx context.Context, mode core.Control, reason, by string) error {
	if mode == core.ControlUnknown || reason == "" || by == "" {
		return errors.New("set control mode: a mode, a reason and a name are needed")
	}
	a := args{"group": l.opt.Group, "mode": mode.String(), "reason": reason, "by": by}
	t := l.begin("control", durably)
	t.add(lockExclusiveSQL, args{"key": l.key})
	t.add(ensureAuthoritySQL, a)
	t.add(lockAuthoritySQL, a)
	var seq int64
	t.row(setControlSQL, a, &seq)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return fmt.Errorf("set control mode %v: %w", mode, err)
	}
	return nil
}

// setProtocolSQL changes the range of protocol versions that may lead.
const setProtocolSQL = `
UPDATE authority
SET protocol_min = @lowest::bigint, protocol_max = @highest::bigint, updated_at = clock_timestamp()
WHERE group_name = @group::text`

// SetProtocol says which versions of the protocol may lead, for as long as a
// rolling upgrade needs it; zero and zero admit every version. It takes part in
// the order of takeovers, and an incumbent outside the range goes on until it
// hands over.
func (l *Ledger) SetProtocol(ctx context.Context, lowest, highest uint16) error {
	if lowest > highest {
		return fmt.Errorf("set protocol range: %d to %d is empty", lowest, highest)
	}
	a := args{"group": l.opt.Group, "lowest": int64(lowest), "highest": int64(highest)}
	t := l.begin("protocol", durably)
	t.add(lockExclusiveSQL, args{"key": l.key})
	t.add(ensureAuthoritySQL, a)
	t.add(setProtocolSQL, a)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return fmt.Errorf("set protocol range: %w", err)
	}
	return nil
}
