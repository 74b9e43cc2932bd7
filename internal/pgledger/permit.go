package pgledger

import (
	"context"
	"errors"

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

// permitSQL grants a permit: the signal, still received and as it was read,
// with no attempt standing and nothing of its instrument in its way, becomes
// submitting, and the intent is written down.
const permitSQL = `
WITH fence AS MATERIALIZED (` + fenceSQL + `), moved AS (
    UPDATE signals s
    SET state = 'submitting', version = s.version + 1, attempt = @attempt::bigint,
        updated_at = clock_timestamp()
    FROM fence f
    WHERE s.group_name = f.group_name AND s.id = @signal::bigint
      AND s.state = 'received' AND s.version = @version::bigint AND s.attempt + 1 = @attempt::bigint
      AND (s.valid_until IS NULL OR s.valid_until > clock_timestamp())
      AND NOT EXISTS (SELECT FROM attempts e
                      WHERE e.group_name = s.group_name AND e.signal = s.id AND e.state <> 'void')
      AND (NOT @one_open::boolean OR NOT EXISTS (` + inTheWaySQL + `))
    RETURNING s.id, s.version
), intent AS (
    INSERT INTO attempts (group_name, signal, attempt, client_order_id, epoch, token, send_by, fence_seq)
    SELECT @group::text, m.id, @attempt::bigint, @client_order_id::text, @epoch::bigint, @token::text,
           clock_timestamp() + @send_by::bigint * interval '1 microsecond', nextval('fence_seq')
    FROM moved m
)` + permitAnswerSQL

// resendSQL grants a second send of the same attempt, under the same order id
// and the current epoch: only where the broker is known to tell such a repeat
// from a new order.
const resendSQL = `
WITH fence AS MATERIALIZED (` + fenceSQL + `), moved AS (
    UPDATE signals s
    SET state = 'submitting', version = s.version + 1, updated_at = clock_timestamp()
    FROM fence f
    WHERE s.group_name = f.group_name AND s.id = @signal::bigint
      AND s.state = 'in_doubt' AND s.version = @version::bigint AND s.attempt = @attempt::bigint
      AND (s.valid_until IS NULL OR s.valid_until > clock_timestamp())
      AND EXISTS (SELECT FROM attempts e WHERE e.group_name = s.group_name AND e.signal = s.id
                  AND e.attempt = s.attempt AND e.state = 'in_doubt')
      AND (NOT @one_open::boolean OR NOT EXISTS (` + inTheWayAgainSQL + `))
    RETURNING s.id, s.version
), intent AS (
    UPDATE attempts p
    SET state = 'submitting', epoch = @epoch::bigint, token = @token::text, resends = p.resends + 1,
        send_by = clock_timestamp() + @send_by::bigint * interval '1 microsecond',
        fence_seq = nextval('fence_seq'), permitted_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM moved m
    WHERE p.signal = m.id AND p.attempt = @attempt::bigint
)` + permitAnswerSQL

// permitAnswerSQL tells what came of it. Only where nothing moved it asks why,
// which leaves a refusal if the epoch or its tenure was the cause.
const permitAnswerSQL = `
SELECT v.version, coalesce(r.epoch, 0), coalesce(r.reason, ''), coalesce(r.control_mode, 'run'),
       ` + refusedColumns + `
FROM (SELECT coalesce(max(m.version), 0) AS version, count(*) > 0 AS done FROM moved m) v` + refusedSQL

// lockSignalSQL takes the signal's row. What is to be decided about it is
// decided by the next statement, which waits for nothing.
const lockSignalSQL = `
SELECT 1 FROM signals WHERE group_name = @group::text AND id = @signal::bigint FOR NO KEY UPDATE`

// permit asks for the right to send one order, once.
func (l *Ledger) permit(ctx context.Context, e *core.Effect) (core.Input, error) {
	// A signal that is gone is refused below like one whose state has changed.
	order, err := l.Order(ctx, e.Signal)
	if err != nil && !errors.Is(err, ErrNoSignal) {
		return core.Input{}, err
	}
	a := l.processArgs(core.Permit, e)
	a["version"], a["attempt"] = int64(e.Version), int64(e.Attempt)
	a["client_order_id"] = order.ClientOrderID(e.Attempt)
	a["send_by"], a["one_open"] = l.opt.SendBy.Microseconds(), l.opt.OneOpen
	sql := permitSQL
	if e.Resend {
		sql = resendSQL
	}
	t := l.begin(core.Permit.String(), durably)
	t.add(lockSharedSQL, args{"key": l.key})
	if l.opt.OneOpen {
		t.add(lockInstrumentSQL, a)
	} else {
		t.add(manyOpenSQL, nil)
	}
	t.add(lockSignalSQL, a)
	var (
		version, current int64
		reason, control  string
		why              refusal
	)
	t.row(sql, a, &version, &current, &reason, &control, &why.accepted, &why.system, &why.timeline)
	if err := l.run(ctx, l.work, t); err != nil {
		return core.Input{}, err
	}
	mode, err := parseControl(control)
	if err != nil {
		return core.Input{}, err
	}
	in := core.Input{Signal: e.Signal, Control: mode}
	switch {
	case version != 0:
		in.Kind, in.Attempt, in.Version = core.PermitWasGranted, e.Attempt, uint32(version)
		return in, nil
	case reason != "":
		in.Reason = parseReason(reason)
		why.tell(&in)
	case mode != core.Run:
		in.Reason = core.ControlMode
	default:
		in.Reason = core.StateChanged
	}
	in.Kind, in.Epoch = core.PermitWasRefused, core.Epoch(current)
	return in, nil
}
