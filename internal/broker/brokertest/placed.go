package brokertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/clock"
)

// The book that the reconciler reads has every order that was placed, under the names
// of both sides and as the adapter itself would write it; and what is no list is none.
func placedOrdersAreListedIfAsked(t *testing.T, s *Subject) {
	f := s.open(t)
	historian, ok := f.adapter.(broker.Historian)
	if !ok {
		return
	}
	since := time.Now().Add(-time.Hour)
	empty, err := historian.Placed(within(t, 10*time.Second), since)
	if errors.Is(err, broker.ErrNoBook) {
		if f.asked.Load() != 0 {
			t.Error("a broker that cannot be asked was asked")
		}
		return
	}
	if err != nil || len(empty.Orders) != 0 {
		t.Fatalf("an empty book: %v, %v", empty, err)
	}
	for n := range 3 {
		exists(t, "submit", f.submit(t, s.numbered(n)))
	}
	book, err := historian.Placed(within(t, 10*time.Second), since)
	if err != nil || len(book.Orders) != 3 {
		t.Fatalf("%+v, %v", book, err)
	}
	if f.orders.Load() != 3 {
		t.Errorf("listing wrote %d orders", f.orders.Load()-3)
	}
	for n := range 3 {
		requirePlaced(t, historian, book.Orders, s.numbered(n))
	}
	for name, say := range unclear() {
		f.on(honest, say)
		if book, err := historian.Placed(within(t, 10*time.Second), since); err == nil {
			t.Errorf("%s was taken for a list: %+v", name, book)
		}
	}
	away, ok := s.make(t, "http://127.0.0.1:1", clock.System{}).(broker.Historian)
	if !ok {
		t.Fatal("an adapter can list orders, and another of its kind cannot")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := away.Placed(ended, since); err == nil {
		t.Error("a broker that is away has a list")
	}
}

// requirePlaced fails the test unless the list has the order once, as it was asked for.
func requirePlaced(t *testing.T, historian broker.Historian, list []broker.Placed, o broker.Order) {
	t.Helper()
	want, err := historian.Expected(o)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range list {
		if p.ClientOrderID != o.ClientOrderID {
			continue
		}
		n++
		if p.OrderID == "" || (p.Answer != order.Accepted && p.Answer != order.Filled) {
			t.Errorf("%+v", p)
		}
		told := p.Ticket
		for _, part := range []struct{ told, want string }{
			{told.Symbol, want.Symbol},
			{string(told.Side), string(want.Side)},
			{told.Quantity, want.Quantity},
		} {
			if part.told != "" && part.want != "" && part.told != part.want {
				t.Errorf("listed as %+v, expected %+v", told, want)
			}
		}
	}
	if n != 1 {
		t.Errorf("order %s is listed %d times", o.ClientOrderID, n)
	}
}
