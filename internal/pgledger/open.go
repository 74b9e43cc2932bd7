package pgledger

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// Doubt is a signal of which nobody knows whether an order exists.
type Doubt struct {
	Signal
	Attempts []Attempt `json:"attempts"`
	// AgeSeconds is how old the signal is, and DoubtSeconds how long nothing has
	// been learned of it, both by the database's clock.
	AgeSeconds   float64 `json:"age_seconds"`
	DoubtSeconds float64 `json:"doubt_seconds"`
}

// The readings of doubts: the oldest first, for it has waited longest.
const (
	doubtsSQL = `
SELECT ` + signalColumns + `,
       extract(epoch FROM clock_timestamp() - s.received_at)::double precision,
       extract(epoch FROM clock_timestamp() - s.updated_at)::double precision
FROM signals s WHERE s.group_name = @group::text AND s.state = 'in_doubt'
ORDER BY s.id LIMIT @limit::bigint`
	doubtfulAttemptsSQL = `
SELECT signal, ` + attemptColumns + `
FROM attempts WHERE group_name = @group::text AND signal = ANY (@signals::bigint[]) ORDER BY signal, attempt`
)

// Doubts lists the signals in doubt with their attempts, the oldest first, at
// most limit.
func (l *Ledger) Doubts(ctx context.Context, limit int) ([]Doubt, error) {
	a := args{"group": l.opt.Group, "limit": int64(limit)}
	found, err := list(ctx, l, "doubts", doubtsSQL, a, func(r pgx.CollectableRow) (Doubt, error) {
		d := Doubt{Attempts: []Attempt{}}
		var err error
		d.Signal, err = scanSignal(rowWith{r, []any{&d.AgeSeconds, &d.DoubtSeconds}, nil})
		return d, err
	})
	if err != nil || len(found) == 0 {
		return found, err
	}
	ids := make([]int64, 0, len(found))
	place := make(map[int64]*Doubt, len(found))
	for i := range found {
		ids = append(ids, int64(found[i].ID))
		place[int64(found[i].ID)] = &found[i]
	}
	a["signals"] = ids
	_, err = list(ctx, l, "doubts", doubtfulAttemptsSQL, a, func(r pgx.CollectableRow) (int64, error) {
		var id int64
		t, err := scanAttempt(rowWith{r, nil, []any{&id}})
		if d := place[id]; d != nil {
			d.Attempts = append(d.Attempts, t)
		}
		return id, err
	})
	return found, err
}

// rowWith reads further columns behind those that its user asks for, or before
// them.
type rowWith struct {
	pgx.CollectableRow
	behind, before []any
}

// Scan reads all columns.
func (r rowWith) Scan(into ...any) error {
	return r.CollectableRow.Scan(append(append(append([]any{}, r.before...), into...), r.behind...)...)
}

// OpenCount says how many signals stand in one state that is not final.
type OpenCount struct {
	State string `json:"state"`
	Count int64  `json:"count"`
	// Alerted is how many of them wait for a person.
	Alerted int64 `json:"alerted"`
	// OldestSeconds is the age of the oldest, by the database's clock.
	OldestSeconds float64 `json:"oldest_seconds"`
}

// openSQL counts the signals that are not at their end. The states are named so
// that the index on open signals serves.
const openSQL = `
SELECT state, count(*), count(*) FILTER (WHERE alerted_at IS NOT NULL),
       extract(epoch FROM clock_timestamp() - min(received_at))::double precision
FROM signals WHERE group_name = @group::text
  AND state IN ('received', 'held', 'submitting', 'submitted', 'in_doubt')
GROUP BY state ORDER BY state`

// Open counts the signals that are not at their end, by state.
func (l *Ledger) Open(ctx context.Context) ([]OpenCount, error) {
	a := args{"group": l.opt.Group}
	return list(ctx, l, "open", openSQL, a, scanOpen)
}

// scanOpen reads the columns of an OpenCount.
func scanOpen(r pgx.CollectableRow) (OpenCount, error) {
	var c OpenCount
	err := r.Scan(&c.State, &c.Count, &c.Alerted, &c.OldestSeconds)
	return c, err
}

// nowSQL reads the database's clock.
const nowSQL = `SELECT clock_timestamp()`

// Now reads the database's clock, which every age and limit is judged by.
func (l *Ledger) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	t := l.begin("now", durably)
	t.row(nowSQL, nil, &now)
	err := l.run(ctx, l.work, t)
	return now, err
}

// Stored is what the ledger holds under a key.
type Stored struct {
	Signal core.SignalID
	State  core.SignalState
	// Same says that it holds the very body that was asked about.
	Same       bool
	ReceivedAt time.Time
}

// Find looks a key up without storing anything, and compares the body. It
// returns nil if the key is free.
func (l *Ledger) Find(ctx context.Context, key string, body []byte) (*Stored, error) {
	a := args{"group": l.opt.Group, "keys": []string{key}}
	found, err := list(ctx, l, "find", admittedSQL, a, func(r pgx.CollectableRow) (Stored, error) {
		var (
			s    Stored
			id   int64
			word string
			sum  []byte
		)
		if err := r.Scan(&key, &id, &word, &sum, &s.ReceivedAt); err != nil {
			return s, err
		}
		offered := sha256.Sum256(body)
		s.Signal, s.Same = core.SignalID(id), string(sum) == string(offered[:])
		var err error
		s.State, err = parseState(word)
		return s, err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
