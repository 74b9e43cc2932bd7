package pgledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/core/inbox"
)

// Order is what a signal asks the broker to do. It never changes.
type Order struct {
	Signal core.SignalID
	// Key is the duplicate key, from which order ids are made.
	Key string
	// Type, Instrument, Position and Timestamp are as the sender wrote them.
	Type, Instrument, Position, Timestamp string
	// Price, Stop and Lots are decimal numbers in text form; empty means absent.
	Price, Stop, Lots string
	// Reason is the sender's.
	Reason string
}

// ClientOrderID returns the broker's name for one attempt of the order.
func (o Order) ClientOrderID(attempt uint32) string { return inbox.ClientOrderID(o.Key, attempt) }

// orderColumns are an order's columns, of a row of signals called s.
const orderColumns = `s.key, s.type, s.instrument, s.position, s."timestamp",
       coalesce(s.price::text, ''), coalesce(s.stop::text, ''), coalesce(s.lots::text, ''), s.reason`

// into lists where the columns go, in their order.
func (o *Order) into() []any {
	return []any{
		&o.Key, &o.Type, &o.Instrument, &o.Position, &o.Timestamp, &o.Price, &o.Stop, &o.Lots, &o.Reason,
	}
}

// orderSQL reads one order.
const orderSQL = `
SELECT ` + orderColumns + ` FROM signals s WHERE s.group_name = @group::text AND s.id = @signal::bigint`

// Order returns what the signal asks for, from memory if it was listed or read
// not long ago. ErrNoSignal says that there is no such signal.
func (l *Ledger) Order(ctx context.Context, signal core.SignalID) (Order, error) {
	if order, ok := l.orders.find(signal); ok {
		return order, nil
	}
	order := Order{Signal: signal}
	t := l.begin("order", durably)
	t.row(orderSQL, args{"group": l.opt.Group, "signal": int64(signal)}, order.into()...)
	if err := l.run(ctx, l.work, t); err != nil {
		return Order{}, noSignal(signal, err)
	}
	l.orders.keep(order)
	return order, nil
}

// BrokerNote is what the broker said beside its answer: for people, and for
// looking the order up at the broker's desk.
type BrokerNote struct {
	OrderID string
	Detail  string
}

// Note keeps a broker's note until the attempt's outcome is recorded by this
// process, and lets it be recorded with it.
func (l *Ledger) Note(signal core.SignalID, attempt uint32, note BrokerNote) {
	l.orders.note(attemptID{signal, attempt}, note)
}

// attemptID names one attempt.
type attemptID struct {
	signal  core.SignalID
	attempt uint32
}

// bookSize is how many orders, and how many notes, are kept in memory: many
// more than a node works on at once.
const bookSize = 64 * core.MaxFlights

// orderBook is a bounded memory of orders and notes. It is only a memory:
// whatever falls out of it is read again.
type orderBook struct {
	mu     sync.Mutex
	orders map[core.SignalID]Order
	notes  map[attemptID]BrokerNote
}

// keep remembers an order.
func (b *orderBook) keep(o Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.orders == nil || len(b.orders) >= bookSize {
		b.orders = make(map[core.SignalID]Order, bookSize)
	}
	b.orders[o.Signal] = o
}

// find returns a remembered order.
func (b *orderBook) find(signal core.SignalID) (Order, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.orders[signal]
	return o, ok
}

// note remembers a broker's note.
func (b *orderBook) note(id attemptID, note BrokerNote) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.notes == nil || len(b.notes) >= bookSize {
		b.notes = make(map[attemptID]BrokerNote)
	}
	b.notes[id] = note
}

// noted returns a remembered note, empty if there is none.
func (b *orderBook) noted(id attemptID) BrokerNote {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.notes[id]
}

// forget drops a note.
func (b *orderBook) forget(id attemptID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.notes, id)
}

// ErrNoSignal says that the ledger has no signal of that id in this group.
var ErrNoSignal = errors.New("no such signal")

// noSignal gives the absence of a row its name.
func noSignal(signal core.SignalID, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("signal %d: %w", signal, ErrNoSignal)
	}
	return err
}
