package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Audit reads what became of the ledger's rows, each change once, in the order in which they became true: two
// changes of one row, and whatever is done under the group's lock, are told as they followed each other.
type Audit struct {
	group   string
	session session

	mu sync.Mutex
	// after is the number up to which everything was read, or is known never to come.
	after int64
	// gaps are numbers that were not there when a higher one was, each with a transaction that is
	// younger than whichever drew it: when all before that one have ended, and it still is not there, it
	// never will be.
	gaps map[int64]uint64
}

// readLimit is the longest that one reading may take, and readAtOnce how many rows it brings.
const (
	readLimit  = 10 * time.Second
	readAtOnce = 20_000
)

// horizonSQL returns a number below which every transaction of the service has ended. The harness's own
// transactions write no rows of the audit.
const horizonSQL = `
SELECT coalesce((SELECT min(x::text::bigint) FROM pg_snapshot_xip(s) x
                 WHERE x::xid::text NOT IN (SELECT backend_xid::text FROM pg_stat_activity
                                            WHERE usename = 'postgres' AND backend_xid IS NOT NULL
                                              AND application_name = 'fencepost harness')),
                pg_snapshot_xmax(s)::text::bigint)
FROM pg_current_snapshot() s`

// boundSQL returns a number that is above those of all transactions that have begun: one of its own. A
// snapshot knows only those that have ended.
const boundSQL = `SELECT pg_current_xact_id()::text::bigint`

// auditSelectSQL reads rows; a statement of its own, so that it sees what had ended at the horizon.
const auditSelectSQL = `
SELECT r.seq, (extract(epoch FROM r.began) * 1000000)::bigint, (extract(epoch FROM r.at) * 1000000)::bigint,
       (SELECT (extract(epoch FROM max(o.at)) * 1000000)::bigint FROM audit.rows o WHERE o.tx = r.tx),
       r.tx::text::bigint, r.source, r.op, r.entry
FROM audit.rows r WHERE r.seq > $1 ORDER BY r.seq LIMIT $2`

// Read returns the changes that were committed since the last call, oldest first. A change is held back as
// long as an older one may still be committed. It fails while the server does not answer, and then has lost
// nothing.
func (a *Audit) Read(ctx context.Context) ([]Row, error) {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	rows, _, err := a.read(ctx)
	return rows, err
}

// Drain is Read, repeated until every change that was committed before the call has been returned. It waits
// for transactions that are under way.
func (a *Audit) Drain(ctx context.Context) ([]Row, error) {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Row
	err := until(ctx, func() (bool, error) {
		rows, whole, err := a.read(ctx)
		all = append(all, rows...)
		return whole, err
	})
	if err != nil {
		// What was read is not read again.
		return all, fmt.Errorf("drain audit: %w", err)
	}
	return all, nil
}

// begin forgets what was read: the rows of a restored ledger are of a past that was read already.
func (a *Audit) begin(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gaps = nil
	return a.session.do(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT coalesce(max(seq), 0) FROM audit.rows").Scan(&a.after)
	})
}

// read is one reading, and whether it brought everything.
func (a *Audit) read(ctx context.Context) (rows []Row, whole bool, err error) {
	var ended, bound uint64
	var raw []rawRow
	err = a.session.do(ctx, func(conn *pgx.Conn) error {
		if err := conn.QueryRow(ctx, horizonSQL).Scan(&ended); err != nil {
			return err
		}
		found, err := conn.Query(ctx, auditSelectSQL, a.after, readAtOnce)
		if err != nil {
			return err
		}
		raw, err = pgx.CollectRows(found, pgx.RowToStructByPos[rawRow])
		if err != nil || len(raw) == 0 || raw[len(raw)-1].Seq == a.after+int64(len(raw)) {
			return err // no number is missing
		}
		// Whoever drew a number that is missing had begun before a higher one was committed.
		return conn.QueryRow(ctx, boundSQL).Scan(&bound)
	})
	if err != nil {
		return nil, false, fmt.Errorf("read audit: %w", err)
	}
	raw, whole = a.inOrder(raw, ended, bound)
	for i := range raw {
		row, group, err := raw[i].decode()
		if err != nil {
			return rows, false, fmt.Errorf("read audit: %w", err)
		}
		if group == a.group {
			rows = append(rows, row)
		}
	}
	return rows, whole && len(raw) < readAtOnce, nil
}

// inOrder returns the rows before the first number that is missing and may still come, and whether those are
// all.
func (a *Audit) inOrder(raw []rawRow, ended, bound uint64) (certain []rawRow, all bool) {
	gaps := map[int64]uint64{}
	last, open := a.after, false
	for i := range raw {
		for seq := last + 1; seq < raw[i].Seq; seq++ {
			noticed, known := a.gaps[seq]
			if !known {
				noticed = bound
			}
			gaps[seq] = noticed
			open = open || noticed > ended
		}
		last = raw[i].Seq
		if !open {
			certain = raw[:i+1]
			a.after = last
		}
	}
	a.gaps = gaps
	return certain, !open
}

// rawRow is a row of the audit's table.
type rawRow struct {
	Seq    int64
	Began  int64
	At     int64
	Ended  int64
	Tx     uint64
	Source string
	Op     string
	Entry  json.RawMessage
}
