package model

import (
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/core/order"
)

// BrokerConfig is what makes one broker.
type BrokerConfig struct {
	// Promise is what its interface promises; it decides how ids, look-ups and
	// late requests are treated.
	Promise order.Capability
	// FillAfter is how long an order works before it is executed; zero executes
	// it at once.
	FillAfter time.Duration
	// Unfilled is the share of orders, in parts per million, that end cancelled
	// or rejected instead of executed. Which ones is the same in every run.
	Unfilled int64
}

// clockTolerance is by how much a signed timestamp may lie ahead of the
// broker's clock.
const clockTolerance = time.Second

// million is the denominator of shares.
const million = 1_000_000

// Broker is a broker's book and its conduct. An order is known by signal and
// attempt, which stand for the client order id.
type Broker struct {
	cfg     BrokerConfig
	out     *Records
	conduct conduct
	orders  []Order
	// newest is the last order of each signal, plus one; zero is none. Orders
	// before filled are executed.
	newest []int32
	filled int
}

// Order is one order in the book.
type Order struct {
	Signal   core.SignalID
	Attempt  uint32
	PlacedAt core.Time
	FillAt   core.Time
	// End is what becomes of it at FillAt.
	End   order.Answer
	older int32 // of the signal, plus one
}

// Reset empties the book, ends every misconduct and keeps the memory. What the
// broker does from now on is told to out.
func (b *Broker) Reset(cfg BrokerConfig, out *Records) {
	*b = Broker{cfg: cfg, out: out, orders: b.orders[:0], newest: b.newest[:0]}
}

// Submit asks for an order. It was dispatched at that instant by the timestamp
// that the gate signed, read on the broker's clock. The answer says how the
// order stands, or why there is none; silent tells that no answer is ever
// sent.
func (b *Broker) Submit(
	now core.Time, signal core.SignalID, attempt uint32, dispatchedAt core.Time,
) (answer order.Answer, silent bool) {
	b.Advance(now)
	if b.conduct.down.on() {
		return order.Unknown, false
	}
	answer = b.place(now, signal, attempt, dispatchedAt)
	if b.conduct.wrongStatus.on() {
		answer = order.Unknown
	}
	return answer, b.conduct.silent.on()
}

// place puts the order into the book, unless the promise or conduct forbids.
// A refusal is a word on the order; one of the request alone is none: it says
// nothing of what an earlier request has done.
func (b *Broker) place(
	now core.Time, signal core.SignalID, attempt uint32, dispatchedAt core.Time,
) order.Answer {
	if b.refusesTime(now, dispatchedAt) {
		return order.Unknown
	}
	if existing := b.remembered(now, signal, attempt); existing != nil {
		return existing.at(now)
	}
	if b.conduct.reject.on() {
		return order.Rejected
	}
	b.create(now, signal, attempt)
	return b.orders[len(b.orders)-1].at(now)
}

// refusesTime reports whether the broker itself refuses a request of that
// time: a late arrival is what it holds against the signed timestamp.
func (b *Broker) refusesTime(now, dispatchedAt core.Time) bool {
	bound := b.cfg.Promise.LateArrivalBound
	if bound <= 0 {
		return false
	}
	age := now.Sub(dispatchedAt)
	return age > bound || age < -clockTolerance
}

// remembered returns the order that the id still stands for, or nil: for ever,
// for the day, while the order is open, or not at all.
func (b *Broker) remembered(now core.Time, signal core.SignalID, attempt uint32) *Order {
	if b.cfg.Promise.IDScope == order.ScopeNone {
		return nil
	}
	for i := b.newestOf(signal); i > 0; i = b.orders[i-1].older {
		o := &b.orders[i-1]
		if o.Attempt == attempt && o.holdsID(b.cfg.Promise.IDScope, now) {
			return o
		}
	}
	return nil
}

// holdsID reports whether the order keeps its id from being used again.
func (o *Order) holdsID(scope order.IDScope, now core.Time) bool {
	const day = core.Time(24 * time.Hour)
	switch scope {
	case order.ScopeForever:
		return true
	case order.ScopeDay:
		return o.PlacedAt/day == now/day
	case order.ScopeOpen:
		return now < o.FillAt
	case order.ScopeNone:
		return false
	default:
		return false
	}
}

