package paper_test

import (
	"context"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/paper"
	"fencepost/internal/clock"
)

func local(t *testing.T, class order.Class) (*paper.Local, *paper.Server) {
	t.Helper()
	desk := paper.NewServer(paper.Config{Class: class})
	l, err := paper.NewLocal(desk, broker.HTTPConfig{Promise: class.Capability(), Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { desk.Close(); l.Close() })
	return l, desk
}

func TestBrokerInTheProcessPlaysItsClassAndItsFaults(t *testing.T) {
	l, desk := local(t, order.ClassA)
	if got := l.Submit(t.Context(), ordinary, core.Never); got.Answer != order.Filled {
		t.Fatalf("%+v", got)
	}
	if got := l.Submit(t.Context(), ordinary, core.Never); got.Answer != order.Filled {
		t.Errorf("the same again: %+v", got)
	}
	if n := len(desk.Book.Orders()); n != 1 {
		t.Errorf("%d orders", n)
	}
	if err := desk.Conduct.Begin(paper.Behaviour{Act: paper.LostReply, Count: 1}); err != nil {
		t.Fatal(err)
	}
	second := ordinary
	second.ClientOrderID = "SECOND"
	if got := l.Submit(t.Context(), second, core.Never); got.Answer != order.Unknown || got.Withheld {
		t.Errorf("a lost reply: %+v", got)
	}
	if got := l.Lookup(t.Context(), "SECOND"); got.Answer != order.Filled {
		t.Errorf("look-up: %+v", got)
	}
	if got := l.Submit(t.Context(), ordinary, -1); !got.Withheld {
		t.Errorf("after its limit: %+v", got)
	}
}

func TestClosedBrokerInTheProcessWithholdsEverything(t *testing.T) {
	l, _ := local(t, order.ClassD)
	l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if got := l.Submit(ctx, ordinary, core.Never); !got.Withheld || got.Err == nil {
		t.Errorf("%+v", got)
	}
}
