package templated

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
)

// Placed lists the orders of lookup.book, or of the look-up if that reads the
// day's book anyway. How far back that goes, and whether it is all of it, no
// template tells: the book is never whole.
func (a *Adapter) Placed(ctx context.Context, since time.Time) (broker.Book, error) {
	l := &a.config.Settings.Lookup
	f := a.fieldsOf(broker.Order{}, a.config.Clock.Now())
	f.Since = since.UTC().Format(time.RFC3339Nano)
	path := a.askPath
	switch {
	case l.Book != "":
		path = a.bookPath
	case a.promise.Lookup != order.LookupDayBook || l.List == "":
		return broker.Book{}, broker.ErrNoBook
	}
	d := &draft{method: http.MethodGet}
	err := a.address(d, path, f)
	if err != nil {
		return broker.Book{}, fmt.Errorf("list placed orders: %w", err)
	}
	r, err := d.request(ctx)
	if err != nil {
		return broker.Book{}, fmt.Errorf("list placed orders: %w", err)
	}
	reply, err := a.line.Ask(r, wire.MaxBook)
	if err != nil {
		return broker.Book{}, fmt.Errorf("list placed orders: %w", err)
	}
	orders, err := a.readPlaced(reply)
	if err != nil {
		return broker.Book{}, fmt.Errorf("list placed orders: %w", err)
	}
	return broker.Book{Orders: orders}, nil
}

// tryBook writes the request for the book once, so that what is wrong with it is
// found at the start.
func (a *Adapter) tryBook() error {
	if a.config.Settings.Lookup.Book == "" {
		return nil
	}
	f := a.fieldsOf(broker.Order{}, a.config.Clock.Now())
	f.Since = time.Unix(0, 0).UTC().Format(time.RFC3339Nano)
	return a.address(&draft{method: http.MethodGet}, a.bookPath, f)
}

// readPlaced reads the list of an answer.
func (a *Adapter) readPlaced(reply wire.Reply) ([]broker.Placed, error) {
	l := &a.config.Settings.Lookup
	if !slices.Contains(l.Answer.Codes, reply.Status) {
		return nil, fmt.Errorf("status %d", reply.Status)
	}
	var root any
	if err := wire.DecodeUpTo(wire.MaxBook, reply.Body, &root); err != nil {
		return nil, err
	}
	list, ok := find(root, l.List).([]any)
	if !ok {
		return nil, fmt.Errorf("the answer has no list at %s", l.List)
	}
	orders := make([]broker.Placed, 0, len(list))
	for _, one := range list {
		if _, isOrder := one.(map[string]any); !isOrder {
			return nil, errors.New("the list holds something that is no order")
		}
		orders = append(orders, a.placed(one))
	}
	return orders, nil
}

// placed reads one order of the list.
func (a *Adapter) placed(one any) broker.Placed {
	l := &a.config.Settings.Lookup
	word := func(place string) string {
		if place == "" {
			return ""
		}
		text, _ := at(one, place)
		return text
	}
	p := broker.Placed{
		ClientOrderID: word(l.Answer.ClientOrderID), OrderID: word(l.Answer.OrderID),
		Ticket: broker.Ticket{Symbol: word(l.Symbol), Quantity: word(l.Quantity)},
	}
	p.Answer = a.read(&l.Answer, p.ClientOrderID, one).Answer
	// Another word for a side than these two says nothing here.
	if side := broker.Side(strings.ToLower(word(l.Side))); side == broker.Buy || side == broker.Sell {
		p.Ticket.Side = side
	}
	return p
}

// Expected returns the order by the table of instruments; by its own words if there
// is none.
func (a *Adapter) Expected(o broker.Order) (broker.Ticket, error) {
	if len(a.config.Instruments) == 0 {
		return broker.Ticket{Symbol: o.Instrument, Quantity: o.Lots.String()}, nil
	}
	return a.config.Instruments.Express(o)
}
