package migrations_test

import "strings"

// brokenSignals are attempts to break the rules about signals, by the rule's
// name.
var brokenSignals = map[string][]string{
	"signals_pkey":     {addSignal(`id`, `1`)},
	"signals_key_once": {addSignal(`received_by`, `'n1'`) + `; ` + addSignal(`received_by`, `'n1'`)},
	"signals_id_in_group": {
		`ALTER TABLE signals DROP CONSTRAINT signals_pkey; ` + addSignal(`id`, `1`),
	},
	"signals_group_named": {
		`INSERT INTO signals (group_name, key, type, instrument, position, "timestamp", payload)
		 VALUES ('', 'k', 'EXIT', 'i', 'p', 't', '')`,
	},
	"signals_key_not_empty": {
		`INSERT INTO signals (key, type, instrument, position, "timestamp", payload)
		 VALUES ('', 'EXIT', 'i', 'p', 't', '')`,
	},
	"signals_state_known": {
		`ALTER TABLE signals DISABLE TRIGGER USER; UPDATE signals SET state = 'lost' WHERE id = 3`,
	},
	"signals_ended_iff_final": {
		moveSignal(`3`, `state = 'expired'`), moveSignal(`3`, `state = 'held', ended_at = 'epoch'`),
		moveSignal(`1`, `ended_at = NULL`), addSignal(`state`, `'rejected'`),
	},
	"signals_attempt_counts_up": {
		`ALTER TABLE signals DISABLE TRIGGER USER; UPDATE signals SET attempt = -1 WHERE id = 3`,
	},
	"signals_version_positive": {addSignal(`version`, `0`)},
	"signals_begin_at_the_beginning": {
		addSignal(`state`, `'submitting'`), addSignal(`state`, `'executed'`), addSignal(`attempt`, `1`),
	},
	"signals_state_arrow": {
		// Final states are final.
		moveSignal(`1`, `state = 'received', ended_at = NULL`),
		moveSignal(`1`, `state = 'in_doubt', ended_at = NULL, alerted_at = 'epoch'`),
		moveSignal(`1`, `state = 'cancelled'`),
		// Nothing is executed that was not submitted.
		moveSignal(`3`, `state = 'executed', ended_at = 'epoch'`), moveSignal(`3`, `state = 'submitted'`),
		moveSignal(`5`, `state = 'submitting'`), moveSignal(`5`, `state = 'rejected', ended_at = 'epoch'`),
		// A doubt is not forgotten.
		moveSignal(`2`, `state = 'expired', ended_at = 'epoch'`), moveSignal(`2`, `state = 'held'`),
		// A doubt that comes from nowhere raises the alert.
		moveSignal(`3`, `state = 'in_doubt'`), moveSignal(`5`, `state = 'in_doubt'`),
	},
	"signals_taken_in_turn": {
		// One of the instrument is in doubt, is being sent, or stands at the broker.
		moveSignal(`3`, `state = 'submitting', attempt = 1`),
		moveSignal(`2`, `state = 'received'`) + `; ` + moveSignal(`3`, `state = 'submitting', attempt = 1`) +
			`; ` + moveSignal(`4`, `state = 'submitting', attempt = 1`),
		moveSignal(`2`, `state = 'submitted'`) + `; ` + moveSignal(`3`, `state = 'submitting', attempt = 1`),
		// Of two doubts the older one is sent again first.
		moveSignal(`6`, `state = 'in_doubt', alerted_at = 'epoch'`) + `; ` +
			moveSignal(`6`, `state = 'submitting'`),
	},
	"signals_never_vanish": {
		`DELETE FROM signals WHERE id = 3`, `TRUNCATE signals CASCADE`,
		moveSignal(`3`, `payload = 'q'`), moveSignal(`3`, `key = 'k9'`),
		moveSignal(`3`, `group_name = 'h'`),
		moveSignal(`3`, `instrument = 'GOLD_MINI'`), `UPDATE signals SET attempt = 0 WHERE id = 2`,
		`UPDATE signals SET version = 1 WHERE id = 2`, `UPDATE signals SET state = 'held' WHERE id = 3`,
	},
}

