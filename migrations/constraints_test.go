package migrations_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fencepost/internal/testbed"
	"fencepost/migrations"
)

// lawful is a ledger in which everything is as it should be: epoch 1 was led by
// n1 and closed, epoch 2 is led by n2; signal 1 was executed, signal 2 is in
// doubt, 3 and 4 were received, 5 is held, 6 has a void attempt.
const lawful = `
INSERT INTO authority (group_name) VALUES ('g'), ('empty');
UPDATE authority SET epoch = 1, holder = 'n1', nonce = '0a', acquisition = 1, open = true, taken_at = 'epoch',
    fence_seq = 1 WHERE group_name = 'g';
INSERT INTO leadership_history (group_name, epoch, instance_id, token, became_leader_at, fence_seq)
    VALUES ('g', 1, 'n1', 'n1|0a|1', 'epoch', 1);
UPDATE authority SET open = false WHERE group_name = 'g';
UPDATE leadership_history SET released_leader_at = 'epoch'::timestamptz + interval '90 s',
    release_reason = 'graceful_shutdown', release_fence_seq = 2 WHERE group_name = 'g';
UPDATE authority SET epoch = 2, holder = 'n2', nonce = '0b', acquisition = 1, open = true,
    taken_at = 'epoch'::timestamptz + interval '100 s', fence_seq = 3 WHERE group_name = 'g';
INSERT INTO leadership_history (group_name, epoch, instance_id, token, became_leader_at, fence_seq)
    VALUES ('g', 2, 'n2', 'n2|0b|1', 'epoch'::timestamptz + interval '100 s', 3);
INSERT INTO instance_metadata (group_name, instance_id, nonce, is_leader, leader_acquired_at, status)
    VALUES ('g', 'n1', '0a', false, NULL, 'follower'), ('g', 'n2', '0b', true, 'epoch', 'leader');
INSERT INTO signals (id, group_name, key, type, instrument, position, "timestamp", payload, state)
    SELECT n, 'g', 'k' || n, 'EXIT', 'NIFTY', 'LONG', 't', 'p', CASE n WHEN 5 THEN 'held' ELSE 'received' END
    FROM generate_series(1, 6) n;
INSERT INTO attempts (group_name, signal, attempt, client_order_id, epoch, token, send_by, fence_seq)
    VALUES ('g', 1, 1, 'o1', 2, 'n2|0b|1', 'epoch', 4), ('g', 2, 1, 'o2', 2, 'n2|0b|1', 'epoch', 5),
           ('g', 6, 1, 'o6', 2, 'n2|0b|1', 'epoch', 6);
UPDATE signals SET state = 'submitting', version = 2, attempt = 1 WHERE id = 6;
UPDATE signals SET state = 'received', version = 3 WHERE id = 6;
UPDATE signals SET state = 'submitting', version = 2, attempt = 1 WHERE id = 1;
UPDATE signals SET state = 'executed', version = 3, ended_at = clock_timestamp() WHERE id = 1;
UPDATE signals SET state = 'submitting', version = 2, attempt = 1 WHERE id = 2;
UPDATE signals SET state = 'in_doubt', version = 3 WHERE id = 2;
UPDATE attempts SET state = CASE signal WHEN 1 THEN 'executed' WHEN 2 THEN 'in_doubt' ELSE 'void' END;
INSERT INTO fence_refusals (group_name, op, epoch, current_epoch, token, reason)
    VALUES ('g', 'permit', 1, 2, 'n1|0a|1', 'superseded');
INSERT INTO control_history (group_name, mode, reason, set_by, fence_seq) VALUES ('g', 'run', 'r', 'b', 6);
UPDATE authority SET accepted = 1 WHERE group_name = 'g';
INSERT INTO authority_acceptances (group_name, accepted, accepted_by, reason, epoch_found, epoch_left,
    system_identifier, timeline) VALUES ('g', 1, 'b', 'r', 2, 2, 3, 4);
INSERT INTO authority_lineages VALUES ('g', 3, 4, '-infinity');
INSERT INTO decisions
    (group_name, signal, attempt, from_state, outcome, to_state, version, decided_by, reason)
    VALUES ('g', 6, 1, 'in_doubt', 'void', 'received', 3, 'b', 'r');
SELECT setval(pg_get_serial_sequence('signals', 'id'), 100);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;`

