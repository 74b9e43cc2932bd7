package pgledger

import (
	"context"
	"errors"
	"fmt"

	"fencepost/core"
)

// setControlSQL changes the mode and writes who did it, and where among the
// permits the change stands; not if the mode was changed since it was seen.
const setControlSQL = `
WITH before AS MATERIALIZED (
    SELECT a.group_name, a.control_mode FROM authority a
    WHERE a.group_name = @group::text AND (@seen::bigint < 0 OR @seen::bigint = ` + controlSeqSQL + `)
), changed AS (
    UPDATE authority a SET control_mode = @mode::text, control_reason = @reason::text, control_by = @by::text,
        control_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM before b WHERE a.group_name = b.group_name
    RETURNING a.group_name
), logged AS (
    INSERT INTO control_history (group_name, mode, reason, set_by, fence_seq)
    SELECT group_name, @mode::text, @reason::text, @by::text, nextval('fence_seq') FROM changed
    RETURNING fence_seq
)
SELECT coalesce((SELECT fence_seq FROM logged), 0), coalesce((SELECT control_mode FROM before), '')`

// controlSeqSQL is where the last change of the mode of the authority row a
// stands among the permits, zero if it was never changed.
const controlSeqSQL = `coalesce((SELECT max(h.fence_seq) FROM control_history h
        WHERE h.group_name = a.group_name), 0)`

// ControlChange is a person's wish for a control mode. Reason and By are needed.
type ControlChange struct {
	Mode       core.Control
	Reason, By string
	// Seen, if it is not nil, is the ControlSeq that the person saw: a mode that
	// somebody else has set since stays, with ErrMoved.
	Seen *int64
}

// ControlChanged is what came of it.
type ControlChanged struct {
	// Before is the mode that was in force until now, and Mode the one that is.
	Before string `json:"before"`
	Mode   string `json:"mode"`
	// FenceSeq is where the change stands among the permits.
	FenceSeq int64 `json:"fence_seq"`
}

// ChangeControl sets the group's control mode. Once it returns without an error
// no permit is granted against the new mode: the change holds the same lock
// that a permit needs.
func (l *Ledger) ChangeControl(ctx context.Context, c ControlChange) (ControlChanged, error) {
	if c.Mode == core.ControlUnknown || c.Reason == "" || c.By == "" {
		return ControlChanged{}, errors.New("set control mode: a mode, a reason and a name are needed")
	}
	a := args{
		"group": l.opt.Group, "mode": c.Mode.String(), "reason": c.Reason, "by": c.By, "seen": int64(-1),
	}
	if c.Seen != nil {
		a["seen"] = *c.Seen
	}
	t := l.begin("control", durably)
	t.add(lockExclusiveSQL, args{"key": l.key})
	t.add(ensureAuthoritySQL, a)
	t.add(lockAuthoritySQL, a)
	done := ControlChanged{Mode: c.Mode.String()}
	t.row(setControlSQL, a, &done.FenceSeq, &done.Before)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return ControlChanged{}, fmt.Errorf("set control mode %v: %w", c.Mode, err)
	}
	if done.FenceSeq == 0 {
		return ControlChanged{}, fmt.Errorf("set control mode %v: %w", c.Mode, ErrMoved)
	}
	return done, nil
}

// SetControl is ChangeControl for whoever saw nothing before.
func (l *Ledger) SetControl(ctx context.Context, mode core.Control, reason, by string) error {
	_, err := l.ChangeControl(ctx, ControlChange{Mode: mode, Reason: reason, By: by})
	return err
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
