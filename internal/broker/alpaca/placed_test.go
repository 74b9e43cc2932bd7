package alpaca_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker/alpaca/standin"
	"fencepost/internal/clock"
)

// crowd is an account with that many orders, of which so many at a time bear the
// same instant, that answers from `after` inclusively or exclusively, and counts
// the pages.
type crowd struct {
	orders    []standin.Order
	inclusive bool
	pages     int
	queries   []url.Values
}

func newCrowd(many, together int) *crowd {
	c := &crowd{}
	for n := range many {
		at := start.Add(time.Duration(n/together) * time.Millisecond).Format(time.RFC3339Nano)
		c.orders = append(c.orders, standin.Order{
			ID: fmt.Sprint("order-", n), ClientOrderID: fmt.Sprint("c-", n), SubmittedAt: at, Symbol: "AAPL",
			Qty: "3", FilledQty: "3", Side: "buy", Status: "filled",
		})
	}
	return c
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.pages++
	query := r.URL.Query()
	c.queries = append(c.queries, query)
	after, err := time.Parse(time.RFC3339Nano, query.Get("after"))
	if err != nil || query.Get("status") != "all" || query.Get("direction") != "asc" ||
		query.Get("limit") != "500" {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	list := []standin.Order{}
	for _, o := range c.orders {
		at, _ := time.Parse(time.RFC3339Nano, o.SubmittedAt)
		if (at.After(after) || c.inclusive && at.Equal(after)) && len(list) < 500 {
			list = append(list, o)
		}
	}
	_ = json.NewEncoder(w).Encode(list)
}

// Whether `after` means "later than" or "not before", no order is left out where a
// page ends, and none comes twice.
func TestBookIsReadPageByPage(t *testing.T) {
	for _, c := range []struct{ many, together int }{{0, 1}, {499, 1}, {500, 1}, {501, 7}, {1733, 300}} {
		for _, inclusive := range []bool{false, true} {
			account := newCrowd(c.many, c.together)
			account.inclusive = inclusive
			server := httptest.NewServer(account)
			book, err := adapter(t, settings(server.URL, clock.System{})).Placed(t.Context(), start)
			server.Close()
			if err != nil || !book.Whole || len(book.Orders) != c.many {
				t.Errorf("%+v, inclusive %v: %d orders, whole %v, %v",
					c, inclusive, len(book.Orders), book.Whole, err)
			}
			seen := map[string]bool{}
			for _, p := range book.Orders {
				if seen[p.OrderID] || p.Answer != order.Filled || p.Ticket.Symbol != "AAPL" ||
					p.Ticket.Quantity != "3" || p.Ticket.Side != "buy" {
					t.Errorf("%+v", p)
				}
				seen[p.OrderID] = true
			}
		}
	}
}

// More orders at one instant than a page holds cannot be turned over: that is said,
// and no book is called whole that is not.
func TestPageThatCannotBeTurnedIsAnError(t *testing.T) {
	server := httptest.NewServer(newCrowd(600, 600))
	defer server.Close()
	if book, err := adapter(t, settings(server.URL, clock.System{})).Placed(t.Context(), start); err == nil {
		t.Errorf("%d orders, whole %v", len(book.Orders), book.Whole)
	}
}

// An order for an amount of money has no quantity, and one of a pair of coins is
// written in two ways.
func TestForeignOrderIsReadAsFarAsItTells(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"id":"1","client_order_id":"hand","symbol":"BTC/USD","qty":null,
			"notional":"100","side":"sell","status":"replaced","submitted_at":"2026-01-02T03:04:05Z"}]`))
	}))
	defer server.Close()
	book, err := adapter(t, settings(server.URL, clock.System{})).Placed(t.Context(), start)
	if err != nil || len(book.Orders) != 1 {
		t.Fatalf("%+v, %v", book, err)
	}
	if p := book.Orders[0]; p.Answer != order.Unknown || p.Ticket.Symbol != "BTCUSD" ||
		p.Ticket.Quantity != "" {
		t.Errorf("%+v", p)
	}
}
