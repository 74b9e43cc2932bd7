package pgledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// The bounds of storing together.
const (
	// mostTogether is how many signals are stored in one transaction.
	mostTogether = 64
	// mostCrews is how many transactions store signals at the same time. With more
	// of them each has less to do, and the disk more.
	mostCrews = 4
)

// admission is one offer on its way into the ledger.
type admission struct {
	ctx   context.Context // whoever waits for it may leave
	offer *Offer
	done  chan struct{}
	// result and err are there once done is closed.
	result Admitted
	err    error
}

// admitQueue stores signals together that come at the same time: what costs most
// is the commit, and one serves all. A signal that comes alone waits for nobody.
type admitQueue struct {
	mu      sync.Mutex
	waiting []*admission
	crews   int
	crew    sync.WaitGroup
}

// storing stores offers with different keys in one transaction.
type storing func(ctx context.Context, all []*admission)

// add puts an offer into the queue and waits for its answer, as long as the
// context lasts. Whoever leaves does not know whether it is stored.
func (q *admitQueue) add(ctx context.Context, o *Offer, store storing) (Admitted, error) {
	a := &admission{ctx: ctx, offer: o, done: make(chan struct{})}
	q.mu.Lock()
	q.waiting = append(q.waiting, a)
	if q.crews < mostCrews {
		q.crews++
		q.crew.Go(func() { q.work(store) })
	}
	q.mu.Unlock()
	select {
	case <-a.done:
		return a.result, a.err
	case <-ctx.Done():
		return Admitted{}, fmt.Errorf("admit: %w", context.Cause(ctx))
	}
}

// work stores what waits until nothing does.
func (q *admitQueue) work(store storing) {
	for {
		all := q.take()
		if len(all) == 0 {
			return
		}
		// The transaction has limits of its own, and belongs to several who wait.
		ctx := context.WithoutCancel(all[0].ctx)
		store(ctx, all)
		var refused *pgconn.PgError
		if len(all) > 1 && errors.As(all[0].err, &refused) {
			// The server took none of them. The one that it does not like must not
			// keep the others out.
			for i := range all {
				store(ctx, all[i:i+1])
			}
		}
		for _, a := range all {
			close(a.done)
		}
	}
}

// take returns what is to be stored together next: of each key one, and nothing
// that nobody waits for any more. Without anything to do the crew is at its end.
func (q *admitQueue) take() []*admission {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all, left []*admission
	keys := map[string]bool{}
	for i, a := range q.waiting {
		switch {
		case a.ctx.Err() != nil:
		case len(all) == mostTogether:
			left = append(left, q.waiting[i:]...)
			q.waiting = left
			return all
		case keys[a.offer.Key]:
			left = append(left, a)
		default:
			keys[a.offer.Key] = true
			all = append(all, a)
		}
	}
	q.waiting = left
	if len(all) == 0 {
		q.crews--
	}
	return all
}