// broken are attempts to break each rule, by the rule's name. The statement
// must fail and the error carry that name.
var broken = map[string][]string{
	"instance_metadata_pkey": {
		`INSERT INTO instance_metadata (group_name, instance_id, nonce) VALUES ('g', 'n1', '0a')`,
	},
	"instance_metadata_group_named": {`UPDATE instance_metadata SET group_name = ''`},
	"instance_metadata_id_has_no_bar": {
		`INSERT INTO instance_metadata (instance_id) VALUES ('a|b')`,
		`INSERT INTO instance_metadata (instance_id) VALUES ('')`,
	},
	"instance_metadata_status_known": {`UPDATE instance_metadata SET status = 'boss'`},
	"instance_metadata_leader_since": {`UPDATE instance_metadata SET leader_acquired_at = NULL`},
	"instance_metadata_one_leader": {
		`UPDATE instance_metadata SET is_leader = true, leader_acquired_at = 'epoch'
		 WHERE instance_id = 'n1'`,
	},

	"leadership_history_pkey": {addTenure(`id`, `(SELECT min(id) FROM leadership_history)`, `3`)},
	"leadership_history_one_row_per_epoch": {
		// Two takers at once are both told that 3 follows 2; the key lets one through.
		`ALTER TABLE leadership_history DISABLE TRIGGER leadership_history_epochs_contiguous; ` +
			addTenure(`released_leader_at, release_reason, release_fence_seq`, `'2100-01-01', 'x', 9`, `2`),
	},
	"leadership_history_epoch_positive": {
		`ALTER TABLE leadership_history DISABLE TRIGGER leadership_history_epochs_contiguous; ` +
			addTenure(`released_leader_at, release_reason, release_fence_seq`, `'2100-01-01', 'x', 9`, `0`),
	},
	"leadership_history_epochs_contiguous": {
		addTenure(`reason`, `'election'`, `4`), addTenure(`reason`, `'election'`, `2`),
		addTenure(`reason`, `'election'`, `-1`),
	},
	"leadership_history_kind_known": {addTenure(`kind`, `'paper'`, `3`)},
	"leadership_history_ends_after_it_began": {
		`UPDATE leadership_history
		 SET released_leader_at = 'epoch', release_reason = 'x', release_fence_seq = 9
		 WHERE epoch = 2`,
	},
	"leadership_history_closed_with_reason": {
		`UPDATE leadership_history SET released_leader_at = '2100-01-01' WHERE epoch = 2`,
		`UPDATE leadership_history SET release_reason = 'x' WHERE epoch = 2`,
	},
	"leadership_history_reason_is_a_word": {
		`UPDATE leadership_history SET released_leader_at = '2100-01-01', release_reason = 'I do not know',
		 release_fence_seq = 9 WHERE epoch = 2`,
		addTenure(`reason`, `''`, `3`),
	},
	"leadership_history_one_open_tenure": {addTenure(`reason`, `'election'`, `3`)},
	"leadership_history_append_only": {
		`UPDATE leadership_history SET instance_id = 'n9' WHERE epoch = 2`,
		`UPDATE leadership_history SET released_leader_at = '2100-01-01' WHERE epoch = 1`,
		`UPDATE leadership_history
		 SET released_leader_at = NULL, release_reason = NULL, release_fence_seq = NULL
		 WHERE epoch = 1`,
		`DELETE FROM leadership_history WHERE epoch = 1`,
		`TRUNCATE leadership_history`,
	},

	"authority_pkey":        {`INSERT INTO authority (group_name) VALUES ('g')`},
	"authority_group_named": {`INSERT INTO authority (group_name) VALUES ('')`},
	"authority_kind_known":  {take(`kind = 'paper'`)},
	"authority_open_has_holder": {
		take(`holder = ''`), take(`nonce = ''`), take(`acquisition = 0`),
		take(`taken_at = NULL::timestamptz`),
	},
	"authority_pg_lease_of_kind_pg": {
		take(`kind = 'pg'`), take(`pg_lease_until = 'infinity'::timestamptz`),
	},
	"authority_control_mode_known": {`UPDATE authority SET control_mode = 'stop'`},
	"authority_protocol_range": {
		`UPDATE authority SET protocol_min = 2, protocol_max = 1`,
		`UPDATE authority SET protocol_max = 70000`,
		`UPDATE authority SET protocol_min = -1`,
	},
	"authority_epoch_rises_by_one": {
		take(`epoch = 1`), take(`epoch = 4`), `INSERT INTO authority (group_name, epoch) VALUES ('new', 1)`,
	},
	"authority_holder_changes_with_epoch": {
		take(`epoch = 2`),
		`UPDATE authority SET open = false; UPDATE authority SET open = true WHERE group_name = 'g'`,
		`UPDATE authority SET group_name = 'h' WHERE group_name = 'g'`,
	},
	"authority_acceptances_count_up": {
		`UPDATE authority SET accepted = 0 WHERE group_name = 'g'`,
		`UPDATE authority SET accepted = 3 WHERE group_name = 'g'`,
	},
	"authority_acceptances_pkey":         {accept(`id`, `(SELECT min(id) FROM authority_acceptances)`, `2`)},
	"authority_acceptances_one_row_each": {accept(`id`, `9`, `1`)},
	"authority_acceptances_say_who_and_why": {
		`INSERT INTO authority_acceptances SELECT 9, 'g', 2, '', 'r', 2, 2, 3, 4`,
		`INSERT INTO authority_acceptances SELECT 9, 'g', 2, 'b', '', 2, 2, 3, 4`,
	},
	"authority_lineages_pkey": {
		`INSERT INTO authority_lineages VALUES ('g', 3, 4, clock_timestamp())`,
	},
	"authority_lineages_append_only": {
		`UPDATE authority_lineages SET first_seen_at = 'epoch'`, `DELETE FROM authority_lineages`,
		`TRUNCATE authority_lineages`,
	},
	"authority_acceptances_append_only": {
		`UPDATE authority_acceptances SET reason = 'another'`, `DELETE FROM authority_acceptances`,
		`TRUNCATE authority_acceptances`,
	},
	"authority_is_never_deleted": {`DELETE FROM authority`, `TRUNCATE authority`},
	"authority_agrees_with_history": {
		take(`open = true`),
		`UPDATE authority SET open = false WHERE group_name = 'g'`,
		`UPDATE leadership_history
		 SET released_leader_at = '2100-01-01', release_reason = 'x', release_fence_seq = 9
		 WHERE epoch = 2`,
		`INSERT INTO leadership_history (group_name, epoch, instance_id, token, became_leader_at, fence_seq)
		 VALUES ('empty', 1, 'n1', 'n1|0a|1', 'epoch', 9)`,
		// The successor's row is there, but the predecessor's was left open.
		`ALTER TABLE leadership_history DISABLE TRIGGER USER;
		 UPDATE authority SET epoch = 3, open = false WHERE group_name = 'g';
		 INSERT INTO leadership_history (group_name, epoch, instance_id, token, became_leader_at, fence_seq,
		     released_leader_at, release_reason, release_fence_seq)
		 VALUES ('g', 3, 'n2', 'n2|0b|1', 'epoch', 9, '2100-01-01', 'x', 9)`,
	},

	"fence_refusals_pkey":         {`INSERT INTO fence_refusals SELECT * FROM fence_refusals`},
	"fence_refusals_reason_known": {logRefusal(`'because'`)},
	"fence_refusals_append_only": {
		`DELETE FROM fence_refusals`, `UPDATE fence_refusals SET epoch = 9`, `TRUNCATE fence_refusals`,
	},
	"control_history_pkey": {`INSERT INTO control_history SELECT * FROM control_history`},
	"control_history_mode_known": {
		`INSERT INTO control_history (group_name, mode, reason, set_by, fence_seq)
		 VALUES ('g', 'stop', 'r', 'b', 9)`,
	},
	"control_history_append_only": {
		`DELETE FROM control_history`, `UPDATE control_history SET mode = 'halt'`, `TRUNCATE control_history`,
	},
	"decisions_pkey":                 {`INSERT INTO decisions SELECT * FROM decisions`},
	"decisions_one_for_each_version": {decide(`'b'`, `'r'`, `3`)},
	"decisions_say_who_and_why":      {decide(`''`, `'r'`, `4`), decide(`'b'`, `''`, `4`)},
	"decisions_append_only": {
		`DELETE FROM decisions`, `UPDATE decisions SET reason = 'another'`,
		`TRUNCATE decisions`,
	},
}

