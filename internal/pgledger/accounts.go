package pgledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// Account is an attempt with its order, as it is compared with the broker's book.
type Account struct {
	Signal        core.SignalID
	Attempt       uint32
	ClientOrderID string
	State         core.SignalState
	// Told says that the broker has spoken of the attempt although it is void.
	Told bool
	// RecordedAt is when its state was last recorded, the zero time if it never was.
	RecordedAt time.Time
	// PermittedAt is when it was last permitted.
	PermittedAt time.Time
	Order       Order
}

// accountPage is how many rows one statement reads: it has to end within the limits
// of every other one.
const accountPage = 1000

// The readings of attempts.
const (
	accountColumns = `
SELECT p.signal, p.attempt, p.client_order_id, p.state, p.late_outcome IS NOT NULL,
       coalesce(p.recorded_at, 'epoch'), p.permitted_at, ` + orderColumns + `
FROM attempts p JOIN signals s ON s.group_name = p.group_name AND s.id = p.signal
WHERE p.group_name = @group::text`
	accountsOfSQL    = accountColumns + ` AND p.client_order_id = ANY (@ids::text[])`
	accountsSinceSQL = accountColumns + ` AND p.state IN ('executed', 'submitted')
  AND (p.permitted_at, p.signal, p.attempt) > (@since::timestamptz, @signal::bigint, @attempt::bigint)
ORDER BY p.permitted_at, p.signal, p.attempt LIMIT @limit::bigint`
	instantSQL = `SELECT clock_timestamp()`
)

// scanAccount reads the columns of an Account.
func scanAccount(r pgx.CollectableRow) (Account, error) {
	var (
		a               Account
		signal, attempt int64
		word            string
	)
	into := append([]any{
		&signal, &attempt, &a.ClientOrderID, &word, &a.Told, &a.RecordedAt, &a.PermittedAt,
	}, a.Order.into()...)
	if err := r.Scan(into...); err != nil {
		return a, err
	}
	a.Signal, a.Attempt, a.Order.Signal = core.SignalID(signal), uint32(attempt), core.SignalID(signal)
	if a.RecordedAt.Unix() == 0 {
		a.RecordedAt = time.Time{}
	}
	var err error
	a.State, err = parseState(word)
	return a, err
}

// Instant returns the time by the database's clock.
func (l *Ledger) Instant(ctx context.Context) (time.Time, error) {
	found, err := list(ctx, l, "reconcile", instantSQL, args{}, pgx.RowTo[time.Time])
	if err != nil {
		return time.Time{}, fmt.Errorf("read the clock: %w", err)
	}
	return found[0], nil
}

// AccountsOf returns the attempts that bear one of these ids; ids that none bears
// have no account.
func (l *Ledger) AccountsOf(ctx context.Context, ids []string) ([]Account, error) {
	var all []Account
	for len(ids) > 0 {
		page := ids[:min(len(ids), accountPage)]
		ids = ids[len(page):]
		found, err := list(ctx, l, "reconcile", accountsOfSQL,
			args{"group": l.opt.Group, "ids": page}, scanAccount)
		if err != nil {
			return nil, fmt.Errorf("read attempts by order id: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// AccountsSince returns the attempts permitted after the instant that stand or were
// executed, at most that many.
func (l *Ledger) AccountsSince(ctx context.Context, since time.Time, most int) ([]Account, error) {
	a := args{
		"group": l.opt.Group, "since": since, "signal": int64(0), "attempt": int64(0),
		"limit": int64(accountPage),
	}
	var all []Account
	for {
		found, err := list(ctx, l, "reconcile", accountsSinceSQL, a, scanAccount)
		if err != nil {
			return nil, fmt.Errorf("read attempts since %v: %w", since, err)
		}
		all = append(all, found...)
		if len(all) > most {
			return nil, fmt.Errorf("read attempts since %v: more than %d", since, most)
		}
		if len(found) < accountPage {
			return all, nil
		}
		last := &found[len(found)-1]
		a["since"], a["signal"], a["attempt"] = last.PermittedAt, int64(last.Signal), int64(last.Attempt)
	}
}

// Youngest is what of a signal tells the ids that its next orders would bear.
type Youngest struct {
	Signal  core.SignalID
	Key     string
	Attempt uint32
	State   core.SignalState
}

// youngestSQL reads signals from the youngest on.
const youngestSQL = `
SELECT id, key, attempt, state FROM signals
WHERE group_name = @group::text AND (@before::bigint = 0 OR id < @before::bigint)
ORDER BY id DESC LIMIT @limit::bigint`

// Youngest returns the youngest signals, at most that many.
func (l *Ledger) Youngest(ctx context.Context, most int) ([]Youngest, error) {
	a := args{"group": l.opt.Group, "before": int64(0), "limit": int64(accountPage)}
	var all []Youngest
	for len(all) < most {
		found, err := list(ctx, l, "reconcile", youngestSQL, a, func(r pgx.CollectableRow) (Youngest, error) {
			var (
				y           Youngest
				id, attempt int64
				word        string
			)
			err := r.Scan(&id, &y.Key, &attempt, &word)
			if err != nil {
				return y, err
			}
			y.Signal, y.Attempt = core.SignalID(id), uint32(attempt)
			y.State, err = parseState(word)
			return y, err
		})
		if err != nil {
			return nil, fmt.Errorf("read the youngest signals: %w", err)
		}
		all = append(all, found...)
		if len(found) < accountPage {
			break
		}
		a["before"] = int64(found[len(found)-1].Signal)
	}
	return all, nil
}
