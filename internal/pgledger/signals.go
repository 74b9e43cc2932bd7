package pgledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// Signal is one row of the inbox, for people.
type Signal struct {
	ID          core.SignalID `json:"id"`
	Key         string        `json:"key"`
	SignalID    string        `json:"signal_id,omitempty"`
	Type        string        `json:"type"`
	Instrument  string        `json:"instrument"`
	Position    string        `json:"position"`
	Timestamp   string        `json:"timestamp"`
	Price       json.Number   `json:"price,omitempty"`
	Stop        json.Number   `json:"stop,omitempty"`
	Lots        json.Number   `json:"lots,omitempty"`
	Reason      string        `json:"reason,omitempty"`
	Source      string        `json:"source,omitempty"`
	State       string        `json:"state"`
	StateReason string        `json:"state_reason,omitempty"`
	Version     int64         `json:"version"`
	Attempt     int64         `json:"attempt"`
	ValidUntil  *time.Time    `json:"valid_until,omitempty"`
	AlertedAt   *time.Time    `json:"alerted_at,omitempty"`
	AlertReason string        `json:"alert_reason,omitempty"`
	DecidedBy   string        `json:"decided_by,omitempty"`
	ReceivedAt  time.Time     `json:"received_at"`
	ReceivedBy  string        `json:"received_by"`
	UpdatedAt   time.Time     `json:"updated_at"`
	EndedAt     *time.Time    `json:"ended_at,omitempty"`
}

// signalColumns are the columns of a Signal, of a row of signals called s.
const signalColumns = `s.id, s.key, s.signal_id, s.type, s.instrument, s.position, s."timestamp",
       coalesce(s.price::text, ''), coalesce(s.stop::text, ''), coalesce(s.lots::text, ''), s.reason,
       s.source, s.state, s.state_reason, s.version, s.attempt, s.valid_until, s.alerted_at, s.alert_reason,
       s.decided_by, s.received_at, s.received_by, s.updated_at, s.ended_at`

// scanSignal reads the columns of a Signal.
func scanSignal(r pgx.CollectableRow) (Signal, error) {
	var (
		s  Signal
		id int64
	)
	err := r.Scan(&id, &s.Key, &s.SignalID, &s.Type, &s.Instrument, &s.Position, &s.Timestamp,
		&s.Price, &s.Stop, &s.Lots, &s.Reason, &s.Source, &s.State, &s.StateReason, &s.Version, &s.Attempt,
		&s.ValidUntil, &s.AlertedAt,
		&s.AlertReason, &s.DecidedBy, &s.ReceivedAt, &s.ReceivedBy, &s.UpdatedAt, &s.EndedAt)
	s.ID = core.SignalID(id)
	return s, err
}

// SignalFilter selects signals. The zero value selects all.
type SignalFilter struct {
	// States are the wanted states; none means all.
	States []core.SignalState
	// Alerted selects those that wait for a person.
	Alerted bool
	// Before selects ids below it; zero means no bound.
	Before core.SignalID
	// Limit is how many are listed at most; zero means 100.
	Limit int
}

// signalsSQL lists signals, the youngest first.
const signalsSQL = `
SELECT ` + signalColumns + ` FROM signals s
WHERE s.group_name = @group::text AND (cardinality(@states::text[]) = 0 OR s.state = ANY (@states::text[]))
  AND (NOT @alerted::boolean OR s.alerted_at IS NOT NULL AND s.ended_at IS NULL)
  AND (@before::bigint = 0 OR s.id < @before::bigint)
ORDER BY s.id DESC LIMIT @limit::bigint`

