package pgledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/reconcile"
)

// Reconciler is who sets the control mode to halt when the broker has an order that
// the ledger does not know.
const Reconciler = "reconciler"

// keepFindingsSQL writes down what was not seen before.
const keepFindingsSQL = `
INSERT INTO reconcile_findings (group_name, kind, client_order_id, broker_order_id, signal, attempt,
    broker_state, ledger_state, symbol, side, quantity, detail, halted, pass, found_by, after_control)
SELECT @group::text, f.kind, f.client_order_id, f.broker_order_id, f.signal, f.attempt,
    f.broker_state, f.ledger_state, f.symbol, f.side, f.quantity, f.detail, f.halts, @pass::text, @by::text,
    coalesce((SELECT max(h.id) FROM control_history h WHERE h.group_name = @group::text), 0)
FROM unnest(@kinds::text[], @client_ids::text[], @broker_ids::text[], @signals::bigint[], @attempts::bigint[],
    @broker_states::text[], @ledger_states::text[], @symbols::text[], @sides::text[], @quantities::text[],
    @details::text[], @halts::boolean[])
  AS f (kind, client_order_id, broker_order_id, signal, attempt, broker_state, ledger_state, symbol, side,
    quantity, detail, halts)
ON CONFLICT ON CONSTRAINT reconcile_findings_once DO NOTHING`

// haltForFindingsSQL is setControlSQL if this comparison was the first to find an
// order that halts.
const haltForFindingsSQL = `
WITH found AS (
    SELECT f.detail, f.client_order_id, f.broker_order_id FROM reconcile_findings f
    WHERE f.group_name = @group::text AND f.pass = @pass::text AND f.halted ORDER BY f.id
), said AS (
    SELECT (SELECT count(*) FROM found) AS orders,
        (SELECT 'order ' || NULLIF(client_order_id, '') || ' ' FROM found LIMIT 1) AS ours,
        (SELECT '(the broker''s ' || broker_order_id || '): ' || detail FROM found LIMIT 1) AS theirs
), changed AS (
    UPDATE authority SET control_mode = 'halt', control_by = @by_whom::text,
        control_reason = coalesce(said.ours, 'order ') || said.theirs
            || CASE WHEN said.orders > 1 THEN ', and ' || said.orders - 1 || ' more' ELSE '' END,
        control_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM said
    WHERE group_name = @group::text AND said.orders > 0
    RETURNING group_name, control_reason
), kept AS (
    INSERT INTO control_history (group_name, mode, reason, set_by, fence_seq)
    SELECT group_name, 'halt', control_reason, @by_whom::text, nextval('fence_seq') FROM changed
    RETURNING id
)
SELECT EXISTS (SELECT FROM kept)`

// seenFindingsSQL reads what is known of findings. One is acknowledged by the next
// change of the control mode to run: nobody sets that without having looked.
const seenFindingsSQL = `
SELECT f.kind, f.client_order_id, f.broker_order_id, f.signal,
    EXISTS (SELECT FROM control_history h WHERE h.group_name = f.group_name AND h.mode = 'run'
            AND h.id > f.after_control)
FROM reconcile_findings f
JOIN unnest(@kinds::text[], @client_ids::text[], @broker_ids::text[], @signals::bigint[])
  AS k (kind, client_order_id, broker_order_id, signal)
  ON f.kind = k.kind AND f.client_order_id = k.client_order_id
     AND f.broker_order_id = k.broker_order_id AND f.signal = k.signal
WHERE f.group_name = @group::text`

// findingArgs are the arguments by which findings are known.
func findingArgs(group string, findings []reconcile.Finding) args {
	kinds, clients, brokers, signals := []string{}, []string{}, []string{}, []int64{}
	for i := range findings {
		f := &findings[i]
		kinds, clients = append(kinds, string(f.Kind)), append(clients, f.ClientOrderID)
		brokers, signals = append(brokers, f.OrderID), append(signals, int64(f.Signal))
	}
	return args{
		"group": group, "kinds": kinds, "client_ids": clients, "broker_ids": brokers, "signals": signals,
	}
}

// KeepFindings writes down the findings that were not seen before, and sets the
// control mode to halt if one of these is an order that the ledger does not know:
// both in one transaction that holds the group's lock, so that the same order never
// halts twice and none is written down without its halt. pass names the comparison.
func (l *Ledger) KeepFindings(
	ctx context.Context, pass, by string, findings []reconcile.Finding,
) (halted bool, err error) {
	if len(findings) == 0 {
		return false, nil
	}
	a := findingArgs(l.opt.Group, findings)
	attempts, halts := []int64{}, []bool{}
	texts := map[string][]string{}
	for i := range findings {
		f := &findings[i]
		attempts, halts = append(attempts, int64(f.Attempt)), append(halts, f.Kind.Halts())
		for name, text := range map[string]string{
			"broker_states": f.Broker, "ledger_states": f.Ledger, "symbols": f.Symbol, "sides": f.Side,
			"quantities": f.Quantity, "details": f.Detail,
		} {
			texts[name] = append(texts[name], text)
		}
	}
	for name, column := range texts {
		a[name] = column
	}
	a["attempts"], a["halts"] = attempts, halts
	a["pass"], a["by"], a["by_whom"] = pass, by, Reconciler
	t := l.begin("reconcile", durably)
	t.add(lockExclusiveSQL, args{"key": l.key})
	t.add(ensureAuthoritySQL, a)
	t.add(lockAuthoritySQL, a)
	t.add(keepFindingsSQL, a)
	t.row(haltForFindingsSQL, a, &halted)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return false, fmt.Errorf("keep findings: %w", err)
	}
	return halted, nil
}

// SeenFindings marks which findings were never written down, and which a person has
// seen to.
func (l *Ledger) SeenFindings(ctx context.Context, findings []reconcile.Finding) error {
	type seen struct {
		reference    reconcile.Reference
		acknowledged bool
	}
	found, err := list(ctx, l, "reconcile", seenFindingsSQL, findingArgs(l.opt.Group, findings),
		func(r pgx.CollectableRow) (seen, error) {
			var (
				s      seen
				signal int64
			)
			err := r.Scan(&s.reference.Kind, &s.reference.ClientOrderID, &s.reference.OrderID, &signal,
				&s.acknowledged)
			s.reference.Signal = core.SignalID(signal)
			return s, err
		})
	if err != nil {
		return fmt.Errorf("read findings: %w", err)
	}
	known := make(map[reconcile.Reference]seen, len(found))
	for _, s := range found {
		known[s.reference] = s
	}
	for i := range findings {
		s, ok := known[findings[i].Reference()]
		findings[i].Fresh, findings[i].Acknowledged = !ok, s.acknowledged
	}
	return nil
}
