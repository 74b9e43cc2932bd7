package templated_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/templated"
	"fencepost/internal/clock"
)

// bookTongue is the paper broker's language with a book of its own.
func bookTongue(book string) templated.Settings {
	s := paperTongue()
	s.Lookup.Book, s.Lookup.Symbol, s.Lookup.Side, s.Lookup.Quantity = book, "symbol", "side", "qty"
	return s
}

func TestBookIsAskedForInItsOwnWords(t *testing.T) {
	var asked string
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		_, _ = io.WriteString(w, `{"orders":[
			{"client_order_id":"`+id+`","order_id":7,"status":"filled","symbol":"AAPL","side":"BUY",
				"qty":"3"},
			{"order_id":"8","status":"strange","side":"cover"}]}`)
	}))
	a := adapter(t, templated.Config{
		URL: url, Settings: bookTongue("/all?from={{query .Since}}"), Claim: order.ClassA.Capability(),
		Clock: clock.System{}, Instruments: broker.Instruments{"APPLE": {Symbol: "AAPL", Entry: broker.Buy}},
	})
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	book, err := a.Placed(t.Context(), since)
	if err != nil || book.Whole || len(book.Orders) != 2 {
		t.Fatalf("%+v, %v", book, err)
	}
	if asked != "/all?from=2026-01-02T03%3A04%3A05Z" {
		t.Errorf("asked %s", asked)
	}
	want := broker.Placed{
		ClientOrderID: id, OrderID: "7", Answer: order.Filled,
		Ticket: broker.Ticket{Symbol: "AAPL", Side: broker.Buy, Quantity: "3"},
	}
	if book.Orders[0] != want {
		t.Errorf("%+v", book.Orders[0])
	}
	if p := book.Orders[1]; p.ClientOrderID != "" || p.Answer != order.Unknown || p.Ticket.Side != "" {
		t.Errorf("%+v", p)
	}
	if got, err := a.Expected(entry); err != nil || got != want.Ticket {
		t.Errorf("expected %+v, %v", got, err)
	}
}

// A look-up of one order lists no others; one of the day's book does.
func TestBookIsTheDaysOrNone(t *testing.T) {
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"orders":[{"client_order_id":"`+id+`","order_id":7,"status":"filled"}]}`)
	}))
	exact := templated.Config{
		URL: url, Settings: paperTongue(), Claim: order.ClassA.Capability(), Clock: clock.System{},
	}
	if _, err := adapter(t, exact).Placed(t.Context(), time.Now()); !errors.Is(err, broker.ErrNoBook) {
		t.Errorf("a look-up of one order: %v", err)
	}
	day := exact
	day.Claim, day.Settings.Lookup.Path = order.ClassC.Capability(), "/orders"
	if book, err := adapter(t, day).Placed(t.Context(), time.Now()); err != nil ||
		len(book.Orders) != 1 || book.Whole {
		t.Errorf("the day's book: %+v, %v", book, err)
	}
	none := exact
	none.Claim, none.Settings.Lookup = order.ClassD.Capability(), templated.Lookup{}
	if _, err := adapter(t, none).Placed(t.Context(), time.Now()); !errors.Is(err, broker.ErrNoBook) {
		t.Errorf("no look-up: %v", err)
	}
}

func TestBookThatCannotWorkIsRefusedAtTheStart(t *testing.T) {
	for says, change := range map[string]func(*templated.Settings){
		"lookup.book":  func(s *templated.Settings) { s.Lookup.Book = "orders" },
		".Sincee":      func(s *templated.Settings) { s.Lookup.Book = "/orders?from={{.Sincee}}" },
		"lookup.list":  func(s *templated.Settings) { s.Lookup.Book, s.Lookup.List = "/orders", "" },
		"lookup.path:": func(s *templated.Settings) { s.Lookup = templated.Lookup{Book: "/orders"} },
	} {
		settings := paperTongue()
		change(&settings)
		_, err := templated.New(templated.Config{
			URL: "http://127.0.0.1:1", Settings: settings, Claim: order.ClassC.Capability(),
			Clock: clock.System{},
		})
		if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(says, ".")) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
