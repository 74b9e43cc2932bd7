package pgledger

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// recordSQL takes outcomes of attempts into the ledger, each of another signal. The
// signals' rows are locked by the statement before, so nothing below can wait and
// read old times. The cases, in their order:
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
// none that stands. One that ended with its signal is raised anew. Whatever stands,
// a late outcome is told: a trigger of the attempt does so, and the signal's leaves
// out an alert whose reason begins as that of a late outcome does here.
const recordSQL = `
WITH asked AS MATERIALIZED (
    SELECT q.*, string_to_array(q.from_list, ',') AS from_states
    FROM unnest(@signals::bigint[], @attempts::bigint[], @versions::bigint[], @tokens::text[],
        @outcomes::text[], @froms::text[], @nexts::text[], @alerts::boolean[], @facts::boolean[],
        @reasons::text[], @broker_order_ids::text[], @broker_details::text[])
        AS q (signal, attempt, version, token, outcome, from_list, next, alert, fact, reason, broker_order_id,
        broker_detail)
), s AS MATERIALIZED (
    SELECT g.id, g.state, g.version, g.attempt, g.alerted_at, g.ended_at IS NOT NULL AS final,
           EXISTS (SELECT FROM attempts e WHERE e.group_name = g.group_name AND e.signal = g.id
                   AND e.late_outcome IS NOT NULL) AS late
    FROM signals g JOIN asked q ON g.id = q.signal WHERE g.group_name = @group::text
), a AS MATERIALIZED (
    SELECT p.signal, p.state, p.token, p.send_by, p.outcome, p.late_outcome
    FROM attempts p JOIN asked q ON p.signal = q.signal AND p.attempt = q.attempt
    WHERE p.group_name = @group::text
), verdict AS MATERIALIZED (
    SELECT q.*, s.state, s.version AS is_version, CASE
        WHEN s.state IS NULL THEN 'refused'
        WHEN q.attempt = 0 AND s.state = q.next THEN 'same'
        WHEN q.attempt = 0 AND s.state = ANY (q.from_states)
            AND q.version IN (0, s.version) THEN 'recorded'
        WHEN a.state IS NULL THEN 'refused'
        WHEN a.state = 'void' AND (q.outcome = 'void' OR a.late_outcome = q.outcome) THEN 'same'
        WHEN a.state = 'void' AND (q.fact
            OR q.outcome = 'in_doubt' AND q.version IN (0, s.version)) THEN 'late'
        WHEN a.state = 'void' OR s.attempt <> q.attempt THEN 'refused'
        WHEN s.state = q.next AND a.state = q.outcome
            AND (s.alerted_at IS NOT NULL OR NOT q.alert) THEN 'same'
        WHEN q.version NOT IN (0, s.version) THEN 'refused'
        WHEN a.state = 'submitting' AND a.token <> q.token AND clock_timestamp() <= a.send_by
            THEN 'refused'
        WHEN q.outcome IN ('void', 'rejected') AND q.version = 0
            AND a.token <> q.token THEN 'refused'
        WHEN s.state = ANY (q.from_states) AND a.state = ANY (q.from_states) THEN 'recorded'
        ELSE 'refused' END AS what,
        CASE WHEN a.state = 'void' AND s.final THEN s.state
             WHEN a.state = 'void' OR q.outcome = 'void' AND s.late THEN 'in_doubt'
             ELSE q.next END AS becomes,
        coalesce(a.state <> 'void' AND q.outcome = 'void' AND s.late, false) AS looked_for,
        coalesce(a.state = 'void' AND q.outcome <> 'void', false) AS of_void
    FROM asked q LEFT JOIN s ON s.id = q.signal LEFT JOIN a ON a.signal = q.signal
), moved AS (
    UPDATE signals g
    SET state = v.becomes, version = g.version + 1, updated_at = clock_timestamp(),
        state_reason = v.reason,
        alerted_at = CASE WHEN v.what = 'late' AND g.ended_at IS NOT NULL THEN clock_timestamp()
            WHEN v.what = 'late' OR v.looked_for OR v.alert
                THEN coalesce(g.alerted_at, clock_timestamp())
            WHEN g.state = 'in_doubt' AND v.becomes IN ('received', 'submitted') THEN NULL
            ELSE g.alerted_at END,
        alert_reason = CASE WHEN v.what = 'late' THEN 'late outcome of a void attempt: ' || v.outcome
            WHEN v.looked_for AND g.alerted_at IS NULL THEN 'late outcome of an earlier attempt'
            WHEN v.alert AND g.alerted_at IS NULL THEN coalesce(NULLIF(v.reason, ''), v.becomes)
            WHEN g.state = 'in_doubt' AND v.becomes IN ('received', 'submitted') AND NOT v.alert THEN ''
            ELSE g.alert_reason END,
        ended_at = CASE WHEN v.becomes IN ('executed', 'rejected', 'cancelled', 'expired')
            THEN coalesce(g.ended_at, clock_timestamp()) END
    FROM verdict v
    WHERE g.group_name = @group::text AND g.id = v.signal AND v.what IN ('recorded', 'late')
    RETURNING g.id, g.state, g.version
), noted AS (
    UPDATE attempts p
    SET state = CASE v.what WHEN 'recorded' THEN v.outcome ELSE p.state END,
        outcome = CASE v.what WHEN 'recorded' THEN v.outcome ELSE p.outcome END,
        late_outcome = CASE v.what WHEN 'late' THEN v.outcome ELSE p.late_outcome END,
        broker_order_id = coalesce(NULLIF(v.broker_order_id, ''), p.broker_order_id),
        broker_detail = coalesce(NULLIF(v.broker_detail, ''), p.broker_detail),
        recorded_by = v.token, recorded_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM verdict v
    WHERE p.group_name = @group::text AND p.signal = v.signal AND p.attempt = v.attempt
      AND v.what IN ('recorded', 'late')
)
SELECT v.signal, v.what <> 'refused', v.what <> 'refused' AND v.of_void, coalesce(m.state, v.state, ''),
       coalesce(m.version, v.is_version, 0),
       @one_open::boolean AND v.what <> 'refused'
           AND coalesce(m.state, v.state) IN ('executed', 'rejected', 'cancelled', 'expired')
           AND EXISTS (` + waitsSQL + `)
FROM verdict v LEFT JOIN moved m ON m.id = v.signal`

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

