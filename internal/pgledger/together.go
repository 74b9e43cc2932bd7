package pgledger

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// mostTogether is how many questions of a kind one transaction answers.
const mostTogether = 64

// question is one thing that is asked of the ledger, and what came of it.
type question[Q, A any] struct {
	ctx    context.Context // whoever waits for the answer may leave
	ask    Q
	done   chan struct{}
	answer A
	err    error
}

// answering answers questions in one transaction. What it answers and what it
// cannot it says in each of them; after an error it has answered none, and nothing
// was written unless that is unknown.
type answering[Q, A any] func(ctx context.Context, all []*question[Q, A]) error

// together has questions of one kind that come at the same time answered in one
// transaction. What costs most is to have a statement read and planned and to have
// it committed, and that is the same for one as for many. One that comes alone
// waits for nobody; one that comes while a crew is at work waits for that crew's
// return, and goes with whatever has come by then.
//
// Few crews make large transactions, and leave the server to others: that is what
// keeps the sending of orders from crowding out signals that come in. A second
// crew is there so that one row which somebody else holds does not stop all that
// follows; it sets out only once crowd of them wait.
type together[Q, A any] struct {
	op string
	// crews is how many transactions are under way at most, and crowd how many
	// questions have to wait for each further one of them.
	crews, crowd int
	// fits tells whether a question can be answered beside another; nil if any can.
	fits func(Q, Q) bool
	// rest is for how long a crew lets questions gather after a transaction that took
	// so long, unless a crowd of them waits already.
	rest func(took time.Duration) time.Duration

	mu      sync.Mutex
	waiting []*question[Q, A]
	working int
	crew    sync.WaitGroup
}

// add asks a question and waits for the answer, as long as the context lasts.
// Whoever leaves knows nothing of what becomes of it.
func (t *together[Q, A]) add(ctx context.Context, ask Q, do answering[Q, A]) (A, error) {
	q := &question[Q, A]{ctx: ctx, ask: ask, done: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, q)
	if t.working == 0 || t.working < t.crews && len(t.waiting) >= t.crowd {
		t.working++
		t.crew.Go(func() { t.work(do) })
	}
	t.mu.Unlock()
	select {
	case <-q.done:
		return q.answer, q.err
	case <-ctx.Done():
		var none A
		return none, fmt.Errorf("%s: %w", t.op, context.Cause(ctx))
	}
}

// work answers what waits until nothing does.
func (t *together[Q, A]) work(do answering[Q, A]) {
	// Whoever is just about to ask gets in.
	runtime.Gosched()
	for {
		all := t.take()
		if len(all) == 0 {
			return
		}
		began := time.Now()
		t.answer(all, do)
		if nap := t.rest(time.Since(began)); nap > 0 && !t.crowded() {
			<-time.After(nap)
		}
	}
}

// answer answers questions, and tells those who wait.
func (t *together[Q, A]) answer(all []*question[Q, A], do answering[Q, A]) {
	err := do(lastOf(all), all)
	var refused *pgconn.PgError
	if len(all) > 1 && errors.As(err, &refused) {
		// The server took none of them. The one that it does not like must not keep
		// the others out.
		for i := range all {
			all[i].err = do(lastOf(all[i:i+1]), all[i:i+1])
			close(all[i].done)
		}
		return
	}
	for _, q := range all {
		if err != nil {
			q.err = err
		}
		close(q.done)
	}
}

// crowded tells whether a crowd waits.
func (t *together[Q, A]) crowded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.waiting) >= t.crowd
}

// lastOf is the context of a transaction that belongs to several who wait: none of
// them ends it by leaving. It has limits of its own.
func lastOf[Q, A any](all []*question[Q, A]) context.Context {
	return context.WithoutCancel(all[0].ctx)
}

// take returns what is to be answered together next: the first that waits and what
// fits beside it, and nothing that nobody waits for any more. Without anything to
// do the crew is at its end.
func (t *together[Q, A]) take() []*question[Q, A] {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all, left []*question[Q, A]
	for i, q := range t.waiting {
		if len(all) == mostTogether {
			left = append(left, t.waiting[i:]...)
			break
		}
		switch {
		case q.ctx.Err() != nil:
		case t.fit(all, q):
			all = append(all, q)
		default:
			left = append(left, q)
		}
	}
	t.waiting = left
	if len(all) == 0 {
		t.working--
	}
	return all
}

// fit tells whether a question fits beside all that were taken.
func (t *together[Q, A]) fit(all []*question[Q, A], q *question[Q, A]) bool {
	return t.fits == nil || !slices.ContainsFunc(all, func(other *question[Q, A]) bool {
		return !t.fits(other.ask, q.ask)
	})
}
