package pgledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// ErrNoArrow says that a signal cannot go where a person wants it to go.
var ErrNoArrow = errors.New("no such arrow between the states")

// ErrMoved says that what a person looked at has changed since: the word was
// about something that is no more.
var ErrMoved = errors.New("it has changed since it was read")

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
	// Version, if it is not zero, is the version of the row that the person saw:
	// one that has moved since is left alone, with ErrMoved.
	Version int64
}

// decideSQL moves the signal, and its standing attempt if it has one. The attempt
// must have the arrow as well, and before send_by it is its sender's: a signal in
// doubt over an earlier attempt is not free again while a later one was sent.
// With the doubt, or the hold, its alert is over: a later one must be heard again.
// One that ends with its signal stays, and tells that a person was called.
// The person's words are logged: the row keeps the last ones alone, and only
// until the next outcome.
const decideSQL = `
WITH seen AS MATERIALIZED (
    SELECT state, version FROM signals WHERE group_name = @group::text AND id = @signal::bigint
), bound AS MATERIALIZED (
    SELECT FROM attempts p
    WHERE p.group_name = @group::text AND p.signal = @signal::bigint AND p.state <> 'void'
      AND (p.state <> ALL (@attempt_from::text[])
           OR p.state = 'submitting' AND clock_timestamp() <= p.send_by)
), moved AS (
    UPDATE signals
    SET state = @next::text, version = version + 1, decided_by = @by::text, state_reason = @reason::text,
        updated_at = clock_timestamp(),
        alerted_at = CASE WHEN state <> 'held' AND @final::boolean THEN alerted_at END,
        alert_reason = CASE WHEN state <> 'held' AND @final::boolean THEN alert_reason ELSE '' END,
        ended_at = CASE WHEN @final::boolean THEN clock_timestamp() END
    WHERE group_name = @group::text AND id = @signal::bigint AND state = ANY (@from::text[])
      AND @version::bigint IN (0, version) AND NOT EXISTS (SELECT FROM bound)
    RETURNING id, attempt, version
), noted AS (
    UPDATE attempts p
    SET state = @outcome::text, outcome = @outcome::text, recorded_by = @by::text,
        recorded_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM moved m
    WHERE p.group_name = @group::text AND p.signal = m.id AND p.attempt = m.attempt AND p.state <> 'void'
    RETURNING p.attempt
), logged AS (
    INSERT INTO decisions
        (group_name, signal, attempt, from_state, outcome, to_state, version, decided_by, reason)
    SELECT @group::text, m.id, coalesce((SELECT n.attempt FROM noted n), 0), s.state, @outcome::text,
           @next::text, m.version, @by::text, @reason::text
    FROM moved m, seen s
)
SELECT EXISTS (SELECT FROM moved), coalesce((SELECT state FROM seen), ''),
       coalesce((SELECT version FROM seen), 0)`

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
// the attempt that stands, is not in a state that allows it, ErrMoved that it is
// not what the person saw, ErrNoSignal that there is none.
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
		"group": l.opt.Group, "signal": int64(d.Signal), "next": next.String(), "final": next.Final(),
		"outcome":      d.Outcome.String(),
		"attempt_from": attemptFrom, "from": from, "by": d.By, "reason": d.Reason, "version": d.Version,
	}
	t := l.begin("decide", durably)
	t.add(lockSignalSQL, a)
	var (
		moved   bool
		word    string
		version int64
	)
	t.row(decideSQL, a, &moved, &word, &version)
	switch err := l.run(ctx, l.work, t); {
	case err != nil:
		return fmt.Errorf("decide signal %d: %w", d.Signal, err)
	case word == "":
		return fmt.Errorf("signal %d: %w", d.Signal, ErrNoSignal)
	case !moved && d.Version != 0 && d.Version != version:
		return fmt.Errorf("signal %d is %s at version %d, and was seen at version %d: %w",
			d.Signal, word, version, d.Version, ErrMoved)
	case !moved:
		return fmt.Errorf("signal %d is %s, to %v: %w", d.Signal, word, d.Outcome, ErrNoArrow)
	default:
		return nil
	}
}

// Decided is one decision as the ledger keeps it, for people.
type Decided struct {
	// Attempt is the attempt that the word was about, zero if there was none.
	Attempt   int64     `json:"attempt,omitempty"`
	FromState string    `json:"from_state"`
	Outcome   string    `json:"outcome"`
	ToState   string    `json:"to_state"`
	Version   int64     `json:"version"`
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	At        time.Time `json:"at"`
}

// decisionsSQL reads what people decided about one signal, in its order.
const decisionsSQL = `
SELECT attempt, from_state, outcome, to_state, version, decided_by, reason, decided_at
FROM decisions WHERE group_name = @group::text AND signal = @signal::bigint ORDER BY version`

// Decisions lists what people decided about a signal, the oldest first.
func (l *Ledger) Decisions(ctx context.Context, id core.SignalID) ([]Decided, error) {
	a := args{"group": l.opt.Group, "signal": int64(id)}
	return list(ctx, l, "decisions", decisionsSQL, a, func(r pgx.CollectableRow) (Decided, error) {
		var d Decided
		err := r.Scan(&d.Attempt, &d.FromState, &d.Outcome, &d.ToState, &d.Version, &d.By, &d.Reason, &d.At)
		return d, err
	})
}

// Decidable reports whether a person can decide a signal to be that at all.
func Decidable(outcome core.SignalState) bool {
	from, _ := decisionArrows(outcome)
	return from != nil
}