// brokenAttempts are the same for the rules about attempts.
var brokenAttempts = map[string][]string{
	"attempts_pkey": {
		addAttempt(`3, 1, 'o3', 2`, `7`) + `; ` + addAttempt(`3, 1, 'o4', 2`, `8`),
	},
	"attempts_of_a_signal":          {addAttempt(`99, 1, 'o3', 2`, `7`)},
	"attempts_client_order_id_once": {addAttempt(`3, 1, 'o1', 2`, `7`)},
	"attempts_fence_seq_once":       {addAttempt(`3, 1, 'o3', 2`, `4`)},
	"attempts_numbered_from_one":    {addAttempt(`3, 0, 'o3', 2`, `7`)},
	"attempts_epoch_positive":       {addAttempt(`3, 1, 'o3', 0`, `7`)},
	"attempts_state_known": {
		`ALTER TABLE attempts DISABLE TRIGGER USER;
		 UPDATE attempts SET state = 'received' WHERE signal = 2`,
	},
	"attempts_late_outcome_of_a_void_one": {
		`UPDATE attempts SET late_outcome = 'executed' WHERE signal = 2`,
	},
	"attempts_one_standing": {
		addAttempt(`2, 2, 'o3', 2`, `7`),
		addAttempt(`6, 2, 'o3', 2`, `7`) + `; ` + addAttempt(`6, 3, 'o4', 2`, `8`),
	},
	"attempts_state_arrow": {
		`UPDATE attempts SET state = 'void' WHERE signal = 1`,
		`UPDATE attempts SET state = 'submitting' WHERE signal = 1`,
		`UPDATE attempts SET state = 'executed' WHERE signal = 6`,
		`UPDATE attempts SET state = 'in_doubt' WHERE signal = 6`,
	},
	"attempts_never_vanish": {
		`DELETE FROM attempts`, `TRUNCATE attempts`,
		`UPDATE attempts SET client_order_id = 'o9' WHERE signal = 2`,
		`UPDATE attempts SET attempt = 2 WHERE signal = 2`,
		// A permit is renewed by a later one only, under no older epoch, and only while in doubt.
		`UPDATE attempts SET send_by = 'infinity' WHERE signal = 2`,
		`UPDATE attempts SET epoch = 3, fence_seq = 2 WHERE signal = 2`,
		`UPDATE attempts SET epoch = 1, fence_seq = 9 WHERE signal = 2`,
		`UPDATE attempts SET epoch = 3, fence_seq = 9 WHERE signal = 1`,
	},
}

// addSignal stores one more signal, with one more column.
func addSignal(column, value string) string {
	return `INSERT INTO signals
		(group_name, key, type, instrument, position, "timestamp", payload, ` + column + `)
		VALUES ('g', 'one more', 'EXIT', 'BANK_NIFTY', 'LONG', 't', 'p', ` + value + `)`
}

// moveSignal changes a signal as a new version.
func moveSignal(id, set string) string {
	return `UPDATE signals SET version = version + 1, ` + set + ` WHERE id = ` + id
}

// addAttempt writes one more attempt: signal, attempt, order id and epoch, and
// its place among the permits.
func addAttempt(what, seq string) string {
	return `INSERT INTO attempts
		(group_name, signal, attempt, client_order_id, epoch, token, send_by, fence_seq)
		VALUES ('g', ` + what + `, 'n2|0b|1', 'epoch', ` + seq + `)`
}

// overlay returns the columns of d, some of them replaced by `name = value`.
func overlay(last string) string {
	columns := []string{
		"epoch", "holder", "nonce", "acquisition", "taken_at", "kind", "open", "pg_lease_until",
	}
	set := map[string]string{}
	for part := range strings.SplitSeq(last, ", ") {
		name, value, _ := strings.Cut(part, " = ")
		set[name] = value
	}
	list := make([]string, 0, len(columns))
	for _, c := range columns {
		value, ok := set[c]
		if !ok {
			value = "d." + c
		}
		list = append(list, value+" AS "+c)
	}
	return strings.Join(list, ", ")
}
