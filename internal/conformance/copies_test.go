package conformance_test

import (
	"fmt"
	"strings"

	"fencepost/core"
)

// copies makes count signals that stand, with their attempts, where the one
// given stands, each the only one of its instrument. They are written past the
// triggers: it was by the ledger's own operations that the first one came there.
func (r *realLedger) copies(of core.SignalID, count int) ([]core.SignalID, error) {
	first := r.before + r.stored + 1
	signals, err := r.copySQL("signals", "id", map[string]string{
		"id": "n.id", "key": "key || '-' || n.id", "instrument": "instrument || '-' || n.id",
	})
	if err != nil {
		return nil, err
	}
	attempts, err := r.copySQL("attempts", "signal", map[string]string{
		"signal": "n.id", "client_order_id": "client_order_id || '-' || n.id",
		"fence_seq": "nextval('fence_seq')",
	})
	if err != nil {
		return nil, err
	}
	bounds := fmt.Sprintf("%d, %d", first, int(first)+count-1)
	source := fmt.Sprint(int64(r.before + of))
	fill := strings.NewReplacer("$bounds", bounds, "$source", source)
	script := "BEGIN; SET LOCAL session_replication_role = replica; " + fill.Replace(signals) + "; " +
		fill.Replace(attempts) + "; COMMIT"
	if _, err := r.bed.admin.PgConn().Exec(r.ctx, script).ReadAll(); err != nil {
		return nil, fmt.Errorf("%s: %w", script, err)
	}
	list := make([]core.SignalID, count)
	for i := range list {
		r.stored++
		list[i] = r.stored
	}
	return list, r.pinID()
}

// copySQL is the statement that copies the rows of a table, with some columns
// replaced.
func (r *realLedger) copySQL(table, id string, replaced map[string]string) (string, error) {
	found, err := r.bed.admin.Query(r.ctx, `
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'conformance' AND table_name = $1 AND is_generated = 'NEVER'
ORDER BY ordinal_position`, table)
	if err != nil {
		return "", fmt.Errorf("columns of %s: %w", table, err)
	}
	defer found.Close()
	var names, values []string
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			return "", fmt.Errorf("columns of %s: %w", table, err)
		}
		name = `"` + name + `"`
		names = append(names, name)
		value := "o." + name
		if v, ok := replaced[strings.Trim(name, `"`)]; ok {
			value = v
		}
		values = append(values, value)
	}
	sql := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ")" +
		" SELECT " + strings.Join(values, ", ") +
		" FROM " + table + " o, generate_series($bounds) n (id) WHERE o." + id + " = $source"
	return sql, found.Err()
}
