package paper

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker/wire"
)

// clockTolerance is by how much a timestamp may lie ahead of the broker's
// clock.
const clockTolerance = time.Second

// Book is the broker's record of orders. It is safe for use by several
// goroutines.
type Book struct {
	class   order.Class
	promise order.Capability
	// fillAfter is how long an order stays open before it is executed.
	fillAfter time.Duration
	now       func() time.Time

	mu     sync.Mutex
	orders []entry
	byID   map[string][]int
	placed func(*wire.Receipt)
}

type entry struct {
	receipt  wire.Receipt
	placedAt time.Time
	fillAt   time.Time
}

// NewBook returns an empty book of a broker of that class, which executes an
// order fillAfter it was placed; at once if fillAfter is zero.
func NewBook(class order.Class, fillAfter time.Duration, now func() time.Time) *Book {
	return &Book{
		class: class, promise: class.Capability(), fillAfter: fillAfter, now: now,
		byID: make(map[string][]int),
	}
}

// OnPlaced sets what is told of each new order, while its sender still waits for
// the answer. It is called by several goroutines at once, and before the first
// order comes.
func (b *Book) OnPlaced(tell func(*wire.Receipt)) { b.placed = tell }

// Place puts the order into the book, or says why not. It judges at the moment
// of the call: an order that was held up on the way is late by then.
func (b *Book) Place(order *wire.Order, received time.Time) (wire.Receipt, *wire.Refusal) {
	receipt, refusal := b.place(order, received)
	if refusal == nil && b.placed != nil {
		b.placed(&receipt)
	}
	return receipt, refusal
}

func (b *Book) place(order *wire.Order, received time.Time) (wire.Receipt, *wire.Refusal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if refusal := b.refuse(order, now); refusal != nil {
		return wire.Receipt{}, refusal
	}
	placed := entry{
		receipt: wire.Receipt{
			OrderID:       "P" + strconv.Itoa(len(b.orders)+1),
			ClientOrderID: order.ClientOrderID,
			Status:        wire.Accepted,
			Instrument:    order.Instrument, Action: order.Action, Position: order.Position,
			Lots: order.Lots, Price: order.Price, Stop: order.Stop,
			ReceivedAt: received.UTC().Format(time.RFC3339Nano),
			AcceptedAt: now.UTC().Format(time.RFC3339Nano),
		},
		placedAt: now, fillAt: now.Add(b.fillAfter),
	}
	b.byID[order.ClientOrderID] = append(b.byID[order.ClientOrderID], len(b.orders))
	b.orders = append(b.orders, placed)
	return placed.at(now), nil
}

// refuses reports whether the class does not let the order in by now: for its
// time, or because it remembers one of that id.
func (b *Book) refuses(order *wire.Order) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuse(order, b.now()) != nil
}

// refuse says why the broker's class does not let the order in.
func (b *Book) refuse(o *wire.Order, now time.Time) *wire.Refusal {
	if o.ClientOrderID == "" && b.class != order.ClassD {
		return refusal(o, wire.CodeInvalidOrder, "client_order_id: required")
	}
	if b.promise.LateArrivalBound > 0 {
		if refusal := b.refuseLate(o, now); refusal != nil {
			return refusal
		}
	}
	for _, i := range b.byID[o.ClientOrderID] {
		existing := b.orders[i].at(now)
		if b.promise.IDScope == order.ScopeForever || b.promise.IDScope == order.ScopeDay ||
			b.promise.IDScope == order.ScopeOpen && existing.Status == wire.Accepted {
			no := refusal(o, wire.CodeDuplicate, "an order with this client_order_id exists")
			no.Order = &existing
			return no
		}
	}
	return nil
}

// refuseLate is what makes a late arrival impossible: the broker itself holds
// the request against the instant that was signed into it.
func (b *Book) refuseLate(order *wire.Order, now time.Time) *wire.Refusal {
	if order.Timestamp <= 0 || order.RecvWindow <= 0 {
		return refusal(order, wire.CodeInvalidOrder, "timestamp and recv_window: required in class B")
	}
	longest := b.promise.LateArrivalBound.Milliseconds()
	if order.RecvWindow > longest {
		return refusal(order, wire.CodeInvalidOrder,
			fmt.Sprintf("recv_window %d: at most %d", order.RecvWindow, longest))
	}
	switch age := now.Sub(time.UnixMilli(order.Timestamp)); {
	case age > time.Duration(order.RecvWindow)*time.Millisecond:
		return refusal(order, wire.CodeTooLate, fmt.Sprintf("timestamp is %v old", age))
	case age < -clockTolerance:
		return refusal(order, wire.CodeFromTheFuture, fmt.Sprintf("timestamp is %v ahead", -age))
	default:
		return nil
	}
}

func refusal(order *wire.Order, code wire.Code, message string) *wire.Refusal {
	return &wire.Refusal{
		Status: wire.Rejected, Code: code, Message: message, ClientOrderID: order.ClientOrderID,
	}
}

// Orders returns a copy of the whole book in the order of placing.
func (b *Book) Orders() []wire.Receipt {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	all := make([]wire.Receipt, 0, len(b.orders))
	for i := range b.orders {
		all = append(all, b.orders[i].at(now))
	}
	return all
}

// Open returns the orders that are not executed yet, in the order of placing.
func (b *Book) Open() []wire.Receipt {
	return slices.DeleteFunc(b.Orders(), func(r wire.Receipt) bool { return r.Status != wire.Accepted })
}

// Page returns at most that many of the orders that were placed at or after the
// instant and behind the order of that id, in the order of placing, and whether
// there are more. An empty id begins at the beginning.
func (b *Book) Page(since time.Time, after string, most int) (page []wire.Receipt, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, begun := b.now(), after == ""
	page = []wire.Receipt{}
	for i := range b.orders {
		switch e := &b.orders[i]; {
		case !begun:
			begun = e.receipt.OrderID == after
		case e.placedAt.Before(since):
		case len(page) == most:
			return page, true
		default:
			page = append(page, e.at(now))
		}
	}
	return page, false
}

// Find returns the orders with this client order id, oldest first.
func (b *Book) Find(clientOrderID string) []wire.Receipt {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	found := make([]wire.Receipt, 0, 1)
	for _, i := range b.byID[clientOrderID] {
		found = append(found, b.orders[i].at(now))
	}
	return slices.Clip(found)
}

// at returns the receipt as it stands at that instant.
func (e *entry) at(now time.Time) wire.Receipt {
	receipt := e.receipt
	if receipt.Status == wire.Accepted && !now.Before(e.fillAt) {
		receipt.Status = wire.Filled
	}
	return receipt
}
