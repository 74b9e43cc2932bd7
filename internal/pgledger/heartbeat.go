package pgledger

import (
	"context"
	"time"

	"fencepost/core"
)

// followerBeatSQL says that this process lives. The time is the database's,
// taken once the row is ours to write.
const followerBeatSQL = `
INSERT INTO instance_metadata AS m
    (group_name, instance_id, nonce, hostname, port, version, status, started_at, last_heartbeat)
VALUES (@group::text, @instance::text, @nonce::text, @hostname::text, @port::bigint, @version::text,
        'follower', clock_timestamp(), clock_timestamp())
ON CONFLICT (group_name, instance_id, nonce) DO UPDATE
SET last_heartbeat = clock_timestamp(), updated_at = clock_timestamp(), status = 'follower',
    last_signal_processed = ` + workedSQL + `
WHERE NOT m.is_leader`

// workedSQL is when a signal was last processed: so long ago as the process
// says, or what the row says already.
const workedSQL = `coalesce(clock_timestamp() - NULLIF(@worked::bigint, 0) * interval '1 microsecond',
                             m.last_signal_processed)`

// forgetSQL removes what earlier processes of this instance left behind, a day
// after they fell silent. The leader's row stays until another one leads.
const forgetSQL = `
DELETE FROM instance_metadata
WHERE group_name = @group::text AND instance_id = @instance::text AND nonce <> @nonce::text
  AND NOT is_leader AND last_heartbeat < clock_timestamp() - interval '1 day'`

// leaderCommitSQL lets a heartbeat commit in memory if losing it costs no more
// than a false alarm: confirmed, under a tenure whose lease is in Redis. A
// lease in PostgreSQL and a refusal are kept.
const leaderCommitSQL = `
SELECT set_config('synchronous_commit', 'off', true)
FROM authority a
WHERE a.group_name = @group::text AND a.epoch = @epoch::bigint AND a.token = @token::text
  AND a.open AND a.kind = 'redis'`

// leaderBeatSQL writes the leader's heartbeat, and renews a lease that is kept
// in PostgreSQL, if the epoch is still the current one and its tenure open;
// else it leaves a refusal.
const leaderBeatSQL = `
WITH fence AS MATERIALIZED (
    SELECT a.group_name, a.epoch, a.taken_at, a.control_mode, a.protocol_min, a.protocol_max FROM authority a
    WHERE a.group_name = @group::text AND a.epoch = @epoch::bigint AND a.token = @token::text AND a.open
), beat AS (
    INSERT INTO instance_metadata AS m
        (group_name, instance_id, nonce, hostname, port, version, status, is_leader, leader_acquired_at,
         last_heartbeat)
    SELECT f.group_name, @instance::text, @nonce::text, @hostname::text, @port::bigint, @version::text,
           'leader', true, f.taken_at, clock_timestamp()
    FROM fence f
    ON CONFLICT (group_name, instance_id, nonce) DO UPDATE
    SET last_heartbeat = clock_timestamp(), updated_at = clock_timestamp(), status = 'leader',
        last_signal_processed = ` + workedSQL + `
), lease AS (
    UPDATE authority a
    SET pg_lease_until = clock_timestamp() + @ttl::bigint * interval '1 microsecond',
        updated_at = clock_timestamp()
    FROM fence f WHERE a.group_name = f.group_name AND a.kind = 'pg'
)
SELECT v.done, coalesce(r.epoch, 0), coalesce(r.reason, ''),
       coalesce(f.control_mode, 'run'), coalesce(f.protocol_min, 0), coalesce(f.protocol_max, 0),
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, ` + refusedColumns + `
FROM (SELECT EXISTS (SELECT FROM fence) AS done) v LEFT JOIN fence f ON true` + refusedSQL

