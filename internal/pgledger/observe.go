package pgledger

import (
	"context"
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/internal/identity"
)

// standingSQL reads who stands in the authority row, how old the holder's
// heartbeat is and whether the tenure is live: an open tenure of kind pg until
// its column expires, one of kind redis while its heartbeat is not older than
// a ttl. It waits for no lock. There is always one row; of a group without
// authority row the epoch is zero.
const standingSQL = `
SELECT t.now,
       coalesce(a.epoch, 0) AS epoch,
       coalesce(a.token, '') AS token,
       coalesce(a.nonce, '') AS nonce,
       coalesce(a.kind, 'redis') AS kind,
       coalesce(a.open, false) AS open,
       coalesce(a.control_mode, 'run') AS control_mode,
       coalesce(a.protocol_min, 0) AS protocol_min,
       coalesce(a.protocol_max, 0) AS protocol_max,
       coalesce(a.accepted, 0) AS accepted,
       coalesce(t.now - greatest(m.last_heartbeat, a.taken_at), interval '0') AS age,
       coalesce(a.open AND CASE a.kind
           WHEN 'pg' THEN a.pg_lease_until > t.now
           ELSE t.now - greatest(m.last_heartbeat, a.taken_at) <= @ttl::bigint * interval '1 microsecond'
       END, false) AS live
FROM (SELECT clock_timestamp() AS now) t
LEFT JOIN authority a ON a.group_name = @group::text
LEFT JOIN instance_metadata m
    ON m.group_name = a.group_name AND m.instance_id = a.holder AND m.nonce = a.nonce`

// observeSQL is the standing as a node is told of it, and which server tells
// it: one statement, so that the epoch and the lineage belong together.
const observeSQL = `
WITH standing AS MATERIALIZED (` + standingSQL + `)
SELECT epoch, token, kind, open, live, control_mode, protocol_min, protocol_max, accepted,
       (extract(epoch FROM age) * 1000000)::bigint, (extract(epoch FROM now) * 1000000)::bigint,
       ` + lineageColumns + `
FROM standing`

// standing is the row that observeSQL returns.
type standing struct {
	epoch                    int64
	token, kind, control     string
	open, live               bool
	protocolMin, protocolMax int64
	accepted                 int64
	age, now                 int64 // microseconds
	system, timeline         int64
}

// into lists where the columns go, in their order.
func (s *standing) into() []any {
	return []any{
		&s.epoch, &s.token, &s.kind, &s.open, &s.live, &s.control, &s.protocolMin, &s.protocolMax,
		&s.accepted, &s.age, &s.now, &s.system, &s.timeline,
	}
}

// observeArgs are what standingSQL needs to know.
func (l *Ledger) observeArgs() args {
	return args{"group": l.opt.Group, "ttl": l.opt.TTL.Microseconds()}
}

// observe reads the authority row.
func (l *Ledger) observe(ctx context.Context) (core.Input, error) {
	t := l.begin(core.Observe.String(), durably)
	var s standing
	t.row(observeSQL, l.observeArgs(), s.into()...)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return core.Input{}, err
	}
	return s.input()
}

// input makes the row an answer. A standby's is none: it may lag behind what
// was committed, and would look like a ledger that went back in time.
func (s *standing) input() (core.Input, error) {
	if s.timeline == onStandby {
		return core.Input{}, errStandby
	}
	kind, err := parseKind(s.kind)
	if err != nil {
		return core.Input{}, err
	}
	mode, err := parseControl(s.control)
	if err != nil {
		return core.Input{}, err
	}
	in := core.Input{
		Kind: core.AuthorityObserved, Epoch: core.Epoch(s.epoch), Token: identity.Read(s.token), Tenure: kind,
		Control: mode, Age: micros(s.age), Server: core.Time(micros(s.now)),
		Protocol: protocolRange(s.protocolMin, s.protocolMax), Accepted: uint32(s.accepted),
		Lineage: Lineage{System: uint64(s.system), Timeline: uint32(s.timeline)}.Number(),
	}
	if s.open {
		in.Flags |= core.Open
	}
	if s.live {
		in.Flags |= core.Live
	}
	return in, nil
}

// protocolRange puts a range of protocol versions into one number, as a node reads it.
func protocolRange(lowest, highest int64) uint32 { return uint32(lowest)<<16 | uint32(highest) }

// micros returns n microseconds.
func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// lostKind marks epochs that a person declared lost after the database went
// back in time. Nobody led under them.
const lostKind = "lost"

// parseKind reads the kind of a tenure. A lost epoch was never open, and reads
// as an ordinary one.
func parseKind(word string) (core.TenureKind, error) {
	switch word {
	case core.TenureRedis.String(), lostKind:
		return core.TenureRedis, nil
	case core.TenurePG.String():
		return core.TenurePG, nil
	default:
		return 0, fmt.Errorf("tenure kind %q in the ledger: want redis, pg or lost", word)
	}
}

// parseControl reads the control mode.
func parseControl(word string) (core.Control, error) {
	mode, ok := core.ParseControl(word)
	if !ok {
		return mode, fmt.Errorf("control mode %q in the ledger: want run, pause or halt", word)
	}
	return mode, nil
}

// parseState reads the state of a signal.
func parseState(word string) (core.SignalState, error) {
	state, ok := core.ParseSignalState(word)
	if !ok {
		return state, fmt.Errorf("signal state %q in the ledger is unknown", word)
	}
	return state, nil
}
