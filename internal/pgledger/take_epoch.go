package pgledger

import (
	"context"

	"fencepost/core"
	"fencepost/internal/identity"
)

// The first statements of a takeover make sure that the group has an authority
// row and lock it. All waiting happens here: what follows reads ages.
const (
	ensureAuthoritySQL = `
INSERT INTO authority (group_name) VALUES (@group::text) ON CONFLICT (group_name) DO NOTHING`
	lockAuthoritySQL = `
SELECT 1 FROM authority WHERE group_name = @group::text FOR NO KEY UPDATE`
)

// takeEpochSQL takes the next epoch if the one observed is still the current
// one, the range of versions admits the taker's, as it is now and not as it was when
// the taker read it, and no other process has a lease in PostgreSQL that is still
// running. A
// taker of kind pg must find no live tenure of another process at all, none that
// was superseded within a ttl (its holder was not asked, and may believe still),
// and a server that has been up, and has been this group's, for a ttl: heartbeats
// that commit in memory may be missing after a crash or a promotion. A server that
// recovers because one of its backends died keeps its start time, but begins its
// statistics anew; a standby that is promoted keeps both.
const takeEpochSQL = `
WITH standing AS MATERIALIZED (` + standingSQL + `), taken AS (
    UPDATE authority a
    SET epoch = a.epoch + 1,
        holder = @instance::text, nonce = @nonce::text, acquisition = @acquisition::bigint,
        kind = @kind::text, open = true, taken_at = s.now, fence_seq = nextval('fence_seq'),
        pg_lease_until = CASE @kind::text WHEN 'pg' THEN s.now + @ttl::bigint * interval '1 microsecond' END,
        updated_at = s.now
    FROM standing s
    WHERE a.group_name = @group::text
      AND a.epoch = @observed::bigint
      AND a.token <> @token::text
      AND (a.protocol_max = 0 OR @speaks::bigint BETWEEN a.protocol_min AND a.protocol_max)
      AND NOT (s.live AND s.nonce <> @nonce::text AND (s.kind = 'pg' OR @kind::text = 'pg'))
      AND NOT (@kind::text = 'pg' AND EXISTS (
          SELECT FROM leadership_history h
          WHERE h.group_name = @group::text AND h.release_reason = 'superseded'
            AND split_part(h.token, '|', 2) <> @nonce::text
            AND h.released_leader_at > s.now - @ttl::bigint * interval '1 microsecond'))
      AND (@kind::text <> 'pg'
           OR s.now - greatest(pg_postmaster_start_time(), (SELECT stats_reset FROM pg_stat_bgwriter))
              > @ttl::bigint * interval '1 microsecond')
      AND (@kind::text <> 'pg' OR EXISTS (
          SELECT FROM authority_lineages l, (SELECT` + lineageColumns + ` AS timeline) here
          WHERE l.group_name = @group::text AND l.system_identifier = here.system_identifier
            AND l.timeline = here.timeline
            AND l.first_seen_at < s.now - @ttl::bigint * interval '1 microsecond'))
    RETURNING a.epoch
)
SELECT coalesce(t.epoch, 0), s.epoch, s.token, s.token = @token::text AND s.open, s.open, s.control_mode,
       (extract(epoch FROM s.age) * 1000000)::bigint,
       s.protocol_max = 0 OR @speaks::bigint BETWEEN s.protocol_min AND s.protocol_max
FROM standing s LEFT JOIN taken t ON true`

// The history is written in the same transaction, from the authority row as it
// is now. For a takeover that was refused, or is repeated after its answer was
// lost, there is nothing left to write.
const (
	closePredecessorSQL = `
UPDATE leadership_history h
SET released_leader_at = greatest(a.taken_at, h.became_leader_at), release_reason = 'superseded',
    release_fence_seq = a.fence_seq
FROM authority a
WHERE a.group_name = @group::text AND a.token = @token::text AND a.open
  AND h.group_name = a.group_name AND h.epoch < a.epoch AND h.released_leader_at IS NULL`
	openHistorySQL = `
INSERT INTO leadership_history
    (group_name, epoch, instance_id, token, kind, reason, became_leader_at, hostname, fence_seq)
SELECT a.group_name, a.epoch, a.holder, a.token, a.kind, 'election', a.taken_at, @hostname::text, a.fence_seq
FROM authority a
WHERE a.group_name = @group::text AND a.token = @token::text AND a.open
  AND NOT EXISTS (SELECT FROM leadership_history h WHERE h.group_name = a.group_name AND h.epoch = a.epoch)`
)

