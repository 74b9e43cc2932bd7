package archive

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fencepost/internal/access"
)

// Options says what to move where.
type Options struct {
	// DSN is the address of the ledger for the tables' owner, with its
	// search_path, and Access what it takes to enter beside it.
	DSN    string
	Access access.Postgres
	Group  string
	// Before is the instant before which a signal must have ended, and Least how
	// many bytes its body must have.
	Before time.Time
	Least  int
	// To is the file, which must not exist.
	To string
}

// Report says what was moved.
type Report struct {
	Group   string    `json:"group"`
	File    string    `json:"file"`
	Before  time.Time `json:"before"`
	Signals int       `json:"signals"`
	Bytes   int64     `json:"bytes"`
}

// The limits.
const (
	connectBound = 5 * time.Second
	batchBound   = 30 * time.Second
	// batch is how many signals are emptied in one transaction, which others wait
	// for.
	batch = 100
	// lockTries is how often the table's lock is asked for, a fifth of a second
	// each: whoever waits for it holds up everybody behind.
	lockTries = 100
)

// Move writes the signals into the file and empties their bodies. After an error
// the file holds what was moved so far, and perhaps some signals whose bodies
// still stand in the ledger as well; none is in neither.
func Move(ctx context.Context, o Options) (r Report, err error) {
	r = Report{Group: o.Group, File: o.To, Before: o.Before}
	config, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return r, errors.New("archive: not an address of PostgreSQL")
	}
	config.ConnectTimeout = connectBound
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // a pooler may stand in between
	config.RuntimeParams["application_name"] = "fencepost archive"
	if err := o.Access.Prepare(config); err != nil {
		return r, fmt.Errorf("archive: %w", err)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return r, fmt.Errorf("archive: %w", err)
	}
	defer func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectBound)
		defer cancel()
		_ = conn.Close(bounded)
	}()
	file, err := os.OpenFile(o.To, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return r, fmt.Errorf("archive: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for after := int64(0); ; {
		ids, last, err := write(ctx, conn, file, o, after, &r)
		if err != nil {
			return r, fmt.Errorf("archive: write signals: %w", err)
		}
		if len(ids) == 0 {
			return r, nil
		}
		if err := empty(ctx, conn, o.Group, ids); err != nil {
			return r, fmt.Errorf("archive: empty signals: %w", err)
		}
		r.Signals, after = r.Signals+len(ids), last
	}
}

// wholeSQL reads all that the ledger says of some signals, the oldest first.
const wholeSQL = `
SELECT s.id, octet_length(s.payload), jsonb_build_object(
    'signal', (to_jsonb(s) - 'payload') || jsonb_build_object('payload', encode(s.payload, 'base64')),
    'attempts', coalesce((SELECT jsonb_agg(to_jsonb(a) ORDER BY a.attempt) FROM attempts a
        WHERE a.group_name = s.group_name AND a.signal = s.id), '[]'),
    'decisions', coalesce((SELECT jsonb_agg(to_jsonb(d) ORDER BY d.id) FROM decisions d
        WHERE d.group_name = s.group_name AND d.signal = s.id), '[]'),
    'events', coalesce((SELECT jsonb_agg(to_jsonb(e) ORDER BY e.number) FROM ledger_events e
        WHERE e.group_name = s.group_name AND e.chain = s.id), '[]'))::text
FROM signals s
WHERE s.group_name = $1 AND s.id > $2 AND s.ended_at < $3 AND octet_length(s.payload) >= $4
  AND s.state IN ('executed', 'rejected', 'cancelled', 'expired')
ORDER BY s.id LIMIT $5`

// write appends a batch to the file, a line for each signal, and returns once it is
// on disk.
func write(
	ctx context.Context, conn *pgx.Conn, file *os.File, o Options, after int64, r *Report,
) (ids []int64, last int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, batchBound)
	defer cancel()
	out := bufio.NewWriter(file)
	rows, err := conn.Query(ctx, wholeSQL, o.Group, after, o.Before, max(o.Least, 1), batch)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			bytes int64
			line  json.RawMessage
		)
		if err := rows.Scan(&last, &bytes, &line); err != nil {
			return nil, 0, err
		}
		if _, err := io.WriteString(out, string(line)+"\n"); err != nil {
			return nil, 0, err
		}
		ids, r.Bytes = append(ids, last), r.Bytes+bytes
	}
	if err := errors.Join(rows.Err(), out.Flush()); err != nil {
		return nil, 0, err
	}
	return ids, last, file.Sync()
}

// emptySQL empties the bodies. What is final stays so, and its body with it, so
// that they are those that were written.
const emptySQL = `
UPDATE signals SET payload = '' WHERE group_name = $1 AND id = ANY ($2)`

// empty carries out one transaction, as soon as nobody else has the table's lock.
func empty(ctx context.Context, conn *pgx.Conn, group string, ids []int64) error {
	ctx, cancel := context.WithTimeout(ctx, batchBound)
	defer cancel()
	for try := 1; ; try++ {
		err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{}, func(tx pgx.Tx) error {
			for _, statement := range []string{
				`SET LOCAL lock_timeout = '200ms'`, `SET LOCAL statement_timeout = '20s'`,
				`SET LOCAL synchronous_commit = on`,
				`ALTER TABLE signals DISABLE TRIGGER signals_never_vanish`,
			} {
				if _, err := tx.Exec(ctx, statement); err != nil {
					return err
				}
			}
			done, err := tx.Exec(ctx, emptySQL, group, ids)
			if err == nil && done.RowsAffected() != int64(len(ids)) {
				err = fmt.Errorf("%d of %d signals are there", done.RowsAffected(), len(ids))
			}
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `ALTER TABLE signals ENABLE TRIGGER signals_never_vanish`)
			return err
		})
		const lockNotAvailable = "55P03"
		var refused *pgconn.PgError
		if try == lockTries || !errors.As(err, &refused) || refused.Code != lockNotAvailable {
			return err
		}
	}
}