// attempted joins all attempts to break a rule.
func attempted() map[string][]string {
	all := maps.Clone(broken)
	maps.Copy(all, brokenSignals)
	maps.Copy(all, brokenAttempts)
	maps.Copy(all, brokenEvents)
	maps.Copy(all, brokenFindings)
	maps.Copy(all, brokenNotices)
	return all
}

// addTenure writes a further tenure of n3, with more columns.
func addTenure(columns, values, epoch string) string {
	return `INSERT INTO leadership_history
		(group_name, epoch, instance_id, token, became_leader_at, fence_seq, ` + columns + `)
		VALUES ('g', ` + epoch + `, 'n3', 'n3|0c|1', 'epoch', 9, ` + values + `)`
}

// take takes the next epoch by hand; the last settings win.
func take(last string) string {
	return `UPDATE authority SET (epoch, holder, nonce, acquisition, taken_at, kind, open, pg_lease_until) = (
		SELECT x.epoch, x.holder, x.nonce, x.acquisition, x.taken_at, x.kind, x.open, x.pg_lease_until
		FROM (SELECT 3::bigint AS epoch, 'n3' AS holder, '0c' AS nonce, 1::bigint AS acquisition,
			'epoch'::timestamptz AS taken_at, 'redis' AS kind, true AS open,
			NULL::timestamptz AS pg_lease_until) d,
		LATERAL (SELECT ` + overlay(last) + `) x) WHERE group_name = 'g'`
}

