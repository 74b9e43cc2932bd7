package pgledger

import (
	"context"
	"time"

	"fencepost/core"
)

// recordSQL takes the outcome of an attempt into the ledger. The signal's row
// is locked by the statement before, so nothing below can wait and read old
// times. The cases, in their order:
//
//   - an outcome without attempt is a decision about a signal nobody has sent;
//   - a void attempt that is made void again stays so;
//   - what the broker says of a void attempt is a fact that must not be lost,
//     whatever was read before: it is kept with the attempt, and the signal,
//     unless final, is in doubt and raises the alert;
//   - what is there already stays as it is, and is no error;
//   - a decision that rests on a reading holds only for the version read;
//   - before send_by nobody but the sender moves an attempt;
//   - that the asker never sent it, or was refused, proves nothing once another
//     was given the same attempt to send again;
//   - else the arrow must exist for the signal and for the attempt.
//
// An attempt that is found void gives its signal back only if the broker has
// not spoken of an earlier void one: somebody must look first, and is called.
//
// An alert ends with its doubt, so that the next one is heard: a node raises
// none that stands. One that ended with its signal is raised anew.
const recordSQL = `
WITH s AS MATERIALIZED (
    SELECT g.state, g.version, g.attempt, g.alerted_at, g.ended_at IS NOT NULL AS final,
           EXISTS (SELECT FROM attempts e WHERE e.group_name = g.group_name AND e.signal = g.id
                   AND e.late_outcome IS NOT NULL) AS late
    FROM signals g WHERE g.group_name = @group::text AND g.id = @signal::bigint
), a AS MATERIALIZED (
    SELECT p.state, p.token, p.send_by, p.outcome, p.late_outcome
    FROM attempts p
    WHERE p.group_name = @group::text AND p.signal = @signal::bigint AND p.attempt = @attempt::bigint
), verdict AS MATERIALIZED (
    SELECT s.state, s.version, CASE
        WHEN s.state IS NULL THEN 'refused'
        WHEN @attempt::bigint = 0 AND s.state = @next::text THEN 'same'
        WHEN @attempt::bigint = 0 AND s.state = ANY (@from::text[])
            AND @version::bigint IN (0, s.version) THEN 'recorded'
        WHEN a.state IS NULL THEN 'refused'
        WHEN a.state = 'void' AND (@outcome::text = 'void' OR a.late_outcome = @outcome::text) THEN 'same'
        WHEN a.state = 'void' AND (@fact::boolean
            OR @outcome::text = 'in_doubt' AND @version::bigint IN (0, s.version)) THEN 'late'
        WHEN a.state = 'void' OR s.attempt <> @attempt::bigint THEN 'refused'
        WHEN s.state = @next::text AND a.state = @outcome::text
            AND (s.alerted_at IS NOT NULL OR NOT @alert::boolean) THEN 'same'
        WHEN @version::bigint NOT IN (0, s.version) THEN 'refused'
        WHEN a.state = 'submitting' AND a.token <> @token::text AND clock_timestamp() <= a.send_by
            THEN 'refused'
        WHEN @outcome::text IN ('void', 'rejected') AND @version::bigint = 0
            AND a.token <> @token::text THEN 'refused'
        WHEN s.state = ANY (@from::text[]) AND a.state = ANY (@from::text[]) THEN 'recorded'
        ELSE 'refused' END AS what,
        CASE WHEN a.state = 'void' AND s.final THEN s.state
             WHEN a.state = 'void' OR @outcome::text = 'void' AND s.late THEN 'in_doubt'
             ELSE @next::text END AS next,
        coalesce(a.state <> 'void' AND @outcome::text = 'void' AND s.late, false) AS looked_for
    FROM (SELECT) one LEFT JOIN s ON true LEFT JOIN a ON true
), moved AS (
    UPDATE signals g
    SET state = v.next, version = g.version + 1, updated_at = clock_timestamp(),
        state_reason = @reason::text,
        alerted_at = CASE WHEN v.what = 'late' AND g.ended_at IS NOT NULL THEN clock_timestamp()
            WHEN v.what = 'late' OR v.looked_for OR @alert::boolean
                THEN coalesce(g.alerted_at, clock_timestamp())
            WHEN g.state = 'in_doubt' AND v.next IN ('received', 'submitted') THEN NULL
            ELSE g.alerted_at END,
        alert_reason = CASE WHEN v.what = 'late' THEN 'late outcome of a void attempt: ' || @outcome::text
            WHEN v.looked_for AND g.alerted_at IS NULL THEN 'late outcome of an earlier attempt'
            WHEN @alert::boolean AND g.alerted_at IS NULL THEN coalesce(NULLIF(@reason::text, ''), v.next)
            WHEN g.state = 'in_doubt' AND v.next IN ('received', 'submitted') AND NOT @alert::boolean THEN ''
            ELSE g.alert_reason END,
        ended_at = CASE WHEN v.next IN ('executed', 'rejected', 'cancelled', 'expired')
            THEN coalesce(g.ended_at, clock_timestamp()) END
    FROM verdict v
    WHERE g.group_name = @group::text AND g.id = @signal::bigint AND v.what IN ('recorded', 'late')
    RETURNING g.state, g.version
), noted AS (
    UPDATE attempts p
    SET state = CASE v.what WHEN 'recorded' THEN @outcome::text ELSE p.state END,
        outcome = CASE v.what WHEN 'recorded' THEN @outcome::text ELSE p.outcome END,
        late_outcome = CASE v.what WHEN 'late' THEN @outcome::text ELSE p.late_outcome END,
        broker_order_id = coalesce(NULLIF(@broker_order_id::text, ''), p.broker_order_id),
        broker_detail = coalesce(NULLIF(@broker_detail::text, ''), p.broker_detail),
        recorded_by = @token::text, recorded_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM verdict v
    WHERE p.group_name = @group::text AND p.signal = @signal::bigint AND p.attempt = @attempt::bigint
      AND v.what IN ('recorded', 'late')
)
SELECT v.what <> 'refused', coalesce(m.state, v.state, ''), coalesce(m.version, v.version, 0),
       @one_open::boolean AND v.what <> 'refused'
           AND coalesce(m.state, v.state) IN ('executed', 'rejected', 'cancelled', 'expired')
           AND EXISTS (` + waitsSQL + `)
FROM verdict v LEFT JOIN moved m ON true`

