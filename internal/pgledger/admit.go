package pgledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"fencepost/core"
	"fencepost/core/inbox"
)

// Offer is a signal that came in, as it is to be stored.
type Offer struct {
	// Key makes the signal itself; a second offer with the same key is the same
	// signal. See inbox.SignalKey.
	Key string
	// SignalID is the sender's own id, if it gave one.
	SignalID string
	// Type, Instrument, Position and Timestamp are required, as the sender
	// wrote them.
	Type, Instrument, Position, Timestamp string
	// Price and the rest are decimal numbers in text form; empty means absent.
	Price, Stop, Lots, ATR, ER, Supertrend, ROC string
	// Reason is the sender's.
	Reason string
	// Payload is the whole body; its hash tells a duplicate from a conflict.
	Payload []byte
	// Source names where it came from.
	Source string
	// State is core.Received, core.Held or, for a refusal that is to be
	// remembered, core.Rejected; zero means core.Received. StateReason says why.
	State       core.SignalState
	StateReason string
	// ValidFor is how long the signal may wait from now; zero means for ever.
	ValidFor time.Duration
	// Screen says what is looked at before the signal is stored for the first
	// time, if its State leaves that open.
	Screen Screen
}

// Screen is what may be odd about a new signal. The zero value finds nothing
// odd.
type Screen struct {
	// Similar is for how long another signal of the same instrument, type and
	// position makes this one similar; zero looks for none. One that was refused
	// before it was sent does not count.
	Similar time.Duration
	// RefuseSimilar refuses a similar signal instead of holding it.
	RefuseSimilar bool
	// SentAt is the sender's time, zero if it is not known; Tolerance is how far it
	// may lie ahead of the database's clock.
	SentAt    time.Time
	Tolerance time.Duration
}

// Admitted is what the ledger did with an offer.
type Admitted struct {
	Admission inbox.Admission
	// Signal and State are those of the row that has the key.
	Signal     core.SignalID
	State      core.SignalState
	ReceivedAt time.Time
	// Doubt says why a fresh signal did not begin as received, and SimilarTo
	// which signal it is similar to.
	Doubt     inbox.Doubt
	SimilarTo core.SignalID
}

// lockMeaningSQL keeps two signals that say the same from being screened at the
// same time: neither would see the other. The lock has two numbers, so that it is
// never the group's, and is a statement of its own, so that the screening's
// snapshot is younger.
const lockMeaningSQL = `SELECT pg_advisory_xact_lock(@meaning_high::integer, @meaning_low::integer)`

// admitSQL screens the signal and stores it unless its key is taken. The order
// of the cases is that of inbox.Screening.
const admitSQL = `
WITH similar_one AS MATERIALIZED (
    SELECT s.id FROM signals s
    WHERE @similar::bigint > 0 AND s.group_name = @group::text AND s.instrument = @instrument::text
      AND s.type = @type::text AND s.position = @position::text
      AND s.received_at > clock_timestamp() - @similar::bigint * interval '1 microsecond'
      AND NOT (s.state = 'rejected' AND s.attempt = 0)
    ORDER BY s.received_at DESC LIMIT 1
), found AS MATERIALIZED (
    SELECT (SELECT o.id FROM similar_one o) AS similar_to,
           coalesce(NULLIF(@sent_at::timestamptz, '-infinity')
               > clock_timestamp() + @tolerance::bigint * interval '1 microsecond', false) AS ahead
), judged AS MATERIALIZED (
    SELECT f.similar_to, CASE WHEN @state::text <> 'received' THEN 'none'
        WHEN f.similar_to IS NOT NULL THEN 'similar' WHEN f.ahead THEN 'ahead' ELSE 'none' END AS doubt
    FROM found f
), begun AS MATERIALIZED (
    SELECT j.similar_to, j.doubt, CASE WHEN j.doubt = 'none' THEN @state::text
        WHEN j.doubt = 'similar' AND @refuse::boolean THEN 'rejected' ELSE 'held' END AS state
    FROM judged j
)
INSERT INTO signals (group_name, key, signal_id, type, instrument, position, "timestamp",
    price, stop, lots, atr, er, supertrend, roc, reason, payload, source, state, state_reason,
    received_by, received_at, valid_until, ended_at, alerted_at, alert_reason)
SELECT @group::text, @key::text, @signal_id::text, @type::text, @instrument::text, @position::text,
    @timestamp::text, NULLIF(@price::text, '')::numeric, NULLIF(@stop::text, '')::numeric,
    NULLIF(@lots::text, '')::numeric, NULLIF(@atr::text, '')::numeric, NULLIF(@er::text, '')::numeric,
    NULLIF(@supertrend::text, '')::numeric, NULLIF(@roc::text, '')::numeric, @reason::text, @payload::bytea,
    @source::text, b.state, CASE b.doubt WHEN 'none' THEN @state_reason::text ELSE b.doubt END,
    @received_by::text, clock_timestamp(),
    clock_timestamp() + NULLIF(@valid_for::bigint, 0) * interval '1 microsecond',
    CASE b.state WHEN 'rejected' THEN clock_timestamp() END,
    CASE WHEN b.state = 'held' AND b.doubt <> 'none' THEN clock_timestamp() END,
    CASE WHEN b.state <> 'held' OR b.doubt = 'none' THEN ''
         WHEN b.doubt = 'similar' THEN 'similar to signal ' || b.similar_to
         ELSE 'the sender''s time is ahead of the database''s' END
FROM begun b
ON CONFLICT (group_name, key) DO NOTHING
RETURNING (SELECT doubt FROM begun), coalesce((SELECT similar_to FROM begun), 0)`

