package cluster

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Missing returns those of the keys that no signal of the ledger has.
func (l *Ledger) Missing(ctx context.Context, keys []string) ([]string, error) {
	const query = `SELECT k FROM unnest($2::text[]) k
		WHERE NOT EXISTS (SELECT FROM signals s WHERE s.group_name = $1 AND s.key = k)`
	return l.texts(ctx, "look for signals", query, keys)
}

// Bearing returns the keys of the signals that bear a mark: in their key, or
// anywhere in what their sender sent.
func (l *Ledger) Bearing(ctx context.Context, mark string) ([]string, error) {
	const query = `SELECT s.key FROM signals s WHERE s.group_name = $1
		AND (strpos(s.key, $2) > 0 OR position(convert_to($2, 'UTF8') IN s.payload) > 0) ORDER BY s.id`
	return l.texts(ctx, "look for a mark", query, mark)
}

// Instruments returns the instrument of each of the signals, by key, as it stands
// in the ledger.
func (l *Ledger) Instruments(ctx context.Context, keys []string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, auditBound)
	defer cancel()
	const query = `SELECT key, instrument FROM signals WHERE group_name = $1 AND key = ANY($2::text[])`
	found, err := l.pool.Query(ctx, query, group, keys)
	if err != nil {
		return nil, fmt.Errorf("read instruments: %w", err)
	}
	type row struct{ Key, Instrument string }
	list, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("read instruments: %w", err)
	}
	of := map[string]string{}
	for _, r := range list {
		of[r.Key] = r.Instrument
	}
	return of, nil
}

// texts reads a list of texts. The query's first argument is the group.
func (l *Ledger) texts(ctx context.Context, what, query string, argument any) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, auditBound)
	defer cancel()
	found, err := l.pool.Query(ctx, query, group, argument)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return list, nil
}
