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
	// closed: no question is taken any more.
	closed bool
	// spared is by how many halvings a transaction is kept below mostTogether, because
	// the server had no time for larger ones.
	spared int
}

// errClosed says that a ledger was closed.
var errClosed = errors.New("the ledger is closed")

// add asks a question and waits for the answer, as long as the context lasts.
// Whoever leaves knows nothing of what becomes of it.
func (t *together[Q, A]) add(ctx context.Context, ask Q, do answering[Q, A]) (A, error) {
	q := &question[Q, A]{ctx: ctx, ask: ask, done: make(chan struct{})}
	var none A
	if !t.join(q, do) {
		return none, fmt.Errorf("%s: %w", t.op, errClosed)
	}
	select {
	case <-q.done:
		return q.answer, q.err
	case <-ctx.Done():
		return none, t.gone(q)
	}
}

// join puts a question among those that wait, and has a crew set out if it must.
func (t *together[Q, A]) join(q *question[Q, A], do answering[Q, A]) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.waiting = append(t.waiting, q)
	if t.working == 0 || t.working < t.crews && len(t.waiting) >= t.crowd {
		t.working++
		t.crew.Go(func() { t.work(do) })
	}
	return true
}

// gone says that whoever asked has left.
func (t *together[Q, A]) gone(q *question[Q, A]) error {
	return fmt.Errorf("%s: %w", t.op, context.Cause(q.ctx))
}

// close refuses what is asked from now on, and waits until all that was asked before
// is answered.
func (t *together[Q, A]) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.crew.Wait()
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
	t.fared(err)
	if len(all) > 1 && forOne(err) {
		t.answerEach(all, do)
		return
	}
	for _, q := range all {
		q.end(err)
	}
}

// answerEach answers questions by themselves of which the server took none together:
// the one that it does not like must not keep the others out. Of those who have left
// nothing is asked. Once a question fails that is not to blame for it, the rest fail
// with it: to a server that has trouble of its own they are not put one by one.
func (t *together[Q, A]) answerEach(all []*question[Q, A], do answering[Q, A]) {
	for i, q := range all {
		if q.ctx.Err() != nil {
			q.end(t.gone(q))
			continue
		}
		err := do(lastOf(all[i:i+1]), all[i:i+1])
		q.end(err)
		if err != nil && !forOne(err) {
			for _, rest := range all[i+1:] {
				rest.end(err)
			}
			return
		}
	}
}

// end tells whoever waits for the answer; an error says that there is none.
func (q *question[Q, A]) end(err error) {
	if err != nil {
		q.err = err
	}
	close(q.done)
}

// The codes of PostgreSQL that say more than their class.
const (
	lockWasNotHad  = "55P03"
	statementEnded = "57014"
)

// forOne tells whether a transaction of several may have failed for one question
// among them, so that it helps to ask each by itself:
//
//   - 22, 23: a value that is none, a row that a rule of the schema does not allow;
//   - 54: a value that is too large for what is built over it;
//   - 40: it was thrown out of a ring, in which one row was waited for;
//   - 55P03: a row was not to be had in time, because somebody else holds it.
//
// All else is the server's state or the statement's, and the same for each: a time
// limit, a shutdown, no memory, no right to a table. To repeat would only add to what
// a slow server has to do, sixty-fourfold.
func forOne(err error) bool {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || len(refused.Code) < 2 {
		return false
	}
	switch refused.Code[:2] {
	case "22", "23", "40", "54":
		return true
	default:
		return refused.Code == lockWasNotHad
	}
}

// fared learns from what became of a transaction how many questions the next ones
// may have. A server that did not come to an end in time gets half as many, or the
// same crowd would fail again and again; twice as many once it does.
func (t *together[Q, A]) fared(err error) {
	var refused *pgconn.PgError
	late := errors.As(err, &refused) && refused.Code == statementEnded
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case late && mostTogether>>t.spared > 1:
		t.spared++
	case err == nil && t.spared > 0:
		t.spared--
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
		if len(all) == mostTogether>>t.spared {
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