// admittedSQL reads the row that has the key, whoever stored it. It is a
// statement of its own: one that stood beside the insert would not see a row
// for which the insert had waited.
const admittedSQL = `
SELECT id, state, payload_sha256, received_at FROM signals
WHERE group_name = @group::text AND key = @key::text`

// Admit stores the signal durably, once for each key. Only an answer without
// an error may be acknowledged to the sender.
func (l *Ledger) Admit(ctx context.Context, o *Offer) (Admitted, error) {
	state := o.State
	if state == core.NoSignal {
		state = core.Received
	}
	a := args{
		"group": l.opt.Group, "key": o.Key, "signal_id": o.SignalID, "type": o.Type,
		"instrument": o.Instrument, "position": o.Position, "timestamp": o.Timestamp,
		"price": o.Price, "stop": o.Stop, "lots": o.Lots,
		"atr": o.ATR, "er": o.ER, "supertrend": o.Supertrend, "roc": o.ROC, "reason": o.Reason,
		"payload": payload(o.Payload), "source": o.Source, "received_by": l.opt.Instance,
		"state": state.String(), "state_reason": o.StateReason, "valid_for": o.ValidFor.Microseconds(),
		"similar": o.Screen.Similar.Microseconds(), "refuse": o.Screen.RefuseSimilar,
		"sent_at": sentAt(o.Screen.SentAt), "tolerance": o.Screen.Tolerance.Microseconds(),
	}
	t := l.begin(core.Admit.String(), durably)
	if o.Screen.Similar > 0 {
		high, low := l.meaning(o)
		t.add(lockMeaningSQL, args{"meaning_high": high, "meaning_low": low})
	}
	var (
		admitted    Admitted
		fresh       bool
		id, other   int64
		doubt, word string
		sum         []byte
	)
	t.add(admitSQL, a).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		if fresh = rows.Next(); fresh {
			return rows.Scan(&doubt, &other)
		}
		return rows.Err()
	})
	t.row(admittedSQL, a, &id, &word, &sum, &admitted.ReceivedAt)
	if err := l.run(ctx, l.work, t); err != nil {
		return Admitted{}, err
	}
	stored, err := parseState(word)
	if err != nil {
		return Admitted{}, fmt.Errorf("admit: %w", err)
	}
	admitted.Signal, admitted.State = core.SignalID(id), stored
	offered := sha256.Sum256(o.Payload)
	switch {
	case fresh:
		admitted.Admission = inbox.Fresh
		// The word is one of ours, or none.
		admitted.Doubt, _ = inbox.ParseDoubt(doubt)
		admitted.SimilarTo = core.SignalID(other)
	case bytes.Equal(sum, offered[:]):
		admitted.Admission = inbox.Duplicate
	default:
		admitted.Admission = inbox.Clash
	}
	return admitted, nil
}

// payload returns the body as a value that is never NULL.
func payload(body []byte) []byte {
	if body == nil {
		return []byte{}
	}
	return body
}

// sentAt returns the sender's time as a value that is never NULL.
func sentAt(t time.Time) pgtype.Timestamptz {
	if t.IsZero() {
		return pgtype.Timestamptz{InfinityModifier: pgtype.NegativeInfinity, Valid: true}
	}
	return pgtype.Timestamptz{Time: t, Valid: true}
}

// meaning names the lock of all signals that say the same as the offer.
func (l *Ledger) meaning(o *Offer) (high, low int32) {
	sum := sha256.New()
	for _, part := range []string{"fencepost:similar", l.opt.Group, o.Instrument, o.Type, o.Position} {
		// The lengths keep two meanings from becoming one text.
		sum.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		sum.Write([]byte(part))
	}
	first := sum.Sum(nil)
	return int32(binary.BigEndian.Uint32(first)), int32(binary.BigEndian.Uint32(first[4:]))
}