// recordAsk is an outcome that is to be recorded.
type recordAsk struct {
	effect *core.Effect
	note   BrokerNote
}

// records are outcomes that are recorded together.
type records = together[recordAsk, []core.Input]

// recordsFit tells whether two outcomes may be recorded by one statement.
func recordsFit(a, b recordAsk) bool { return a.effect.Signal != b.effect.Signal }

// record takes an outcome into the ledger. It is guarded by the attempt, not
// by the epoch: a deposed leader may still tell what became of an order that
// it has sent. Where the next signal of the instrument has waited for that,
// the answer says that there is work, so that it need not wait for a sweep.
// Outcomes that come while others are being recorded are recorded together.
func (l *Ledger) record(ctx context.Context, e *core.Effect) ([]core.Input, error) {
	id := attemptID{e.Signal, e.Attempt}
	inputs, err := l.records.add(ctx, recordAsk{e, l.orders.noted(id)}, l.write)
	if err == nil && inputs[0].Kind == core.OutcomeWasRecorded {
		l.orders.forget(id)
		// A canary shows that the way is free, not that anything was traded.
		if o, listed := l.orders.find(e.Signal); !listed || o.Type != canaryType {
			l.worked.Store(time.Now().UnixNano())
		}
	}
	return inputs, err
}

// recordArgs are the arguments of recordSQL: an array for each column.
func (l *Ledger) recordArgs(all []*question[recordAsk, []core.Input]) args {
	numbers, words, truths := map[string][]int64{}, map[string][]string{}, map[string][]bool{}
	for _, one := range all {
		e := one.ask.effect
		from, next := outcomeArrows(e.State, e.Attempt)
		reason := ""
		if e.Reason != core.NoReason {
			reason = e.Reason.String()
		}
		for name, n := range map[string]int64{
			"signals": int64(e.Signal), "attempts": int64(e.Attempt), "versions": int64(e.Version),
		} {
			numbers[name] = append(numbers[name], n)
		}
		for name, word := range map[string]string{
			"tokens": l.text(e.Token), "outcomes": e.State.String(), "froms": strings.Join(from, ","),
			"nexts": next.String(), "reasons": reason,
			"broker_order_ids": one.ask.note.OrderID, "broker_details": one.ask.note.Detail,
		} {
			words[name] = append(words[name], word)
		}
		truths["alerts"] = append(truths["alerts"], e.Alert)
		truths["facts"] = append(truths["facts"], brokerSaid(e.State))
	}
	a := args{"group": l.opt.Group, "one_open": l.opt.OneOpen}
	for name, list := range numbers {
		a[name] = list
	}
	for name, list := range words {
		a[name] = list
	}
	for name, list := range truths {
		a[name] = list
	}
	return a
}

// recordAnswer is what the ledger says to one outcome.
type recordAnswer struct {
	recorded bool
	// late tells that the outcome is of a void attempt, now or when it was recorded: it
	// has raised the alert.
	late    bool
	word    string
	version int64
	// waits tells that the end of the signal makes it another one's turn.
	waits bool
}

// write records outcomes in one transaction.
func (l *Ledger) write(ctx context.Context, all []*question[recordAsk, []core.Input]) error {
	a := l.recordArgs(all)
	answers := map[int64]recordAnswer{}
	t := l.begin(core.Record.String(), durably)
	t.add(lockSignalsSQL, a)
	t.add(recordSQL, a).Query(func(rows pgx.Rows) error {
		var (
			signal int64
			one    recordAnswer
		)
		into := []any{&signal, &one.recorded, &one.late, &one.word, &one.version, &one.waits}
		_, err := pgx.ForEachRow(rows, into, func() error {
			answers[signal] = one
			return nil
		})
		return err
	})
	if err := l.run(ctx, l.work, t); err != nil {
		return err
	}
	for _, one := range all {
		answer, ok := answers[int64(one.ask.effect.Signal)]
		if !ok {
			one.err = errors.New("record: the ledger does not say what became of it")
			continue
		}
		one.answer, one.err = answer.inputs(one.ask.effect)
	}
	return nil
}

// inputs makes the answer inputs of the node that asked, its own one first.
func (r *recordAnswer) inputs(e *core.Effect) ([]core.Input, error) {
	in := core.Input{Kind: core.RecordWasRefused, Signal: e.Signal, Attempt: e.Attempt}
	if r.word == "" {
		return []core.Input{in}, nil
	}
	state, err := parseState(r.word)
	if err != nil {
		return nil, err
	}
	in.State, in.Version = state, uint32(r.version)
	if r.recorded {
		in.Kind = core.OutcomeWasRecorded
	}
	if r.late {
		in.Flags |= core.Late
	}
	if r.waits {
		return []core.Input{in, {Kind: core.WorkHeard}}, nil
	}
	return []core.Input{in}, nil
}
