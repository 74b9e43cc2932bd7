package migrations_test

import (
	"testing"

	"fencepost/internal/testbed"
	"fencepost/migrations"
)

// brokenEvents are attempts to break the rules about events and blocks.
var brokenEvents = map[string][]string{
	"ledger_events_pkey":              {addEvent(`0, 1`, `'signal'`, `sha256('')`)},
	"ledger_events_numbered_from_one": {addEvent(`9, 0`, `'signal'`, `sha256('')`)},
	"ledger_events_entity_known":      {addEvent(`9, 1`, `'rumour'`, `sha256('')`)},
	"ledger_events_hash_is_one":       {addEvent(`9, 1`, `'signal'`, `'abc'`)},
	"ledger_events_append_only": {
		`UPDATE ledger_events SET what = 'stored'`, `DELETE FROM ledger_events`, `TRUNCATE ledger_events`,
	},
	"ledger_blocks_pkey":              {addBlock(`1, 0, 5, 1`) + `; ` + addBlock(`1, 5, 9, 1`)},
	"ledger_blocks_numbered_from_one": {addBlock(`0, 0, 5, 1`)},
	"ledger_blocks_cover_something":   {addBlock(`1, 5, 5, 1`), addBlock(`1, 0, 5, 0`)},
	"ledger_blocks_hash_is_one": {
		`INSERT INTO ledger_blocks VALUES ('g', 1, 0, 5, 1, 'epoch', 'abc')`,
	},
	"ledger_blocks_append_only": {
		addBlock(`1, 0, 5, 1`) + `; UPDATE ledger_blocks SET events = 2`,
		addBlock(`1, 0, 5, 1`) + `; DELETE FROM ledger_blocks`, `TRUNCATE ledger_blocks`,
	},
}

// addEvent writes an event by hand, in that place of that chain.
func addEvent(place, entity, hash string) string {
	return `INSERT INTO ledger_events (group_name, chain, number, entity, hash, entity_id, what, content,
	    epoch,
		happened_at, xid) VALUES ('g', ` + place + `, ` + entity + `, ` + hash + `, 1, 'x', '{}', 1,
		    'epoch', 3)`
}

// addBlock seals by hand.
func addBlock(what string) string {
	return `INSERT INTO ledger_blocks (group_name, number, from_xid, upto_xid, events, sealed_at, hash)
		VALUES ('g', ` + what + `, 'epoch', sha256(''))`
}

// beforeEvents is the last migration without them.
const beforeEvents = 9

// A ledger that was kept before there were events goes on, and what it holds is
// adopted in the same words as the triggers would have used.
func TestWhatWasThereBeforeIsAdopted(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	for at := migrations.Latest(); at > beforeEvents+1; {
		back, err := migrations.Down(t.Context(), dsn, false)
		if err != nil || len(back) != 1 {
			t.Fatal(back, err)
		}
		at = back[0].Version
	}
	conn := connect(t, dsn)
	if _, err := conn.Exec(t.Context(), lawful); err != nil {
		t.Fatal(err)
	}
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	var entities string
	err := conn.QueryRow(t.Context(), `
		SELECT string_agg(entity || ' ' || n, ', ' ORDER BY entity)
		FROM (SELECT entity, count(*) AS n FROM ledger_events WHERE what = 'adopted' GROUP BY entity) e`).
		Scan(&entities)
	want := "acceptance 1, attempt 3, authority 2, control 1, decision 1, refusal 1, signal 6, tenure 2"
	if err != nil || entities != want {
		t.Errorf("adopted %s, want %s; %v", entities, want, err)
	}
}

// The seed's readers find the seed's name.
func TestSignalLogShowsEachSignalOnce(t *testing.T) {
	dsn := testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, dsn)
	if _, err := conn.Exec(t.Context(), lawful); err != nil {
		t.Fatal(err)
	}
	var lines string
	err := conn.QueryRow(t.Context(), `
		SELECT string_agg(concat_ws(' ', id, processing_status, processed_by_instance), ', ' ORDER BY id)
		FROM signal_log WHERE fingerprint = encode(sha256('NIFTY:EXIT:LONG:t'), 'hex')`).Scan(&lines)
	want := "1 executed n2, 2 in_doubt n2, 3 received, 4 received, 5 held, 6 received n2"
	if err != nil || lines != want {
		t.Errorf("signal_log says %s, want %s; %v", lines, want, err)
	}
}
