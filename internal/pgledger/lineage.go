package pgledger

import (
	"context"
	"errors"
	"fmt"

	"fencepost/core"
)

// Lineage tells one PostgreSQL from another, and from its own past: a restored
// backup or a failover that lost commits shows here or in the epoch.
type Lineage struct {
	// System is the system identifier, made when the cluster was.
	System uint64 `json:"system_identifier"`
	// Timeline rises with each promotion and each point-in-time recovery.
	Timeline uint32 `json:"timeline"`
	// Epoch is the group's current epoch in this database.
	Epoch core.Epoch `json:"epoch"`
	// Standby says that the server is in recovery and cannot be written to.
	Standby bool `json:"standby"`
}

// lineageSQL reads where the data comes from.
const lineageSQL = `
SELECT (SELECT system_identifier FROM pg_control_system()),
       (SELECT timeline_id FROM pg_control_checkpoint()),
       coalesce((SELECT epoch FROM authority WHERE group_name = @group::text), 0),
       pg_is_in_recovery()`

// Lineage reads where this database's data comes from.
func (l *Ledger) Lineage(ctx context.Context) (Lineage, error) {
	var (
		found                   Lineage
		system, timeline, epoch int64
	)
	t := l.begin("lineage", durably)
	t.row(lineageSQL, args{"group": l.opt.Group}, &system, &timeline, &epoch, &found.Standby)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return Lineage{}, err
	}
	found.System, found.Timeline, found.Epoch = uint64(system), uint32(timeline), core.Epoch(epoch)
	return found, nil
}

// The steps by which epochs that the database forgot are entered again, one at
// a time. The tenure that it believes to be running ends first.
const (
	closeForgottenSQL = `
WITH closed AS (
    UPDATE authority SET open = false, updated_at = clock_timestamp()
    WHERE group_name = @group::text AND open RETURNING group_name
)
UPDATE leadership_history h
SET released_leader_at = greatest(clock_timestamp(), h.became_leader_at), release_reason = 'lost',
    release_fence_seq = nextval('fence_seq')
FROM closed c WHERE h.group_name = c.group_name AND h.released_leader_at IS NULL`
	lostEpochSQL = `
WITH raised AS (
    UPDATE authority
    SET epoch = epoch + 1, holder = '', nonce = '', acquisition = 0, kind = 'lost', open = false,
        taken_at = clock_timestamp(), pg_lease_until = NULL, fence_seq = nextval('fence_seq'),
        updated_at = clock_timestamp()
    WHERE group_name = @group::text AND epoch < @witness::bigint
    RETURNING group_name, epoch, taken_at, fence_seq
)
INSERT INTO leadership_history (group_name, epoch, instance_id, token, kind, reason, became_leader_at,
    released_leader_at, release_reason, fence_seq, release_fence_seq)
SELECT group_name, epoch, @by::text, '', 'lost', 'lost', taken_at, taken_at, 'lost', fence_seq, fence_seq
FROM raised`
)

// MaxLostEpochs is how many forgotten epochs one repair may enter.
const MaxLostEpochs = 1000

// AcceptAuthority is a person's repair after the database went back in time:
// it enters the epochs up to the witness as lost, so that the next one is
// higher than any that was ever led. Nobody may lead meanwhile.
func (l *Ledger) AcceptAuthority(ctx context.Context, witness core.Epoch, by string) error {
	if by == "" {
		return errors.New("accept authority: a name is needed")
	}
	lineage, err := l.Lineage(ctx)
	if err != nil {
		return fmt.Errorf("accept authority: %w", err)
	}
	if witness <= lineage.Epoch {
		return nil
	}
	lost := uint64(witness - lineage.Epoch)
	if lost > MaxLostEpochs {
		return fmt.Errorf("accept authority: %d epochs from the ledger's %d to the witness's %d, at most %d",
			lost, lineage.Epoch, witness, MaxLostEpochs)
	}
	a := args{"group": l.opt.Group, "witness": int64(witness), "by": by}
	t := l.begin("accept", durably)
	t.add(lockExclusiveSQL, args{"key": l.key})
	t.add(ensureAuthoritySQL, a)
	t.add(lockAuthoritySQL, a)
	t.add(closeForgottenSQL, a)
	for range lost {
		t.add(lostEpochSQL, a)
	}
	t.add(lowerFlagsSQL, a)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return fmt.Errorf("accept authority: %w", err)
	}
	return nil
}
