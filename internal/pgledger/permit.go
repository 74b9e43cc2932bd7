package pgledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// fenceSQL is the fence: a row only for the epoch that is the current one, its
// holder's own token, an open tenure, and control mode run. The statement that
// reads it stands behind the one that took the lock.
const fenceSQL = `
    SELECT a.group_name, a.epoch, a.token FROM authority a
    WHERE a.group_name = @group::text
      AND a.epoch = @epoch::bigint AND a.token = @token::text
      AND a.open
      AND a.control_mode = 'run'`

// askedSQL lists what is asked for: permits of one leader under one epoch, each
// for another signal.
const askedSQL = `
WITH asked AS MATERIALIZED (
    SELECT q.* FROM unnest(@signals::bigint[], @versions::bigint[], @attempts::bigint[], @order_ids::text[])
        AS q (signal, version, attempt, client_order_id)
)`

// permitSQL grants permits: each signal that is still received and as it was read,
// with no attempt standing and nothing of its instrument in its way, becomes
// submitting, and the intent is written down.
const permitSQL = askedSQL + `, fence AS MATERIALIZED (` + fenceSQL + `), moved AS (
    UPDATE signals s
    SET state = 'submitting', version = s.version + 1, attempt = q.attempt,
        updated_at = clock_timestamp()
    FROM fence f, asked q
    WHERE s.group_name = f.group_name AND s.id = q.signal
      AND s.state = 'received' AND s.version = q.version AND s.attempt + 1 = q.attempt
      AND (s.valid_until IS NULL OR s.valid_until > clock_timestamp())
      AND NOT EXISTS (SELECT FROM attempts e
                      WHERE e.group_name = s.group_name AND e.signal = s.id AND e.state <> 'void')
      AND (NOT @one_open::boolean OR NOT EXISTS (` + inTheWaySQL + `))
    RETURNING s.id, s.version, q.attempt, q.client_order_id
), intent AS (
    INSERT INTO attempts (group_name, signal, attempt, client_order_id, epoch, token, send_by, fence_seq)
    SELECT @group::text, m.id, m.attempt, m.client_order_id, @epoch::bigint, @token::text,
           clock_timestamp() + @send_by::bigint * interval '1 microsecond', nextval('fence_seq')
    FROM moved m
)` + permitAnswerSQL

// resendSQL grants second sends of the same attempts, under the same order ids
// and the current epoch: only where the broker is known to tell such a repeat
// from a new order.
const resendSQL = askedSQL + `, fence AS MATERIALIZED (` + fenceSQL + `), moved AS (
    UPDATE signals s
    SET state = 'submitting', version = s.version + 1, updated_at = clock_timestamp()
    FROM fence f, asked q
    WHERE s.group_name = f.group_name AND s.id = q.signal
      AND s.state = 'in_doubt' AND s.version = q.version AND s.attempt = q.attempt
      AND (s.valid_until IS NULL OR s.valid_until > clock_timestamp())
      AND EXISTS (SELECT FROM attempts e WHERE e.group_name = s.group_name AND e.signal = s.id
                  AND e.attempt = s.attempt AND e.state = 'in_doubt')
      AND (NOT @one_open::boolean OR NOT EXISTS (` + inTheWayAgainSQL + `))
    RETURNING s.id, s.version, q.attempt
), intent AS (
    UPDATE attempts p
    SET state = 'submitting', epoch = @epoch::bigint, token = @token::text, resends = p.resends + 1,
        send_by = clock_timestamp() + @send_by::bigint * interval '1 microsecond',
        fence_seq = nextval('fence_seq'), permitted_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM moved m
    WHERE p.signal = m.id AND p.attempt = m.attempt
)` + permitAnswerSQL

// permitAnswerSQL tells what came of each. Only where nothing moved it asks why,
// which leaves a refusal if the epoch or its tenure was the cause.
const permitAnswerSQL = `
SELECT q.signal, coalesce(m.version, 0), coalesce(r.epoch, 0), coalesce(r.reason, ''),
       coalesce(r.control_mode, 'run'), ` + refusedColumns + `
FROM asked q LEFT JOIN moved m ON m.id = q.signal
LEFT JOIN LATERAL (
    SELECT f.* FROM effect_refused(@group::text, @op::text, @epoch::bigint, @token::text, q.signal) f
    WHERE m.id IS NULL
) r ON true`

// lockSignalSQL takes the signal's row. What is to be decided about it is
// decided by the next statement, which waits for nothing.
const lockSignalSQL = `
SELECT 1 FROM signals WHERE group_name = @group::text AND id = @signal::bigint FOR NO KEY UPDATE`