// renewLeaseSQL renews a lease that is kept in PostgreSQL, as a heartbeat does:
// a takeover that is repeated after a lost answer counts as one, for the taker
// counts its trust from the request that was answered.
const renewLeaseSQL = `
UPDATE authority a
SET pg_lease_until = clock_timestamp() + @ttl::bigint * interval '1 microsecond',
    updated_at = clock_timestamp()
WHERE a.group_name = @group::text AND a.token = @token::text AND a.open AND a.kind = 'pg'`

// The flags follow the authority row, and the takeover counts as the first
// heartbeat.
const (
	lowerFlagsSQL = `
UPDATE instance_metadata m
SET is_leader = false, status = 'follower', updated_at = clock_timestamp()
FROM authority a
WHERE a.group_name = @group::text AND m.group_name = a.group_name AND m.is_leader
  AND NOT (a.open AND m.instance_id = a.holder AND m.nonce = a.nonce)`
	raiseFlagSQL = `
INSERT INTO instance_metadata
    (group_name, instance_id, nonce, hostname, port, version, status, is_leader, leader_acquired_at,
     last_heartbeat)
SELECT a.group_name, a.holder, a.nonce, @hostname::text, @port::bigint, @version::text, 'leader', true,
       a.taken_at, clock_timestamp()
FROM authority a
WHERE a.group_name = @group::text AND a.token = @token::text AND a.open
ON CONFLICT (group_name, instance_id, nonce) DO UPDATE
SET is_leader = true, status = 'leader', leader_acquired_at = excluded.leader_acquired_at,
    last_heartbeat = clock_timestamp(), updated_at = clock_timestamp()`
)

// predecessorSQL reads who led before a takeover that is repeated.
const predecessorSQL = `
SELECT coalesce(max(h.token), ''), coalesce(bool_or(h.release_reason = 'superseded'), false)
FROM authority a JOIN leadership_history h ON h.group_name = a.group_name AND h.epoch = a.epoch - 1
WHERE a.group_name = @group::text`

// takeEpoch takes the epoch after the one observed. Asking again with the same
// token after a lost answer takes no second one.
func (l *Ledger) takeEpoch(ctx context.Context, e *core.Effect) (core.Input, error) {
	a := l.processArgs(core.TakeEpoch, e)
	a["observed"], a["kind"] = int64(e.Epoch), e.Tenure.String()
	a["acquisition"], a["speaks"] = int64(e.Token.Acquisition), int64(e.Protocol)
	t := l.begin(core.TakeEpoch.String(), durably)
	t.add(lockExclusiveSQL, args{"key": l.key})
	t.add(ensureAuthoritySQL, a)
	t.add(lockAuthoritySQL, a)
	t.add(noteLineageSQL, args{"group": l.opt.Group})
	var (
		taken, before, age int64
		holder, control    string
		repeated, open     bool
		admitted           bool
		earlier            string
		earlierOpen        bool
	)
	t.row(takeEpochSQL, a, &taken, &before, &holder, &repeated, &open, &control, &age, &admitted)
	t.add(closePredecessorSQL, a)
	t.add(openHistorySQL, a)
	t.add(lowerFlagsSQL, a)
	t.add(raiseFlagSQL, a)
	t.add(renewLeaseSQL, a)
	t.row(predecessorSQL, a, &earlier, &earlierOpen)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return core.Input{}, err
	}
	mode, err := parseControl(control)
	if err != nil {
		return core.Input{}, err
	}
	in := core.Input{Kind: core.EpochWasTaken, Epoch: core.Epoch(taken), Control: mode}
	switch {
	case taken != 0:
		in.Token, in.Age = identity.Read(holder), micros(age)
	case repeated:
		in.Epoch, in.Token, open = core.Epoch(before), identity.Read(earlier), earlierOpen
	default:
		in.Kind, in.Epoch, in.Reason = core.EpochWasRefused, core.Epoch(before), core.StateChanged
		if !admitted {
			in.Reason = core.NotAdmitted
		}
		return in, nil
	}
	if open {
		in.Flags |= core.Open
	}
	return in, nil
}