// refusedSQL says why an effect was refused that was not carried out, as v tells,
// and leaves a row about it. It decides nothing; the fences do. Who was refused
// for its epoch is told how often a person had accepted the authority by then, and
// on which server: a leader reads neither otherwise.
const refusedSQL = `
LEFT JOIN LATERAL (
    SELECT f.* FROM effect_refused(@group::text, @op::text, @epoch::bigint, @token::text, @signal::bigint) f
    WHERE NOT v.done
) r ON true`

// refusedColumns are what a refusal tells beside its epoch and reason.
const refusedColumns = `coalesce(r.accepted, 0), coalesce(r.system, 0), coalesce(r.timeline, 0)`

// refusal is what refusedColumns return.
type refusal struct{ accepted, system, timeline int64 }

// tell puts it into the answer.
func (r *refusal) tell(in *core.Input) {
	in.Accepted = uint32(r.accepted)
	in.Lineage = Lineage{System: uint64(r.system), Timeline: uint32(r.timeline)}.Number()
}

// processArgs describe this process and what it presents.
func (l *Ledger) processArgs(op core.Op, e *core.Effect) args {
	return args{
		"group": l.opt.Group, "instance": l.opt.Instance, "nonce": l.nonce(), "hostname": l.opt.Hostname,
		"port": int64(l.opt.Port), "version": l.opt.Version, "ttl": l.opt.TTL.Microseconds(),
		"op": op.String(), "epoch": int64(e.Epoch), "token": l.text(e.Token), "signal": int64(e.Signal),
	}
}

// tellWork has a heartbeat say for how long no signal was processed, if one was
// since the last that did. What it returns is called once that is written.
func (l *Ledger) tellWork(a args) (told func()) {
	at := l.worked.Load()
	a["worked"] = int64(0)
	if at != 0 {
		a["worked"] = max(time.Now().UnixNano()-at, int64(time.Microsecond)) / int64(time.Microsecond)
	}
	return func() { l.worked.CompareAndSwap(at, 0) }
}

// followerBeat writes the heartbeat of a process that does not lead and reads
// the authority row.
func (l *Ledger) followerBeat(ctx context.Context) (core.Input, error) {
	a := l.processArgs(core.Heartbeat, &core.Effect{})
	told := l.tellWork(a)
	t := l.begin(core.Heartbeat.String(), inMemory)
	t.add(followerBeatSQL, a)
	t.add(forgetSQL, a)
	t.add(noteLineageSQL, args{"group": l.opt.Group})
	var s standing
	t.row(observeSQL, l.observeArgs(), s.into()...)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return core.Input{}, err
	}
	told()
	return s.input()
}

// leaderBeat writes the heartbeat of a leader, under its epoch.
func (l *Ledger) leaderBeat(ctx context.Context, e *core.Effect) (core.Input, error) {
	a := l.processArgs(core.Heartbeat, e)
	t := l.begin(core.Heartbeat.String(), durably)
	told := l.tellWork(a)
	t.add(lockSharedSQL, args{"key": l.key})
	t.add(leaderCommitSQL, a)
	var (
		confirmed       bool
		current, now    int64
		lowest, highest int64
		reason, control string
		why             refusal
	)
	t.row(leaderBeatSQL, a, &confirmed, &current, &reason, &control, &lowest, &highest, &now,
		&why.accepted, &why.system, &why.timeline)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return core.Input{}, err
	}
	if !confirmed {
		in := core.Input{
			Kind: core.HeartbeatWasRefused, Epoch: core.Epoch(current), Reason: parseReason(reason),
		}
		why.tell(&in)
		return in, nil
	}
	told()
	mode, err := parseControl(control)
	if err != nil {
		return core.Input{}, err
	}
	return core.Input{
		Kind: core.HeartbeatConfirmed, Epoch: e.Epoch, Control: mode, Server: core.Time(micros(now)),
		Protocol: protocolRange(lowest, highest),
	}, nil
}

// parseReason reads a reason that this package's own SQL wrote.
func parseReason(word string) core.Reason {
	reason, ok := core.ParseReason(word)
	if !ok {
		panic("pgledger: unknown reason " + word)
	}
	return reason
}
