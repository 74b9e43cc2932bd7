package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/internal/broker/paper"
)

// desk is where paper brokers stand, one after the other, with a clock that
// goes on when it is told to. It knows what becomes of each request: it is being
// handled, it waits for the clock, or it has ended.
type desk struct {
	wire proxy

	mu      sync.Mutex
	changed *sync.Cond
	broker  *paper.Server
	now     core.Time
	// skew is by how much the clock of those who send is ahead.
	skew    time.Duration
	begun   int
	active  map[int]bool
	waiting []*waiter
}

// waiter is a request that waits for an instant.
type waiter struct {
	due  core.Time
	over chan struct{}
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{active: map[int]bool{}}
	d.changed = sync.NewCond(&d.mu)
	front := httptest.NewServer(d)
	t.Cleanup(front.Close)
	t.Cleanup(func() { d.open(paper.Config{}) })
	d.wire = newProxy(t, link.HTTP, front.Listener.Addr().String())
	return d
}

// open puts a broker with an empty book there, whose clock begins anew. What
// still waits at the one before ends.
func (d *desk) open(config paper.Config) {
	config.Clock = brokerClock{d}
	d.mu.Lock()
	before := d.broker
	d.mu.Unlock()
	if before != nil {
		before.Close()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.active) > 0 {
		d.changed.Wait()
	}
	d.broker, d.now, d.skew, d.waiting = paper.NewServer(config), began, 0, nil
}

// ServeHTTP hands a request that has arrived whole to the broker.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // its sender broke off: it never arrived
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	d.mu.Lock()
	d.begun++
	number, broker := d.begun, d.broker
	d.active[number] = true
	d.changed.Broadcast()
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.active, number)
		d.changed.Broadcast()
	}()
	broker.ServeHTTP(w, r)
}

// arrived returns how many requests have arrived so far.
func (d *desk) arrived() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun
}

// handles reports whether the request of that number has not ended yet.
func (d *desk) handles(number int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.active[number]
}

// quiet returns when so many requests have arrived and each of them has ended,
// or waits for the clock, or is never answered: of those there are so many.
func (d *desk) quiet(arrived, silent int) error {
	late := false
	bound := time.AfterFunc(20*time.Second, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		late = true
		d.changed.Broadcast()
	})
	defer bound.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.begun < arrived || len(d.active) != len(d.waiting)+silent {
		if late {
			return fmt.Errorf("the desk does not come to rest: %d of %d requests arrived, %d are active, "+
				"%d wait and %d are silent", d.begun, arrived, len(d.active), len(d.waiting), silent)
		}
		d.changed.Wait()
	}
	return nil
}

// next is the instant for which the first request waits, if it is not after the
// limit, else the limit.
func (d *desk) next(limit core.Time) (at core.Time, waits bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range d.waiting {
		if w.due <= limit {
			limit, waits = w.due, true
		}
	}
	return limit, waits
}

// pass lets the clock go on until then, and whoever waits for that instant with
// it: one, the first that came.
func (d *desk) pass(until core.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = until
	for i, w := range d.waiting {
		if w.due <= until {
			d.waiting = slices.Delete(d.waiting, i, i+1)
			close(w.over)
			return
		}
	}
}

// brokerClock is the desk's clock as the broker sees it.
type brokerClock struct{ desk *desk }

func (c brokerClock) Now() time.Time {
	c.desk.mu.Lock()
	defer c.desk.mu.Unlock()
	return time.Unix(0, int64(c.desk.now))
}

func (c brokerClock) Wait(ctx context.Context, d time.Duration) bool {
	c.desk.mu.Lock()
	w := &waiter{due: c.desk.now.Add(d), over: make(chan struct{})}
	c.desk.waiting = append(c.desk.waiting, w)
	c.desk.changed.Broadcast()
	c.desk.mu.Unlock()
	select {
	case <-w.over:
		return true
	case <-ctx.Done():
		return false
	}
}

// senderClock is the clock of those who send.
type senderClock struct{ desk *desk }

func (c senderClock) Now() core.Now {
	c.desk.mu.Lock()
	defer c.desk.mu.Unlock()
	return core.Now{Boot: c.desk.now, Mono: c.desk.now, Wall: c.desk.now.Add(c.desk.skew)}
}
