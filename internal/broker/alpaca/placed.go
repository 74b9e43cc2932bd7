package alpaca

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
)

// overlap is how far a page reaches back into the one before. The documentation
// says that `after` is exclusive, and it was seen to be inclusive; its precision is
// not told. Orders that come twice are known by their ids.
const overlap = time.Microsecond

// Placed lists the account's orders, whoever placed them: GET /v2/orders with
// status=all, the oldest first, a page beginning where the one before ended.
func (a *Adapter) Placed(ctx context.Context, since time.Time) (broker.Book, error) {
	book, seen := broker.Book{Whole: true}, map[string]bool{}
	after := since.Add(-overlap)
	for {
		page, err := a.page(ctx, after)
		if err != nil {
			return broker.Book{}, fmt.Errorf("list placed orders: %w", err)
		}
		before := len(book.Orders)
		for i := range page {
			if d := &page[i]; !seen[d.ID] {
				seen[d.ID] = true
				book.Orders = append(book.Orders, d.placed())
			}
		}
		if len(page) < mostListed {
			return book, nil
		}
		last, err := time.Parse(time.RFC3339Nano, page[len(page)-1].SubmittedAt)
		switch {
		case err != nil:
			return broker.Book{}, fmt.Errorf("list placed orders: submitted_at: %w", err)
		case len(book.Orders) == before:
			return broker.Book{}, errors.New("list placed orders: more than a page at one instant")
		case len(book.Orders) > broker.MostPlaced:
			return broker.Book{}, fmt.Errorf("list placed orders: %w", broker.ErrLongBook)
		}
		after = last.Add(-overlap)
	}
}

// page reads one page of the list.
func (a *Adapter) page(ctx context.Context, after time.Time) ([]document, error) {
	where := a.orders + "?" + url.Values{
		"status": {"all"}, "direction": {"asc"}, "limit": {strconv.Itoa(mostListed)},
		"after": {after.UTC().Format(time.RFC3339Nano)},
	}.Encode()
	reply, err := a.ask(ctx, where, wire.MaxBook)
	if err != nil {
		return nil, err
	}
	if reply.Status != http.StatusOK {
		return nil, fmt.Errorf("status %d", reply.Status)
	}
	var list []document
	if err := wire.DecodeUpTo(wire.MaxBook, reply.Body, &list); err != nil {
		return nil, err
	}
	if list == nil {
		return nil, errors.New("the answer is no list")
	}
	for i := range list {
		if list[i].ID == "" {
			return nil, errors.New("the list holds something that is no order")
		}
	}
	return list, nil
}

// placed is what the list says of one order.
func (d *document) placed() broker.Placed {
	return broker.Placed{
		ClientOrderID: d.ClientOrderID, OrderID: d.ID, Answer: d.meaning().Answer,
		Ticket: broker.Ticket{Symbol: plainSymbol(d.Symbol), Side: broker.Side(d.Side), Quantity: d.Qty},
	}
}

// plainSymbol leaves out what is written with and without: pairs of coins are
// listed as BTC/USD and as BTCUSD.
func plainSymbol(symbol string) string { return strings.ReplaceAll(symbol, "/", "") }

// Expected returns the order as the account lists it.
func (a *Adapter) Expected(o broker.Order) (broker.Ticket, error) {
	ticket, err := a.config.Instruments.Express(o)
	ticket.Symbol = plainSymbol(ticket.Symbol)
	return ticket, err
}
