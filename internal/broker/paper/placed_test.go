package paper_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/paper"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
)

// fixed is a clock that stands where the test puts it.
type fixed struct{ at *time.Time }

func (f fixed) Now() time.Time { return *f.at }

func (fixed) Wait(context.Context, time.Duration) bool { return true }

func reader(t *testing.T, url string, class order.Class) *broker.HTTP {
	t.Helper()
	a, err := broker.NewHTTP(broker.HTTPConfig{URL: url, Promise: class.Capability(), Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestBookOfManyPagesIsReadWhole(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server := paper.NewServer(paper.Config{Class: order.ClassA, Clock: fixed{&now}})
	t.Cleanup(server.Close)
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	const many = 4100
	for n := range many {
		if n == 100 {
			now = now.Add(time.Second)
		}
		if _, no := server.Book.Place(&wire.Order{ClientOrderID: fmt.Sprint(n), Lots: "2"}, now); no != nil {
			t.Fatal(no)
		}
	}
	for _, c := range []struct {
		since time.Time
		want  int
	}{{now.Add(-time.Hour), many}, {now, many - 100}, {now.Add(time.Nanosecond), 0}} {
		book, err := reader(t, front.URL, order.ClassA).Placed(t.Context(), c.since)
		if err != nil || !book.Whole || len(book.Orders) != c.want {
			t.Errorf("since %v: %d orders, whole %v, %v; want %d",
				c.since, len(book.Orders), book.Whole, err, c.want)
		}
	}
}

// A broker that says that there is more and never tells it does not keep us for ever.
func TestPageThatIsNeverTurnedIsAnError(t *testing.T) {
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(
			`{"orders":[{"order_id":"P1","client_order_id":"x","status":"filled"}],"truncated":true}`))
	}))
	defer front.Close()
	if book, err := reader(t, front.URL, order.ClassA).Placed(t.Context(), time.Now()); err == nil {
		t.Errorf("%+v", book)
	}
}
