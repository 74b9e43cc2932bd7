package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Ledger is what the group's ledger holds at one instant, of what a rewind can change.
type Ledger struct {
	Authority AuthorityRow // its zero value if there is none
	Signals   []SignalRow  // by id
	Attempts  []AttemptRow // by signal and number
}

// ledgerSQL reads all of it in one statement, and so as of one instant.
const ledgerSQL = `
SELECT coalesce((SELECT to_jsonb(a) FROM authority a WHERE a.group_name = $1), '{}'),
       coalesce((SELECT jsonb_agg(to_jsonb(s) - '{payload,payload_sha256}'::text[] ORDER BY s.id)
                 FROM signals s WHERE s.group_name = $1), '[]'),
       coalesce((SELECT jsonb_agg(to_jsonb(t) ORDER BY t.signal, t.attempt)
                 FROM attempts t WHERE t.group_name = $1), '[]')`

// Ledger reads what the group's ledger holds now.
func (p *Postgres) Ledger(ctx context.Context) (Ledger, error) {
	ctx, done := p.act(ctx, pgActLimit)
	defer done()
	var l Ledger
	var authority, signals, attempts []byte
	err := p.admin.do(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, ledgerSQL, p.options.Group).Scan(&authority, &signals, &attempts)
	})
	for _, part := range []struct {
		text []byte
		into any
	}{{authority, &l.Authority}, {signals, &l.Signals}, {attempts, &l.Attempts}} {
		if err == nil {
			err = json.Unmarshal(part.text, part.into)
		}
	}
	if err != nil {
		return Ledger{}, fmt.Errorf("read ledger: %w", err)
	}
	return l, nil
}

// skipSignalsSQL makes the next signal's number one above the last.
const skipSignalsSQL = `
SELECT setval(pg_get_serial_sequence('signals', 'id'),
              greatest($1, (SELECT coalesce(max(id), 0) FROM signals), 1))`

// SkipSignals gives no signal a number up to the last, for readers that know
// signals by number alone: a rewind makes the ledger count again from what it
// went back to.
func (p *Postgres) SkipSignals(ctx context.Context, last int64) error {
	ctx, done := p.act(ctx, pgActLimit)
	defer done()
	err := p.admin.do(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, skipSignalsSQL, last)
		return err
	})
	if err != nil {
		return fmt.Errorf("skip numbers of signals: %w", err)
	}
	return nil
}