// accept logs an acceptance with that number, and one more column.
func accept(column, value, accepted string) string {
	return `INSERT INTO authority_acceptances (group_name, accepted_by, reason, epoch_found, epoch_left,
		system_identifier, timeline, accepted, ` + column + `)
		VALUES ('g', 'b', 'r', 2, 2, 3, 4, ` + accepted + `, ` + value + `)`
}

// decide logs a person's word on signal 6.
func decide(by, reason, version string) string {
	return `INSERT INTO decisions
		(group_name, signal, attempt, from_state, outcome, to_state, version, decided_by, reason)
		VALUES ('g', 6, 1, 'in_doubt', 'void', 'received', ` + version + `, ` + by + `, ` + reason + `)`
}

// logRefusal writes a refusal with the reason given.
func logRefusal(reason string) string {
	return `INSERT INTO fence_refusals (group_name, op, epoch, current_epoch, token, reason)
		VALUES ('g', 'permit', 1, 2, 'n1|0a|1', ` + reason + `)`
}

// TestEveryRuleOfTheSchemaHolds tries to break each rule with plain SQL.
func TestEveryRuleOfTheSchemaHolds(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, dsn)
	for name, statements := range attempted() {
		for _, sql := range statements {
			t.Run(name, func(t *testing.T) { breaks(t, conn, name, sql) })
		}
	}
}

// breaks runs the statement on a lawful ledger and wants it refused by name.
func breaks(t *testing.T, conn *pgx.Conn, name, sql string) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), lawful, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("the lawful ledger: %v", err)
	}
	_, err = tx.Exec(t.Context(), sql+`; SET CONSTRAINTS ALL IMMEDIATE`, pgx.QueryExecModeSimpleProtocol)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		t.Fatalf("%s\nwent through: %v", sql, err)
	}
	if refused.ConstraintName != name {
		t.Errorf("%s\nwas refused by %q: %v", sql, refused.ConstraintName, err)
	}
}

// TestEveryRuleOfTheSchemaIsTried compares the catalogue with the attempts.
func TestEveryRuleOfTheSchemaIsTried(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	rows, err := connect(t, dsn).Query(t.Context(), `
		SELECT c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
		WHERE r.relnamespace = current_schema()::regnamespace AND r.relname <> $1 AND c.contype <> 'n'
		UNION
		SELECT regexp_replace(g.tgname, '_truncate$', '')
		FROM pg_trigger g JOIN pg_class r ON r.oid = g.tgrelid
		WHERE r.relnamespace = current_schema()::regnamespace AND NOT g.tgisinternal
		  AND g.tgfoid <> ALL (ARRAY['ledger_events_follow'::regproc, 'ledger_events_follow_finding',
		      'ledger_events_stored', 'notifications_tell', 'notifications_tell_late'])
		UNION
		SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
		JOIN pg_class r ON r.oid = x.indrelid
		WHERE r.relnamespace = current_schema()::regnamespace AND r.relname <> $1 AND x.indisunique
		ORDER BY 1`, migrations.VersionTable)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	tried := attempted()
	for _, name := range names {
		if len(tried[name]) == 0 {
			t.Errorf("nobody tries to break %s", name)
		}
	}
	for name := range tried {
		if !slices.Contains(names, name) {
			t.Errorf("%s is no rule of the schema", name)
		}
	}
}
