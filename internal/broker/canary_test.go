package broker_test

import (
	"context"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/clock"
)

// counting is an adapter that counts what reaches it.
type counting struct{ orders, questions int }

func (*counting) Promise() broker.Promise { return broker.Promise{} }

func (c *counting) Submit(context.Context, broker.Order, core.Time) broker.Result {
	c.orders++
	return broker.Result{Answer: order.Filled}
}

func (c *counting) Lookup(context.Context, string) broker.Result {
	c.questions++
	return broker.Result{Answer: order.Absent}
}

// A canary is answered in place of the broker, by no success, and only within its
// time; every other order passes through.
func TestCanaryNeverReachesTheBroker(t *testing.T) {
	behind, passed := &counting{}, 0
	w := broker.NewWithoutCanaries(behind, clock.System{}, func() { passed++ })
	canary := broker.Order{ClientOrderID: id, Action: broker.CanaryAction}
	got := w.Submit(t.Context(), canary, core.Never)
	at, ok := broker.PassedGate(got.Note)
	if got.Answer != order.Cancelled || got.Withheld || !ok || time.Since(at).Abs() > time.Minute {
		t.Errorf("%+v, passed at %v (%v)", got, at, ok)
	}
	late := w.Submit(t.Context(), canary, clock.System{}.Now().Boot-1)
	if _, ok := broker.PassedGate(late.Note); ok || !late.Withheld || late.Answer != order.Unknown {
		t.Errorf("too late: %+v", late)
	}
	if got := w.LookupOrder(t.Context(), canary); got.Answer != order.Cancelled {
		t.Errorf("look-up: %+v", got)
	} else if _, ok := broker.PassedGate(got.Note); ok {
		t.Error("a canary whose answer was lost is said to have passed the gate")
	}
	if behind.orders != 0 || behind.questions != 0 || passed != 1 {
		t.Errorf("%d orders, %d questions, %d passed", behind.orders, behind.questions, passed)
	}
	real := broker.Order{ClientOrderID: id, Action: "EXIT"}
	if w.Submit(t.Context(), real, core.Never).Answer != order.Filled ||
		w.LookupOrder(t.Context(), real).Answer != order.Absent ||
		behind.orders != 1 || behind.questions != 1 {
		t.Error("an order did not pass through")
	}
}

func TestOnlyACanarysNoteSaysThatItPassed(t *testing.T) {
	for _, text := range []string{
		"", "canary: passed the gate at ", "canary: passed the gate at noon; x", "filled",
		"x canary: passed the gate at 2026-01-02T03:04:05Z; no order was sent",
	} {
		if _, ok := broker.PassedGate(text); ok {
			t.Errorf("%q", text)
		}
	}
}