// Signals lists signals, the youngest first.
func (l *Ledger) Signals(ctx context.Context, f SignalFilter) ([]Signal, error) {
	words := []string{}
	for _, s := range f.States {
		words = append(words, s.String())
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	a := args{
		"group": l.opt.Group, "states": words, "alerted": f.Alerted, "before": int64(f.Before),
		"limit": int64(limit),
	}
	return list(ctx, l, "signals", signalsSQL, a, scanSignal)
}

// Attempt is one permit and what came of it, for people.
type Attempt struct {
	Attempt       int64      `json:"attempt"`
	ClientOrderID string     `json:"client_order_id"`
	Epoch         core.Epoch `json:"epoch"`
	Token         string     `json:"token"`
	State         string     `json:"state"`
	SendBy        time.Time  `json:"send_by"`
	FenceSeq      int64      `json:"fence_seq"`
	Resends       int        `json:"resends"`
	Outcome       *string    `json:"outcome"`
	LateOutcome   *string    `json:"late_outcome,omitempty"`
	BrokerOrderID string     `json:"broker_order_id,omitempty"`
	BrokerDetail  string     `json:"broker_detail,omitempty"`
	RecordedBy    string     `json:"recorded_by,omitempty"`
	RecordedAt    *time.Time `json:"recorded_at"`
	PermittedAt   time.Time  `json:"permitted_at"`
}

// SignalDetail is a signal with its attempts and what the sender wrote.
type SignalDetail struct {
	Signal
	Attempts []Attempt `json:"attempts"`
	Payload  string    `json:"payload"`
}

// The readings of one signal.
const (
	signalSQL = `
SELECT ` + signalColumns + ` FROM signals s WHERE s.group_name = @group::text AND s.id = @signal::bigint`
	payloadSQL = `
SELECT payload FROM signals WHERE group_name = @group::text AND id = @signal::bigint`
	attemptsSQL = `
SELECT attempt, client_order_id, epoch, token, state, send_by, fence_seq, resends, outcome, late_outcome,
       broker_order_id, broker_detail, recorded_by, recorded_at, permitted_at
FROM attempts WHERE group_name = @group::text AND signal = @signal::bigint ORDER BY attempt`
)

// Signal returns one signal with its attempts, or ErrNoSignal.
func (l *Ledger) Signal(ctx context.Context, id core.SignalID) (SignalDetail, error) {
	a := args{"group": l.opt.Group, "signal": int64(id)}
	found, err := list(ctx, l, "signals", signalSQL, a, scanSignal)
	if err != nil {
		return SignalDetail{}, err
	}
	if len(found) == 0 {
		return SignalDetail{}, fmt.Errorf("signal %d: %w", id, ErrNoSignal)
	}
	payloads, err := list(ctx, l, "signals", payloadSQL, a, pgx.RowTo[[]byte])
	if err != nil {
		return SignalDetail{}, err
	}
	attempts, err := list(ctx, l, "signals", attemptsSQL, a, func(r pgx.CollectableRow) (Attempt, error) {
		var (
			t     Attempt
			epoch int64
		)
		err := r.Scan(&t.Attempt, &t.ClientOrderID, &epoch, &t.Token, &t.State, &t.SendBy, &t.FenceSeq,
			&t.Resends, &t.Outcome, &t.LateOutcome, &t.BrokerOrderID, &t.BrokerDetail, &t.RecordedBy,
			&t.RecordedAt, &t.PermittedAt)
		t.Epoch = core.Epoch(epoch)
		return t, err
	})
	if err != nil {
		return SignalDetail{}, err
	}
	return SignalDetail{Signal: found[0], Attempts: attempts, Payload: string(payloads[0])}, nil
}

// ErrNoArrow says that a signal cannot go where a person wants it to go.
var ErrNoArrow = errors.New("no such arrow between the states")

// Decision is what a person decides about a signal.
type Decision struct {
	Signal core.SignalID
	// Outcome is what the signal in doubt turned out to be: core.Submitted,
	// core.Executed, core.Rejected, core.Cancelled, or core.Void for "the
	// broker has no such order and will never have it", which lets the signal
	// be tried again. A signal that nobody has sent can be core.Held,
	// core.Cancelled, core.Rejected unless it is held, and core.Received again if
	// it is.
	Outcome core.SignalState
	// By and Reason are needed: an attestation is signed.
	By, Reason string
}

// decideSQL moves the signal, and its standing attempt if it has one. With a
// signal that was held its alert is over: a later one must be heard again. That must
// have the arrow as well, and before send_by it is its sender's: a signal in
// doubt over an earlier attempt is not free again while a later one was sent.
const decideSQL = `
WITH bound AS MATERIALIZED (
    SELECT FROM attempts p
    WHERE p.group_name = @group::text AND p.signal = @signal::bigint AND p.state <> 'void'
      AND (p.state <> ALL (@attempt_from::text[])
           OR p.state = 'submitting' AND clock_timestamp() <= p.send_by)
), moved AS (
    UPDATE signals
    SET state = @next::text, version = version + 1, decided_by = @by::text, state_reason = @reason::text,
        updated_at = clock_timestamp(),
        alerted_at = CASE WHEN state <> 'held' THEN alerted_at END,
        alert_reason = CASE WHEN state <> 'held' THEN alert_reason ELSE '' END,
        ended_at = CASE WHEN @next::text IN ('executed', 'rejected', 'cancelled', 'expired')
            THEN clock_timestamp() END
    WHERE group_name = @group::text AND id = @signal::bigint AND state = ANY (@from::text[])
      AND NOT EXISTS (SELECT FROM bound)
    RETURNING id, attempt
), noted AS (
    UPDATE attempts p
    SET state = @outcome::text, outcome = @outcome::text, recorded_by = @by::text,
        recorded_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM moved m
    WHERE p.group_name = @group::text AND p.signal = m.id AND p.attempt = m.attempt AND p.state <> 'void'
)
SELECT EXISTS (SELECT FROM moved), coalesce((SELECT state FROM signals
    WHERE group_name = @group::text AND id = @signal::bigint), '')`

// decisionArrows returns from where a person may move a signal, and whereto.
func decisionArrows(outcome core.SignalState) (from []string, next core.SignalState) {
	switch outcome {
	case core.Held:
		return []string{core.Received.String()}, core.Held
	case core.Received:
		return []string{core.Held.String()}, core.Received
	case core.Void:
		return []string{core.InDoubt.String()}, core.Received
	case core.Cancelled:
		return []string{core.InDoubt.String(), core.Received.String(), core.Held.String()}, core.Cancelled
	case core.Rejected:
		return []string{core.InDoubt.String(), core.Received.String()}, outcome
	case core.Submitted, core.Executed:
		return []string{core.InDoubt.String()}, outcome
	default:
		return nil, outcome
	}
}

// Decide carries out a person's decision. ErrNoArrow says that the signal, or
// the attempt that stands, is not in a state that allows it, ErrNoSignal that
// there is none.
func (l *Ledger) Decide(ctx context.Context, d Decision) error {
	from, next := decisionArrows(d.Outcome)
	if from == nil {
		return fmt.Errorf("signal %d to %v: %w", d.Signal, d.Outcome, ErrNoArrow)
	}
	if d.By == "" || d.Reason == "" {
		return fmt.Errorf("signal %d to %v: a name and a reason are needed", d.Signal, d.Outcome)
	}
	attemptFrom, _ := outcomeArrows(d.Outcome, 1)
	a := args{
		"group": l.opt.Group, "signal": int64(d.Signal), "next": next.String(), "outcome": d.Outcome.String(),
		"attempt_from": attemptFrom,
		"from":         from, "by": d.By, "reason": d.Reason,
	}
	t := l.begin("decide", durably)
	t.add(lockSignalSQL, a)
	var (
		moved bool
		word  string
	)
	t.row(decideSQL, a, &moved, &word)
	switch err := l.run(ctx, l.work, t); {
	case err != nil:
		return fmt.Errorf("decide signal %d: %w", d.Signal, err)
	case word == "":
		return fmt.Errorf("signal %d: %w", d.Signal, ErrNoSignal)
	case !moved:
		return fmt.Errorf("signal %d is %s, to %v: %w", d.Signal, word, d.Outcome, ErrNoArrow)
	default:
		return nil
	}
}