// lockSignalsSQL does so for several, in the order of their ids: whoever else takes
// several waits for them in one direction.
const lockSignalsSQL = `
SELECT 1 FROM signals WHERE group_name = @group::text AND id = ANY (@signals::bigint[])
ORDER BY id FOR NO KEY UPDATE`

// permitAsk is a permit that is asked for.
type permitAsk struct {
	effect *core.Effect
	order  Order
}

// permits are permits that are granted together.
type permits = together[permitAsk, core.Input]

// permitsFit tells whether two permits may be asked for by one statement: one
// leader's under one epoch, for two signals, and for two instruments if one signal of
// an instrument is open at a time: the statement sees each as they all were before.
func (l *Ledger) permitsFit(a, b permitAsk) bool {
	return a.effect.Signal != b.effect.Signal && a.effect.Epoch == b.effect.Epoch &&
		a.effect.Token == b.effect.Token && a.effect.Resend == b.effect.Resend &&
		(!l.opt.OneOpen || a.order.Instrument != b.order.Instrument)
}

// permit asks for the right to send one order, once. Permits that are asked for
// while others are being granted are granted together.
func (l *Ledger) permit(ctx context.Context, e *core.Effect) (core.Input, error) {
	// A signal that is gone is refused below like one whose state has changed.
	order, err := l.Order(ctx, e.Signal)
	if err != nil && !errors.Is(err, ErrNoSignal) {
		return core.Input{}, err
	}
	return l.permits.add(ctx, permitAsk{e, order}, l.grant)
}

// permitAnswer is what the ledger says to one permit.
type permitAnswer struct {
	version, current int64
	reason, control  string
	why              refusal
}

// grant asks for permits in one transaction.
func (l *Ledger) grant(ctx context.Context, all []*question[permitAsk, core.Input]) error {
	a := l.processArgs(core.Permit, all[0].ask.effect)
	a["send_by"], a["one_open"] = l.opt.SendBy.Microseconds(), l.opt.OneOpen
	signals, versions := make([]int64, len(all)), make([]int64, len(all))
	attempts, orderIDs := make([]int64, len(all)), make([]string, len(all))
	for i, one := range all {
		e := one.ask.effect
		signals[i], versions[i] = int64(e.Signal), int64(e.Version)
		attempts[i], orderIDs[i] = int64(e.Attempt), one.ask.order.ClientOrderID(e.Attempt)
	}
	a["signals"], a["versions"], a["attempts"], a["order_ids"] = signals, versions, attempts, orderIDs
	sql := permitSQL
	if all[0].ask.effect.Resend {
		sql = resendSQL
	}
	answers := map[int64]permitAnswer{}
	t := l.begin(core.Permit.String(), durably)
	t.add(lockSharedSQL, args{"key": l.key})
	if l.opt.OneOpen {
		t.add(lockInstrumentsSQL, a)
	} else {
		t.add(manyOpenSQL, nil)
	}
	t.add(lockSignalsSQL, a)
	t.add(sql, a).Query(func(rows pgx.Rows) error { return readPermits(rows, answers) })
	if err := l.run(ctx, l.work, t); err != nil {
		return err
	}
	for i, one := range all {
		answer, ok := answers[signals[i]]
		if !ok {
			one.err = errors.New("permit: the ledger does not say what became of it")
			continue
		}
		one.answer, one.err = answer.input(one.ask.effect)
	}
	return nil
}

// readPermits reads what came of permits.
func readPermits(rows pgx.Rows, answers map[int64]permitAnswer) error {
	var (
		signal int64
		one    permitAnswer
	)
	into := []any{
		&signal, &one.version, &one.current, &one.reason, &one.control,
		&one.why.accepted, &one.why.system, &one.why.timeline,
	}
	_, err := pgx.ForEachRow(rows, into, func() error {
		answers[signal] = one
		return nil
	})
	return err
}

// input makes the answer an input of the node that asked.
func (p *permitAnswer) input(e *core.Effect) (core.Input, error) {
	mode, err := parseControl(p.control)
	if err != nil {
		return core.Input{}, err
	}
	in := core.Input{Signal: e.Signal, Control: mode}
	switch {
	case p.version != 0:
		in.Kind, in.Attempt, in.Version = core.PermitWasGranted, e.Attempt, uint32(p.version)
		return in, nil
	case p.reason != "":
		in.Reason = parseReason(p.reason)
		p.why.tell(&in)
	case mode != core.Run:
		in.Reason = core.ControlMode
	default:
		in.Reason = core.StateChanged
	}
	in.Kind, in.Epoch = core.PermitWasRefused, core.Epoch(p.current)
	return in, nil
}
