package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// guards are the triggers that hold the rules and write the events, by their
// tables. Without one of them the ledger may say anything from then on.
var guards = map[string]string{
	"attempts": "attempts_state_arrow attempts_never_vanish attempts_never_vanish_truncate " +
		"attempts_event",
	"authority":             authorityGuards,
	"authority_acceptances": "authority_acceptances_append_only authority_acceptances_event",
	"control_history":       "control_history_append_only control_history_event",
	"decisions":             "decisions_append_only decisions_event",
	"fence_refusals":        "fence_refusals_append_only fence_refusals_event",
	"leadership_history":    historyGuards,
	"ledger_blocks":         "ledger_blocks_append_only ledger_blocks_append_only_truncate",
	"ledger_events":         "ledger_events_append_only ledger_events_append_only_truncate",
	"reconcile_findings":    "reconcile_findings_append_only reconcile_findings_event",
	"signals":               signalGuards,
}

const (
	authorityGuards = "authority_epoch_rises_by_one authority_holder_changes_with_epoch " +
		"authority_is_never_deleted authority_is_never_deleted_truncate authority_agrees_with_history " +
		"authority_acceptances_count_up authority_event authority_change_event"
	historyGuards = "leadership_history_epochs_contiguous leadership_history_append_only " +
		"leadership_history_append_only_truncate authority_agrees_with_history leadership_history_event"
	signalGuards = "signals_begin_at_the_beginning signals_state_arrow signals_never_vanish " +
		"signals_never_vanish_truncate signals_taken_in_turn signals_event signals_stored_event"
)

// uniques are the indexes that hold a rule.
const uniques = "attempts_pkey attempts_client_order_id_once attempts_fence_seq_once attempts_one_standing " +
	"authority_pkey instance_metadata_one_leader leadership_history_one_row_per_epoch " +
	"leadership_history_one_open_tenure ledger_blocks_pkey ledger_events_pkey signals_key_once signals_pkey"

// guardsSQL lists the triggers that fire in an ordinary session.
const guardsSQL = `
SELECT c.relname || ' ' || g.tgname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')`

// uniquesSQL lists the unique indexes that are enforced.
const uniquesSQL = `
SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE i.relnamespace = current_schema()::regnamespace AND x.indisunique AND x.indisvalid AND x.indisready`

// tablesSQL counts the tables that a ledger of this build must have.
const tablesSQL = `
SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace
AND relkind = 'r' AND relname = ANY ($1)`

// schema judges whether what holds the rules is there.
func (w *walk) schema(ctx context.Context) error {
	tables := make([]string, 0, len(guards))
	for table := range guards {
		tables = append(tables, table)
	}
	var there int
	if err := w.tx.QueryRow(ctx, tablesSQL, tables).Scan(&there); err != nil {
		return err
	}
	if there != len(tables) {
		return fmt.Errorf("this database has %d of the %d tables that a ledger of this build has: "+
			"is the address right, and is fencepost migrate up done?", there, len(tables))
	}
	found := map[string]bool{}
	for _, sql := range []string{guardsSQL, uniquesSQL} {
		_, err := w.rows(ctx, func(r pgx.Rows) error {
			var name string
			err := r.Scan(&name)
			found[name] = true
			return err
		}, sql)
		if err != nil {
			return err
		}
	}
	for table, names := range guards {
		for name := range strings.FieldsSeq(names) {
			if !found[table+" "+name] {
				w.findf(SchemaIntact, "table "+table, "trigger "+name+" in force", "none")
			}
		}
	}
	for name := range strings.FieldsSeq(uniques) {
		if !found[name] {
			w.findf(SchemaIntact, "the schema", "unique index "+name, "none that is enforced")
		}
	}
	return nil
}
