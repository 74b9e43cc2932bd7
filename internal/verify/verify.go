package verify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/access"
)

// Options say which ledger to read.
type Options struct {
	// DSN is the address of the database, with its search_path, and Group the
	// group's name.
	DSN   string
	Group string
	// Access is what it takes to enter beside the address.
	Access access.Postgres
	// Tail is how old an event may be that no block covers, by the database's
	// clock; zero means DefaultTail.
	Tail time.Duration
	// Anchor, if not nil, is a block that somebody wrote down elsewhere.
	Anchor *Anchor
	// Statement bounds each statement; zero means DefaultStatement.
	Statement time.Duration
}

// The defaults of Options.
const (
	DefaultTail      = time.Minute
	DefaultStatement = 20 * time.Second
)

// connectBound is how long a connection may take.
const connectBound = 5 * time.Second

// Anchor is a block as it was once seen. What was sealed up to it cannot be cut
// off unnoticed.
type Anchor struct {
	Block int64
	Hash  []byte
}

// ParseAnchor reads an anchor as String writes it.
func ParseAnchor(text string) (Anchor, error) {
	number, sum, _ := strings.Cut(text, ":")
	block, err := strconv.ParseInt(number, 10, 64)
	hash, hashErr := hex.DecodeString(sum)
	if err != nil || hashErr != nil || block < 1 || len(hash) != 32 {
		return Anchor{}, fmt.Errorf("anchor %q: must be a block's number and hash, as NUMBER:HASH", text)
	}
	return Anchor{Block: block, Hash: hash}, nil
}

// String writes the anchor as a person keeps it.
func (a Anchor) String() string { return fmt.Sprintf("%d:%x", a.Block, a.Hash) }

// Report is what was found.
type Report struct {
	Group string `json:"group"`
	// At is when the snapshot was taken, by the database's clock.
	At    time.Time `json:"at"`
	Sound bool      `json:"sound"`
	// The numbers of what was read.
	Signals  int `json:"signals"`
	Attempts int `json:"attempts"`
	Tenures  int `json:"tenures"`
	Refusals int `json:"refusals"`
	Events   int `json:"events"`
	Blocks   int `json:"blocks"`
	// Anchor is the last block, to be kept elsewhere; empty if there is none.
	Anchor string `json:"anchor,omitempty"`
	// Unsealed counts the events that no block covers yet.
	Unsealed int       `json:"unsealed"`
	Findings []Finding `json:"findings"`
	// More counts the findings beyond those listed.
	More int `json:"more,omitempty"`
}

// walk is one reading.
type walk struct {
	tx     pgx.Tx
	opt    Options
	report *Report
}

// Run reads the ledger and judges it. An error says that it could not be read;
// what is wrong with what was read is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Tail == 0 {
		o.Tail = DefaultTail
	}
	if o.Statement == 0 {
		o.Statement = DefaultStatement
	}
	config, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return nil, fmt.Errorf("verify ledger: %w", err)
	}
	config.ConnectTimeout = connectBound
	if err := o.Access.Prepare(config); err != nil {
		return nil, fmt.Errorf("verify ledger: %w", err)
	}
	config.RuntimeParams["application_name"] = "fencepost verify"
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // a pooler may stand in between
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("verify ledger: %w", err)
	}
	w := &walk{opt: o, report: &Report{Group: o.Group, Findings: []Finding{}}}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error {
		w.tx = tx
		return w.all(ctx)
	})
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectBound)
	defer cancel()
	if err = errors.Join(err, conn.Close(bounded)); err != nil {
		return nil, fmt.Errorf("verify ledger: %w", err)
	}
	w.report.Sound = len(w.report.Findings) == 0
	return w.report, nil
}

// limitsSQL bounds what the transaction does and lets instants be written as
// the events write them.
const limitsSQL = `
SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', '2000', true),
       set_config('idle_in_transaction_session_timeout', '60000', true), set_config('TimeZone', 'UTC', true)`

// all makes every pass.
func (w *walk) all(ctx context.Context) error {
	limit := strconv.FormatInt(max(w.opt.Statement.Milliseconds(), 1), 10)
	if _, err := w.tx.Exec(ctx, limitsSQL, limit); err != nil {
		return fmt.Errorf("set limits: %w", err)
	}
	if err := w.tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&w.report.At); err != nil {
		return fmt.Errorf("read clock: %w", err)
	}
	for _, pass := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"schema", w.schema},
		{"leadership", w.leadership},
		{"fence", w.fence},
		{"signals", w.signals},
		{"refusals", w.refusals},
		{"blocks", w.blocks},
	} {
		if err := pass.do(ctx); err != nil {
			return fmt.Errorf("read %s: %w", pass.what, err)
		}
	}
	return nil
}

// rows runs one statement, bounded, and hands each row to scan.
func (w *walk) rows(ctx context.Context, scan func(pgx.Rows) error, sql string, args ...any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, w.opt.Statement+connectBound)
	defer cancel()
	rows, err := w.tx.Query(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		if err := scan(rows); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}

// differsSQL says in which columns the document of a row differs from the
// content of an event; it is empty if in none. Columns that are younger than the
// event are no difference.
const differsSQL = `coalesce(CASE WHEN NOT r.doc @> e.content THEN (
        SELECT string_agg(c.key || ' is ' || coalesce(r.doc ->> c.key, 'null') || ', was '
                          || coalesce(c.value #>> '{}', 'null'), '; ' ORDER BY c.key)
        FROM jsonb_each(e.content) c WHERE r.doc ? c.key AND r.doc -> c.key IS DISTINCT FROM c.value)
        END, '')`
