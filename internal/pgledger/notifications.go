package pgledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// The kinds of notifications.
const (
	NoticeInDoubt            = "in_doubt"
	NoticeAlert              = "alert"
	NoticeUnknownOrder       = "unknown_order"
	NoticeHalt               = "halt"
	NoticeAuthorityRegressed = "authority_regressed"
	NoticeLeaderChanged      = "leader_changed"
)

// NoticeKinds lists the kinds of notifications.
func NoticeKinds() []string {
	return []string{
		NoticeInDoubt, NoticeAlert, NoticeUnknownOrder, NoticeHalt, NoticeAuthorityRegressed,
		NoticeLeaderChanged,
	}
}

// Notice is something that a person is to be told, written in the transaction of
// the fact.
type Notice struct {
	ID          int64      `json:"id"`
	Kind        string     `json:"kind"`
	Subject     string     `json:"subject"`
	Message     string     `json:"message"`
	HappenedAt  time.Time  `json:"happened_at"`
	State       string     `json:"state"`
	DeliveredTo []string   `json:"delivered_to"`
	Attempts    int64      `json:"attempts"`
	NextAt      time.Time  `json:"next_at"`
	LastError   string     `json:"last_error,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
}

const noticeColumns = `n.id, n.kind, n.subject, n.message, n.happened_at, n.state, n.delivered_to, n.attempts,
       n.next_at, n.last_error, n.ended_at`

func scanNotice(r pgx.CollectableRow) (Notice, error) {
	var n Notice
	err := r.Scan(&n.ID, &n.Kind, &n.Subject, &n.Message, &n.HappenedAt, &n.State, &n.DeliveredTo,
		&n.Attempts, &n.NextAt, &n.LastError, &n.EndedAt)
	return n, err
}

// claimSQL takes pending notifications whose time has come and that nobody holds.
// What nobody has tried to deliver goes first: what failed may wait for a channel
// that is dead, while the others have it long since.
// The attempt is counted before it is made: one that kills its process is one.
const claimSQL = `
WITH due AS (
    SELECT n.id FROM notifications n
    WHERE n.group_name = @group::text AND n.state = 'pending'
      AND n.next_at <= clock_timestamp() AND n.claimed_until <= clock_timestamp()
    ORDER BY n.attempts > 0, n.id LIMIT @most::bigint FOR UPDATE SKIP LOCKED)
UPDATE notifications n
SET claimed_by = @by::text, claimed_until = clock_timestamp() + @hold::bigint * interval '1 microsecond',
    attempts = n.attempts + 1
FROM due WHERE n.id = due.id
RETURNING ` + noticeColumns

// ClaimNotices claims pending notifications for that long: those that were not tried
// before those that failed, and of either the older first. Until then nobody else
// gets them; whoever has not settled one by then may see it delivered twice.
func (l *Ledger) ClaimNotices(ctx context.Context, most int, hold time.Duration) ([]Notice, error) {
	claimed, err := list(ctx, l, "notify_claim", claimSQL, args{
		"group": l.opt.Group, "most": int64(most), "by": l.opt.Instance, "hold": hold.Microseconds(),
	}, scanNotice)
	// The server returns them in any order.
	slices.SortFunc(claimed, func(a, b Notice) int {
		if (a.Attempts > 1) != (b.Attempts > 1) {
			return cmp.Compare(a.Attempts, b.Attempts)
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return claimed, err
}

// NoticeOutcome is what came of an attempt to deliver a notification.
type NoticeOutcome struct {
	ID int64
	// Attempt is the count of the claim.
	Attempt int64
	// Delivered are the channels that took it in this attempt.
	Delivered []string
	// Ended says that no channel is left: the notification is delivered, or
	// unwanted.
	Ended, Unwanted bool
	// Again is when to try once more, and Error why that is needed; it holds no
	// secret.
	Again time.Duration
	Error string
	// GiveUpAfter is the age from which a notification that failed MinAttempts times
	// is given up.
	GiveUpAfter time.Duration
	MinAttempts int64
}

// settleSQL notes an outcome. Channels that have it are a fact, whoever delivered;
// when to try again is said by the last claim alone.
const settleSQL = `
UPDATE notifications n
SET delivered_to = (SELECT coalesce(array_agg(DISTINCT c ORDER BY c), '{}')
                    FROM unnest(n.delivered_to || @delivered::text[]) c),
    state = v.state,
    ended_at = CASE WHEN v.state <> 'pending' THEN coalesce(n.ended_at, clock_timestamp()) END,
    last_error = CASE WHEN n.attempts = @attempt::bigint THEN @error::text ELSE n.last_error END,
    next_at = CASE WHEN n.attempts = @attempt::bigint
        THEN clock_timestamp() + @again::bigint * interval '1 microsecond' ELSE n.next_at END,
    claimed_until = CASE WHEN n.attempts = @attempt::bigint THEN '-infinity' ELSE n.claimed_until END
FROM (SELECT o.id, CASE
        WHEN o.state = 'delivered' OR o.state = 'unwanted' THEN o.state
        WHEN @ended::boolean THEN CASE WHEN @unwanted::boolean THEN 'unwanted' ELSE 'delivered' END
        WHEN o.attempts = @attempt::bigint AND o.attempts >= @least::bigint
            AND clock_timestamp() - o.happened_at > @give_up::bigint * interval '1 microsecond'
            THEN 'given_up'
        ELSE o.state END AS state
      FROM notifications o WHERE o.id = @id::bigint AND o.group_name = @group::text FOR UPDATE) v
WHERE n.id = v.id
RETURNING n.state`

// SettleNotice notes what came of an attempt, and returns the state that the
// notification has now.
func (l *Ledger) SettleNotice(ctx context.Context, o NoticeOutcome) (string, error) {
	delivered := o.Delivered
	if delivered == nil {
		delivered = []string{}
	}
	found, err := list(ctx, l, "notify_settle", settleSQL, args{
		"group": l.opt.Group, "id": o.ID, "attempt": o.Attempt, "delivered": delivered, "ended": o.Ended,
		"unwanted": o.Unwanted, "again": o.Again.Microseconds(), "error": o.Error,
		"give_up": o.GiveUpAfter.Microseconds(), "least": o.MinAttempts,
	}, pgx.RowTo[string])
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", ErrNoNotice
	}
	return found[0], nil
}

// ErrNoNotice says that there is no such notification.
var ErrNoNotice = errors.New("no such notification")

// tellRegressionSQL tells that the ledger went back in time.
const tellRegressionSQL = `SELECT notification_of_regression(@group::text, @witness::bigint, @by::text)`

// TellRegression tells that the ledger is behind an epoch that was seen. Several
// instances that say it are heard once.
func (l *Ledger) TellRegression(ctx context.Context, witness core.Epoch) error {
	_, err := list(ctx, l, "notify_regression", tellRegressionSQL, args{
		"group": l.opt.Group, "witness": int64(witness), "by": l.opt.Instance,
	}, pgx.RowTo[bool])
	if err != nil {
		return fmt.Errorf("tell of the regression: %w", err)
	}
	return nil
}

// tellConflictSQL tells that another body came under the key of a signal.
const tellConflictSQL = `SELECT notification_of_conflict(@group::text, @signal::bigint, @by::text)`

// TellConflict tells that another body came under the key of that signal, and was
// refused. It is heard once for each signal, whoever says it and how often.
func (l *Ledger) TellConflict(ctx context.Context, signal core.SignalID) error {
	_, err := list(ctx, l, "notify_conflict", tellConflictSQL, args{
		"group": l.opt.Group, "signal": int64(signal), "by": l.opt.Instance,
	}, pgx.RowTo[bool])
	if err != nil {
		return fmt.Errorf("tell of the conflict: %w", err)
	}
	return nil
}

// noticesSQL lists notifications, the youngest first.
const noticesSQL = `
SELECT ` + noticeColumns + ` FROM notifications n
WHERE n.group_name = @group::text AND n.state = ANY (@states::text[])
ORDER BY n.id DESC LIMIT @limit::bigint`

// Notices lists the notifications in these states, the youngest first.
func (l *Ledger) Notices(ctx context.Context, states []string, limit int) ([]Notice, error) {
	return list(ctx, l, "notifications", noticesSQL, args{
		"group": l.opt.Group, "states": states, "limit": int64(limit),
	}, scanNotice)
}

// retrySQL lets what was given up, or waits for a later try, be tried at once.
const retrySQL = `
UPDATE notifications n
SET state = 'pending', ended_at = NULL, attempts = 0, next_at = clock_timestamp()
WHERE n.group_name = @group::text AND n.state IN ('pending', 'given_up')
  AND n.claimed_until <= clock_timestamp() AND (@id::bigint = 0 OR n.id = @id::bigint)
RETURNING n.id`

// RetryNotices lets a notification, or all that nobody has yet (zero), be tried at
// once, and returns how many.
func (l *Ledger) RetryNotices(ctx context.Context, id int64) (int, error) {
	found, err := list(ctx, l, "notify_retry", retrySQL, args{"group": l.opt.Group, "id": id},
		pgx.RowTo[int64])
	return len(found), err
}