// outcomeArrows returns the states from which the outcome can be recorded and
// the one it leads to, as core says. Without an attempt a signal that was only
// received can be refused as well.
func outcomeArrows(outcome core.SignalState, attempt uint32) (from []string, next core.SignalState) {
	if attempt == 0 && outcome == core.Rejected {
		return []string{core.Received.String()}, core.Rejected
	}
	from = []string{}
	for s := core.Received; s < core.Void; s++ {
		after, ok := s.After(outcome)
		if !ok || attempt == 0 && outcome != core.Expired {
			continue
		}
		from, next = append(from, s.String()), after
	}
	return from, next
}

// canaryType is the type of a signal that orders nothing.
const canaryType = "HEARTBEAT"

// brokerSaid reports whether an outcome is something the broker said of the
// order, and not a decision of a node.
func brokerSaid(outcome core.SignalState) bool {
	switch outcome {
	case core.Submitted, core.Executed, core.Rejected, core.Cancelled:
		return true
	default:
		return false
	}
}

// record takes an outcome into the ledger. It is guarded by the attempt, not
// by the epoch: a deposed leader may still tell what became of an order that
// it has sent. Where the next signal of the instrument has waited for that,
// the answer says that there is work, so that it need not wait for a sweep.
func (l *Ledger) record(ctx context.Context, e *core.Effect) ([]core.Input, error) {
	from, next := outcomeArrows(e.State, e.Attempt)
	id := attemptID{e.Signal, e.Attempt}
	note := l.orders.noted(id)
	a := l.processArgs(core.Record, e)
	a["attempt"], a["version"], a["alert"] = int64(e.Attempt), int64(e.Version), e.Alert
	a["outcome"], a["from"], a["next"], a["fact"] = e.State.String(), from, next.String(), brokerSaid(e.State)
	a["reason"] = ""
	if e.Reason != core.NoReason {
		a["reason"] = e.Reason.String()
	}
	a["broker_order_id"], a["broker_detail"], a["one_open"] = note.OrderID, note.Detail, l.opt.OneOpen
	t := l.begin(core.Record.String(), durably)
	t.add(lockSignalSQL, a)
	var (
		recorded, waits bool
		word            string
		version         int64
	)
	t.row(recordSQL, a, &recorded, &word, &version, &waits)
	if err := l.run(ctx, l.work, t); err != nil {
		return nil, err
	}
	if word == "" {
		return []core.Input{{Kind: core.RecordWasRefused, Signal: e.Signal, Attempt: e.Attempt}}, nil
	}
	state, err := parseState(word)
	if err != nil {
		return nil, err
	}
	in := core.Input{
		Kind: core.RecordWasRefused, Signal: e.Signal, Attempt: e.Attempt, State: state,
		Version: uint32(version),
	}
	if recorded {
		l.orders.forget(id)
		// A canary shows that the way is free, not that anything was traded.
		if o, listed := l.orders.find(e.Signal); !listed || o.Type != canaryType {
			l.worked.Store(time.Now().UnixNano())
		}
		in.Kind = core.OutcomeWasRecorded
	}
	if waits {
		return []core.Input{in, {Kind: core.WorkHeard}}, nil
	}
	return []core.Input{in}, nil
}
