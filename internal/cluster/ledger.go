package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The limits of one reading. The audit's covers everything that ever happened.
const (
	readBound  = 2 * time.Second
	auditBound = 10 * time.Second
)

// Ledger reads a cluster's database from outside. It writes nothing and takes
// none of the locks that the services take.
type Ledger struct{ pool *pgxpool.Pool }

// OpenLedger prepares connections to the database; it opens none.
func OpenLedger(dsn string) (*Ledger, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	config.MaxConns = 4
	config.ConnConfig.ConnectTimeout = readBound
	config.ConnConfig.RuntimeParams["application_name"] = "observer"
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return &Ledger{pool: pool}, nil
}

// Close gives the connections back.
func (l *Ledger) Close() { l.pool.Close() }

// Authority is who may act, by the ledger. It is zero before the first
// election.
type Authority struct {
	Epoch  uint64
	Holder string
	Open   bool
}

// authoritySQL is a left join, so that a group without authority has a row too.
const authoritySQL = `
SELECT coalesce(a.epoch, 0), coalesce(a.holder, ''), coalesce(a.open, false)
FROM (VALUES ($1)) AS g(name) LEFT JOIN authority a ON a.group_name = g.name`

// Authority returns who may act now.
func (l *Ledger) Authority(ctx context.Context) (Authority, error) {
	ctx, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	var a Authority
	err := l.pool.QueryRow(ctx, authoritySQL, group).Scan(&a.Epoch, &a.Holder, &a.Open)
	if err != nil {
		return a, fmt.Errorf("read authority: %w", err)
	}
	return a, nil
}

// Tenure is one node leading under one epoch. ReleaseReason is empty while it
// is open.
type Tenure struct {
	Epoch           uint64
	Holder          string
	Open            bool
	ReleaseReason   string
	Seconds         float64
	FenceSeq        int64
	ReleaseFenceSeq int64
}

// Signal is a stored signal. Alerted says that a person was told of it.
type Signal struct {
	ID      int64
	Key     string
	State   string
	Alerted bool
}

// Attempt is one permit to send an order, and what came of it.
type Attempt struct {
	Signal        int64
	Number        int64
	ClientOrderID string
	Epoch         uint64
	State         string
	FenceSeq      int64
	Resends       int
}

// Records is the ledger at one instant.
type Records struct {
	Authority Authority
	Tenures   []Tenure
	Signals   []Signal
	Attempts  []Attempt
}

const tenuresSQL = `
SELECT epoch, instance_id, released_leader_at IS NULL, coalesce(release_reason, ''),
       coalesce(leadership_duration_seconds, 0), fence_seq, coalesce(release_fence_seq, 0)
FROM leadership_history WHERE group_name = $1 ORDER BY epoch`

const signalsSQL = `
SELECT id, key, state, alerted_at IS NOT NULL FROM signals WHERE group_name = $1 ORDER BY id`

const attemptsSQL = `
SELECT signal, attempt, client_order_id, epoch, state, fence_seq, resends
FROM attempts WHERE group_name = $1 ORDER BY fence_seq`

// Read returns the whole ledger as it was at one instant.
func (l *Ledger) Read(ctx context.Context) (*Records, error) {
	ctx, cancel := context.WithTimeout(ctx, auditBound)
	defer cancel()
	r := &Records{}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, l.pool, snapshot, func(tx pgx.Tx) error {
		a := &r.Authority
		err := tx.QueryRow(ctx, authoritySQL, group).Scan(&a.Epoch, &a.Holder, &a.Open)
		if err != nil {
			return err
		}
		if r.Tenures, err = rows[Tenure](ctx, tx, tenuresSQL); err != nil {
			return err
		}
		if r.Signals, err = rows[Signal](ctx, tx, signalsSQL); err != nil {
			return err
		}
		r.Attempts, err = rows[Attempt](ctx, tx, attemptsSQL)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return r, nil
}

// rows reads a list whose columns stand in the order of the fields.
func rows[T any](ctx context.Context, tx pgx.Tx, query string) ([]T, error) {
	found, err := tx.Query(ctx, query, group)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[T])
}

// SignalState returns where the signal of that key stands; it is empty if there
// is no such signal.
func (l *Ledger) SignalState(ctx context.Context, key string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	var state string
	const query = `SELECT coalesce(max(state), '') FROM signals WHERE group_name = $1 AND key = $2`
	err := l.pool.QueryRow(ctx, query, group, key).Scan(&state)
	if err != nil {
		return "", fmt.Errorf("read signal: %w", err)
	}
	return state, nil
}

// anyOpen tells whether some signal is not at its end, and not in doubt either if
// doubts are left to a person. The oldest is the first in an index, unlike all that
// would have to be counted.
func (l *Ledger) anyOpen(ctx context.Context, mayDoubt bool) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	const query = `
		SELECT (SELECT id FROM signals WHERE group_name = $1
		        AND state IN ('received', 'held', 'submitting', 'submitted', 'in_doubt')
		        AND NOT (state = 'in_doubt' AND $2) ORDER BY id LIMIT 1) IS NOT NULL`
	var open bool
	if err := l.pool.QueryRow(ctx, query, group, mayDoubt).Scan(&open); err != nil {
		return false, fmt.Errorf("look for open signals: %w", err)
	}
	return open, nil
}

// Counts returns how many signals stand in each state.
func (l *Ledger) Counts(ctx context.Context) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	const query = `SELECT state, count(*) FROM signals WHERE group_name = $1 GROUP BY state`
	found, err := l.pool.Query(ctx, query, group)
	if err != nil {
		return nil, fmt.Errorf("count signals: %w", err)
	}
	type row struct {
		State string
		Count int
	}
	list, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("count signals: %w", err)
	}
	counts := map[string]int{}
	for _, r := range list {
		counts[r.State] = r.Count
	}
	return counts, nil
}