// at is how the order stands at that instant.
func (o *Order) at(now core.Time) order.Answer {
	if now >= o.FillAt {
		return o.End
	}
	return order.Accepted
}

// end is what becomes of an order: a hash of its id decides.
func (b *Broker) end(signal core.SignalID, attempt uint32) order.Answer {
	bits := uint64(signal)*0x9e3779b97f4a7c15 + uint64(attempt)*0xbf58476d1ce4e5b9
	bits = (bits ^ bits>>29) * 0x94d049bb133111eb >> 20
	switch {
	case int64(bits%million) >= b.cfg.Unfilled:
		return order.Filled
	case bits>>21&1 == 0:
		return order.Cancelled
	default:
		return order.Rejected
	}
}

// create writes the order into the book. The broker says so at once; whether
// its answer arrives is another matter.
func (b *Broker) create(now core.Time, signal core.SignalID, attempt uint32) {
	for core.SignalID(len(b.newest)) <= signal {
		b.newest = append(b.newest, 0)
	}
	b.orders = append(b.orders, Order{
		Signal: signal, Attempt: attempt, PlacedAt: now, FillAt: now.Add(b.cfg.FillAfter),
		End: b.end(signal, attempt), older: b.newest[signal],
	})
	b.newest[signal] = int32(len(b.orders))
	b.out.addSignal(history.OrderCreated, now, signal, attempt)
	b.out.addSignal(history.Announced, now, signal, attempt).Event = event.OrderAccepted
	b.Advance(now)
}

// Advance executes the orders whose time has come. Every operation does so
// first; a caller that asks at NextFill learns of it when it happens.
func (b *Broker) Advance(now core.Time) {
	for b.filled < len(b.orders) && now >= b.orders[b.filled].FillAt {
		o := &b.orders[b.filled]
		b.filled++
		if o.End == order.Filled {
			b.out.addSignal(history.OrderFilled, now, o.Signal, o.Attempt)
		}
	}
}

// NextFill is the instant at which the next order is executed; Never if none
// is open.
func (b *Broker) NextFill() core.Time {
	if b.filled == len(b.orders) {
		return core.Never
	}
	return b.orders[b.filled].FillAt
}

// Lookup asks what became of an order. Absent is what the book says now; what
// that proves is for the caller's class to know. A broker without look-up, or
// one that is down, says nothing.
func (b *Broker) Lookup(
	now core.Time, signal core.SignalID, attempt uint32,
) (answer order.Answer, silent bool) {
	b.Advance(now)
	if b.conduct.down.on() || b.cfg.Promise.Lookup == order.LookupNone {
		return order.Unknown, false
	}
	answer = order.Absent
	for i := b.newestOf(signal); i > 0; i = b.orders[i-1].older {
		if o := &b.orders[i-1]; o.Attempt == attempt && answer != order.Filled {
			answer = o.at(now)
		}
	}
	return answer, false
}

// newestOf returns the place of the signal's last order, plus one.
func (b *Broker) newestOf(signal core.SignalID) int32 {
	if signal <= 0 || int(signal) >= len(b.newest) {
		return 0
	}
	return b.newest[signal]
}

// Has reports whether an order of the signal exists.
func (b *Broker) Has(signal core.SignalID) bool { return b.newestOf(signal) != 0 }

// Standing is how the signal's last order stands at that instant; Absent if it
// has none.
func (b *Broker) Standing(now core.Time, signal core.SignalID) order.Answer {
	if i := b.newestOf(signal); i != 0 {
		return b.orders[i-1].at(now)
	}
	return order.Absent
}

// OrdersOf returns how many orders of the signal exist.
func (b *Broker) OrdersOf(signal core.SignalID) int {
	count := 0
	for i := b.newestOf(signal); i > 0; i = b.orders[i-1].older {
		count++
	}
	return count
}

// Orders returns the book in the order of placing. It is the broker's own: the
// caller only reads it, before the next call.
func (b *Broker) Orders() []Order { return b.orders }

// CopyFrom makes b what the other broker is, in its own memory. It says
// nothing to Records and goes on with its own.
func (b *Broker) CopyFrom(other *Broker) {
	mine := *b
	*b = *other
	b.out = mine.out
	b.orders = append(mine.orders[:0], other.orders...)
	b.newest = append(mine.newest[:0], other.newest...)
}
