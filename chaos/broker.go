package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker/paper"
	"fencepost/internal/broker/wire"
)

// desk is the paper broker, in this process: its book is the truth about orders,
// and what it does is known at once.
type desk struct {
	server   *paper.Server
	listener net.Listener
	http     http.Server

	mu      sync.Mutex
	placed  []placement
	working int
}

// placement is one order that came into being.
type placement struct {
	at            int64
	clientOrderID string
	key           string // of the signal
}

// positionPrefix stands before a signal's key in its position, so that every
// order tells whose it is, whatever the broker makes of its id.
const positionPrefix = "Long_"

// openDesk starts the broker. accepted is told of each order while its sender
// still waits.
func openDesk(p *Program, seed uint64, now func() int64, accepted func()) (*desk, error) {
	low, high := p.ack.Resolve(p.ttl)
	d := &desk{server: paper.NewServer(paper.Config{Class: p.class, FillAfter: p.fillAfter, Seed: seed})}
	if err := d.server.Conduct.Ack(time.Duration(low), time.Duration(high)); err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	d.server.Book.OnPlaced(func(r *wire.Receipt) {
		d.mu.Lock()
		d.placed = append(d.placed, placement{
			at: now(), clientOrderID: r.ClientOrderID, key: strings.TrimPrefix(r.Position, positionPrefix),
		})
		d.mu.Unlock()
		accepted()
	})
	var err error
	if d.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	d.http = http.Server{Handler: http.HandlerFunc(d.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = d.http.Serve(d.listener) }() // ends with close
	return d, nil
}

// serve answers, and counts the orders that are being worked on.
func (d *desk) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		d.count(1)
		defer d.count(-1)
	}
	d.server.ServeHTTP(w, r)
}

func (d *desk) count(by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.working += by
}

// underWay reports whether an order may still come into being that was sent
// already.
func (d *desk) underWay() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.working > 0
}

// addr is where the broker listens.
func (d *desk) addr() string { return d.listener.Addr().String() }

// standings are what the book says of each signal's orders: the best of them, by
// the signal's key. A signal without an order that stands is not among them.
func (d *desk) standings() map[string]order.Answer {
	best := map[string]order.Answer{}
	for _, r := range d.server.Book.Orders() {
		key := strings.TrimPrefix(r.Position, positionPrefix)
		switch r.Status {
		case wire.Filled:
			best[key] = order.Filled
		case wire.Accepted:
			if best[key] != order.Filled {
				best[key] = order.Accepted
			}
		case wire.Rejected, wire.Cancelled:
		}
	}
	return best
}

// standing is what the book says of one signal's orders: the best of them.
func (d *desk) standing(key string) order.Answer {
	if stands, any := d.standings()[key]; any {
		return stands
	}
	return order.Absent
}

// orders are the placements, in their order.
func (d *desk) orders() []placement {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]placement(nil), d.placed...)
}

// close ends the broker.
func (d *desk) close() error {
	d.server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), askBound)
	defer cancel()
	err := d.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = d.http.Close()
	}
	return err
}
