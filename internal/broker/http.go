package broker

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
)

// ClockTolerance is by how much a broker that checks timestamps lets a sender's
// clock run ahead of its own. It is taken off the window that an order asks
// for, so that the broker's bound holds even for a clock that is ahead.
const ClockTolerance = time.Second

// HTTPConfig says how to reach a broker that speaks the protocol of package
// wire.
type HTTPConfig struct {
	// URL is the broker's base address, http or https, without a query.
	URL string
	// Promise is what the broker's interface promises. The protocol carries ids,
	// look-ups and signed instants for every class; which of them the broker
	// honours only its operator knows.
	Promise order.Capability
	// Secret signs each order; empty if the broker wants no signature.
	Secret []byte
	// Clock judges notAfter and stamps orders for a broker that refuses late
	// ones.
	Clock clock.Clock
	// TLS is used for https; nil is the standard library's default.
	TLS *tls.Config
	// Dial opens connections; nil is TCP to the address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// HTTP is the Adapter for the protocol of package wire.
type HTTP struct {
	config HTTPConfig
	line   *Line
	orders *url.URL
}

// NewHTTP returns an adapter. It opens no connection yet. The error names what
// is wrong with the address or the promise.
func NewHTTP(config HTTPConfig) (*HTTP, error) {
	line, err := NewLine(LineConfig{
		URL: config.URL, Clock: config.Clock, TLS: config.TLS, Dial: config.Dial,
	})
	if err != nil {
		return nil, err
	}
	if err := CheckBound(config.Promise.LateArrivalBound); err != nil {
		return nil, err
	}
	return &HTTP{config: config, line: line, orders: line.Base().JoinPath("orders")}, nil
}

// CheckBound reports a late arrival bound that the clock tolerance eats up.
func CheckBound(bound time.Duration) error {
	if bound != 0 && bound <= ClockTolerance {
		return fmt.Errorf("late arrival bound %v: must be longer than the clock tolerance of %v",
			bound, ClockTolerance)
	}
	return nil
}

// Promise states what the configuration says of the broker.
func (h *HTTP) Promise() Promise { return Promise{Capability: h.config.Promise, Lists: true} }

// Close drops idle connections.
func (h *HTTP) Close() { h.line.Close() }

// Submit sends the order over a connection of its own.
func (h *HTTP) Submit(ctx context.Context, order Order, notAfter core.Time) Result {
	reply, err := h.line.Send(ctx, notAfter, func(ctx context.Context) (*http.Request, error) {
		return h.request(ctx, order)
	})
	return Submitted(h.config.Promise, order.ClientOrderID, reply, err, h.submitted)
}

func (h *HTTP) submitted(id string, reply wire.Reply) wire.Meaning {
	return wire.Submitted(h.config.Promise, id, reply)
}

func (h *HTTP) lookedUp(id string, reply wire.Reply) wire.Meaning {
	return wire.LookedUp(h.config.Promise, id, reply)
}

// request builds the order's request. The timestamp is taken here, before the
// gate is asked: an older one can only make the broker refuse sooner.
func (h *HTTP) request(ctx context.Context, order Order) (*http.Request, error) {
	document := wire.Order{
		ClientOrderID: order.ClientOrderID, Instrument: order.Instrument, Action: order.Action,
		Position: order.Position, Lots: order.Lots, Price: order.Price, Stop: order.Stop,
	}
	if bound := h.config.Promise.LateArrivalBound; bound > 0 {
		document.Timestamp = time.Duration(h.config.Clock.Now().Wall).Milliseconds()
		document.RecvWindow = (bound - ClockTolerance).Milliseconds()
	}
	body, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("write order: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.orders.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("write order: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "fencepost")
	if len(h.config.Secret) > 0 {
		request.Header.Set(wire.SignatureHeader, wire.Sign(h.config.Secret, body))
	}
	return request, nil
}

// Lookup asks for the one order. A broker that cannot be asked is not.
func (h *HTTP) Lookup(ctx context.Context, clientOrderID string) Result {
	if h.config.Promise.Lookup == order.LookupNone {
		return Result{Err: errors.New("this broker cannot be asked")}
	}
	reply, err := h.ask(ctx, url.Values{"client_order_id": {clientOrderID}}, wire.MaxBody)
	return LookedUp(h.config.Promise, clientOrderID, reply, err, h.lookedUp)
}

// Open lists the orders that are not executed yet.
func (h *HTTP) Open(ctx context.Context) ([]Standing, error) {
	reply, err := h.ask(ctx, url.Values{"status": {"open"}}, wire.MaxBook)
	if err != nil {
		return nil, fmt.Errorf("list open orders: %w", err)
	}
	receipts, err := wire.Listed(reply)
	if err != nil {
		return nil, fmt.Errorf("list open orders: %w", err)
	}
	var open []Standing
	for i := range receipts {
		if receipts[i].Status == wire.Accepted {
			open = append(open, Standing{
				ClientOrderID: receipts[i].ClientOrderID, OrderID: receipts[i].OrderID,
				Symbol: receipts[i].Instrument,
			})
		}
	}
	return open, nil
}

// pageSize is how many orders are asked for at a time.
const pageSize = 2000

// Placed lists the book page by page. A broker that cannot be asked for an order is
// not asked for all of them either: its class promises nothing of its book.
func (h *HTTP) Placed(ctx context.Context, since time.Time) (Book, error) {
	if h.config.Promise.Lookup == order.LookupNone {
		return Book{}, ErrNoBook
	}
	query := url.Values{"since": {since.UTC().Format(time.RFC3339Nano)}, "limit": {strconv.Itoa(pageSize)}}
	book, seen := Book{Whole: true}, map[string]bool{}
	for {
		reply, err := h.ask(ctx, query, wire.MaxBook)
		if err != nil {
			return Book{}, fmt.Errorf("list placed orders: %w", err)
		}
		receipts, more, err := wire.Page(reply)
		if err != nil {
			return Book{}, fmt.Errorf("list placed orders: %w", err)
		}
		before := len(book.Orders)
		for i := range receipts {
			if r := &receipts[i]; !seen[r.OrderID] {
				seen[r.OrderID] = true
				book.Orders = append(book.Orders, h.placed(r))
			}
		}
		switch {
		case !more:
			return book, nil
		case len(book.Orders) == before:
			return Book{}, errors.New("list placed orders: the broker does not turn the page")
		case len(book.Orders) > MostPlaced:
			return Book{}, fmt.Errorf("list placed orders: %w", ErrLongBook)
		}
		query.Set("after", receipts[len(receipts)-1].OrderID)
	}
}

// placed reads one order of the book. This language has actions instead of sides.
func (h *HTTP) placed(r *wire.Receipt) Placed {
	return Placed{
		ClientOrderID: r.ClientOrderID, OrderID: r.OrderID, Answer: r.Stands(h.config.Promise),
		Ticket: Ticket{Symbol: r.Instrument, Side: Side(r.Action), Quantity: r.Lots.String()},
	}
}

// Expected returns the order's own words, which this language leaves as they are.
func (h *HTTP) Expected(o Order) (Ticket, error) {
	return Ticket{Symbol: o.Instrument, Side: Side(o.Action), Quantity: o.Lots.String()}, nil
}

// ask reads a part of the book, and no more than most bytes.
func (h *HTTP) ask(ctx context.Context, query url.Values, most int64) (wire.Reply, error) {
	where := *h.orders
	where.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), http.NoBody)
	if err != nil {
		return wire.Reply{}, err
	}
	return h.line.Ask(request, most)
}
