package pgledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

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
}

// Admitted is what the ledger did with an offer.
type Admitted struct {
	Admission inbox.Admission
	// Signal and State are those of the row that has the key.
	Signal     core.SignalID
	State      core.SignalState
	ReceivedAt time.Time
}

// admitSQL stores the signal unless its key is taken.
const admitSQL = `
INSERT INTO signals (group_name, key, signal_id, type, instrument, position, "timestamp",
    price, stop, lots, atr, er, supertrend, roc, reason, payload, source, state, state_reason,
    received_by, received_at, valid_until, ended_at)
VALUES (@group::text, @key::text, @signal_id::text, @type::text, @instrument::text, @position::text,
    @timestamp::text, NULLIF(@price::text, '')::numeric, NULLIF(@stop::text, '')::numeric,
    NULLIF(@lots::text, '')::numeric, NULLIF(@atr::text, '')::numeric, NULLIF(@er::text, '')::numeric,
    NULLIF(@supertrend::text, '')::numeric, NULLIF(@roc::text, '')::numeric, @reason::text, @payload::bytea,
    @source::text, @state::text, @state_reason::text, @received_by::text, clock_timestamp(),
    clock_timestamp() + NULLIF(@valid_for::bigint, 0) * interval '1 microsecond',
    CASE @state::text WHEN 'rejected' THEN clock_timestamp() END)
ON CONFLICT (group_name, key) DO NOTHING
RETURNING id`

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
	}
	t := l.begin(core.Admit.String(), durably)
	fresh := false
	t.add(admitSQL, a).Query(func(rows pgx.Rows) error {
		fresh = rows.Next()
		rows.Close()
		return rows.Err()
	})
	var (
		admitted Admitted
		id       int64
		word     string
		sum      []byte
	)
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
