package pgledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// lockInstrumentsSQL holds the instruments of signals, which never change. It is
// a statement of its own: the one that looks for others of an instrument must
// not have a snapshot that is older than the lock. Permits alone take it, after
// the group's lock and before the signals' rows, and several in the order of their
// numbers, so that nobody waits in a ring.
const lockInstrumentsSQL = `
SELECT pg_advisory_xact_lock(i.number)
FROM (SELECT DISTINCT hashtextextended('fencepost:instrument:' || octet_length(s.group_name) || ':'
          || s.group_name || ':' || s.instrument, 0) AS number
      FROM signals s WHERE s.group_name = @group::text AND s.id = ANY (@signals::bigint[])
      ORDER BY number) i`

// manyOpenSQL tells the constraint of the schema, for this transaction, that the
// service is set up to have several signals of one instrument open at a time.
const manyOpenSQL = `SELECT set_config('fencepost.many_open', 'on', true)`

// inFlightSQL finds another signal o of the instrument of s of which an order may
// exist or still arrive.
const inFlightSQL = `
    SELECT o.id, o.type, o.state FROM signals o
    WHERE o.group_name = s.group_name AND o.instrument = s.instrument AND o.id <> s.id
      AND o.state IN ('submitting', 'submitted', 'in_doubt')`

// inTheWaySQL finds what stands before the signal s that was received: another of
// its instrument that is in flight, or one that was received as well and goes before
// it. One that may not be sent any more stands in nobody's way. Each half is a
// search of its own, so that neither reads what else waits.
const inTheWaySQL = inFlightSQL + `
    UNION ALL
    SELECT o.id, o.type, o.state FROM signals o
    WHERE o.group_name = s.group_name AND o.instrument = s.instrument
      AND o.state = 'received' AND (o.valid_until IS NULL OR o.valid_until > clock_timestamp())
      AND (o.type <> 'EXIT', o.id) < (s.type <> 'EXIT', s.id)`

// inTheWayAgainSQL finds what stands before the signal s that is in doubt and is
// to be sent again. Of two doubts, which only a late outcome can make, the older
// one goes first, or each would wait for the other.
const inTheWayAgainSQL = `
    SELECT FROM signals o
    WHERE o.group_name = s.group_name AND o.instrument = s.instrument AND o.id <> s.id
      AND (o.state IN ('submitting', 'submitted') OR o.state = 'in_doubt' AND o.id < s.id)`

// waitsSQL tells whether another signal of the instrument waits for the end of the
// one that is recorded as v by the same statement, which sees both as they were
// before.
const waitsSQL = `
    SELECT FROM signals s
    JOIN signals o ON o.group_name = s.group_name AND o.instrument = s.instrument AND o.id <> s.id
    WHERE s.group_name = @group::text AND s.id = v.signal AND o.state = 'received'`

// Ahead is a signal for whose end another one of its instrument waits.
type Ahead struct {
	Signal core.SignalID `json:"signal"`
	Type   string        `json:"type"`
	State  string        `json:"state"`
}

// aheadSQL finds the one that stands before a signal that was received: what is in
// flight, else what goes next.
const aheadSQL = `
SELECT a.id, a.type, a.state
FROM signals s CROSS JOIN LATERAL (
    SELECT w.id, w.type, w.state FROM (` + inTheWaySQL + `) w
    ORDER BY w.state = 'received', w.type <> 'EXIT', w.id LIMIT 1) a
WHERE s.group_name = @group::text AND s.id = @signal::bigint AND s.state = 'received'`

// Ahead returns the signal for whose end one that was received waits, or nil if it
// is its turn, or if several signals of an instrument may be open.
func (l *Ledger) Ahead(ctx context.Context, id core.SignalID) (*Ahead, error) {
	if !l.opt.OneOpen {
		return nil, nil
	}
	a := args{"group": l.opt.Group, "signal": int64(id)}
	found, err := list(ctx, l, "ahead", aheadSQL, a, func(r pgx.CollectableRow) (Ahead, error) {
		var (
			ahead  Ahead
			signal int64
		)
		err := r.Scan(&signal, &ahead.Type, &ahead.State)
		ahead.Signal = core.SignalID(signal)
		return ahead, err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// OneOpen reports whether one signal of an instrument is open at a time.
func (l *Ledger) OneOpen() bool { return l.opt.OneOpen }
