package pgledger

import (
	"context"
	"errors"
	"fmt"

	"fencepost/core"
)

// The steps by which epochs that the database forgot are entered again, one at
// a time. The tenure that it believes to be running ends first.
const (
	closeForgottenSQL = `
WITH closed AS (
    UPDATE authority SET open = false, updated_at = clock_timestamp()
    WHERE group_name = @group::text AND open AND epoch < @witness::bigint RETURNING group_name
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

// acceptSQL counts the acceptance, which is what barred nodes wait for, and
// says who accepted what.
const acceptSQL = `
WITH counted AS (
    UPDATE authority SET accepted = accepted + 1, updated_at = clock_timestamp()
    WHERE group_name = @group::text RETURNING group_name, accepted, epoch
)
INSERT INTO authority_acceptances
    (group_name, accepted, accepted_by, reason, epoch_found, epoch_left, system_identifier, timeline)
SELECT group_name, accepted, @by::text, @reason::text, @found::bigint, epoch, @system::bigint,
       @timeline::bigint
FROM counted
RETURNING accepted, epoch_left`

// MaxLostEpochs is how many forgotten epochs one repair may enter, and
// lostAtOnce how many of them in one transaction.
const (
	MaxLostEpochs = 100_000
	lostAtOnce    = 500
)

// Acceptance is a person's word that the group goes on with this database as it
// is, although it has gone back in time.
type Acceptance struct {
	// Witness is the highest epoch that anybody remembers.
	Witness core.Epoch
	By      string
	Reason  string
}

// Accepted is what came of an acceptance.
type Accepted struct {
	// Found and Epoch are the epoch before and after: those in between were
	// entered as lost.
	Found core.Epoch `json:"epoch_found"`
	Epoch core.Epoch `json:"epoch"`
	// Count is how often the authority has been accepted, this time included.
	Count uint32 `json:"accepted"`
}

// AcceptAuthority is a person's repair after the database went back in time: it
// enters the epochs up to the witness as lost, so that the next one is higher
// than any that was ever led, and then counts the acceptance. Nobody leads
// meanwhile: a tenure that the database believes to be running is closed, unless
// no epoch was lost. Accepting again, after an answer that was lost, does no
// harm.
func (l *Ledger) AcceptAuthority(ctx context.Context, a Acceptance) (Accepted, error) {
	if a.By == "" || a.Reason == "" {
		return Accepted{}, errors.New("accept authority: a name and a reason are needed")
	}
	found, err := l.Lineage(ctx)
	switch {
	case err != nil:
		return Accepted{}, fmt.Errorf("accept authority: %w", err)
	case found.Timeline == onStandby:
		return Accepted{}, fmt.Errorf("accept authority: %w", errStandby)
	case a.Witness > found.Epoch+MaxLostEpochs:
		return Accepted{}, fmt.Errorf("accept authority: from epoch %d in the ledger to the witness %d "+
			"there are more than %d epochs; is this the group's own Redis and its own database?",
			found.Epoch, a.Witness, MaxLostEpochs)
	}
	epoch := found.Epoch
	for ; epoch+lostAtOnce < a.Witness; epoch += lostAtOnce {
		t := l.enterLost(epoch, epoch+lostAtOnce, a.By)
		if err := l.run(ctx, l.leadership, t); err != nil {
			return Accepted{}, fmt.Errorf("accept authority: %w", err)
		}
	}
	t := l.enterLost(epoch, max(epoch, a.Witness), a.By)
	var count, left int64
	t.row(acceptSQL, args{
		"group": l.opt.Group, "by": a.By, "reason": a.Reason, "found": int64(found.Epoch),
		"system": int64(found.System), "timeline": int64(found.Timeline),
	}, &count, &left)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return Accepted{}, fmt.Errorf("accept authority: %w", err)
	}
	return Accepted{Found: found.Epoch, Epoch: core.Epoch(left), Count: uint32(count)}, nil
}

// enterLost begins a transaction that enters the epochs between two as lost.
func (l *Ledger) enterLost(from, upTo core.Epoch, by string) *transaction {
	a := args{"group": l.opt.Group, "witness": int64(upTo), "by": by}
	t := l.begin("accept", durably)
	t.add(lockExclusiveSQL, args{"key": l.key})
	t.add(ensureAuthoritySQL, a)
	t.add(lockAuthoritySQL, a)
	if from < upTo {
		t.add(closeForgottenSQL, a)
	}
	for range upTo - from {
		t.add(lostEpochSQL, a)
	}
	t.add(lowerFlagsSQL, a)
	return t
}
