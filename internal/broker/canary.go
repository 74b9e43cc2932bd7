package broker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/clock"
)

// CanaryAction is the action of a signal that orders nothing: it travels the whole
// way up to the wire and shows that the way is free.
const CanaryAction = "HEARTBEAT"

// WithoutCanaries is an Adapter in front of another. It answers canaries itself, in
// place of the broker: no byte of them leaves.
type WithoutCanaries struct {
	Adapter
	clock clock.Clock
	// passed is told of every canary that passed the gate.
	passed func()
}

// NewWithoutCanaries puts itself in front of the adapter. The clock is the one by
// which the adapter judges notAfter.
func NewWithoutCanaries(adapter Adapter, now clock.Clock, passed func()) *WithoutCanaries {
	return &WithoutCanaries{Adapter: adapter, clock: now, passed: passed}
}

// gateNote begins the note of a canary that passed the gate.
const gateNote = "canary: passed the gate at "

// Submit answers a canary as a broker that takes an order and cancels it unexecuted:
// final, and no success that nobody had. It asks the gate as an order on its way to
// the wire does; a canary that comes too late is withheld.
func (w *WithoutCanaries) Submit(ctx context.Context, o Order, notAfter core.Time) Result {
	if o.Action != CanaryAction {
		return w.Adapter.Submit(ctx, o, notAfter)
	}
	now := w.clock.Now()
	if notAfter.Sub(now.Boot) < 0 {
		return Result{
			Withheld: true, Err: fmt.Errorf("canary %s: %w: %w", o.ClientOrderID, ErrWithheld, errShut),
		}
	}
	w.passed()
	at := time.Unix(0, int64(now.Wall)).UTC().Format(time.RFC3339Nano)
	return Result{Answer: order.Cancelled, Note: gateNote + at + "; no order was sent"}
}

// LookupOrder is Lookup for an order of which more than its id is known. A canary
// whose answer was lost with its process never had an order, and is cancelled.
func (w *WithoutCanaries) LookupOrder(ctx context.Context, o Order) Result {
	if o.Action != CanaryAction {
		return w.Lookup(ctx, o.ClientOrderID)
	}
	return Result{
		Answer: order.Cancelled, Note: "canary: its sender did not tell how far it came; no order was sent",
	}
}

// PassedGate returns when a canary passed the gate, by the clock of the instance that
// sent it, from the broker's detail of its attempt.
func PassedGate(detail string) (time.Time, bool) {
	rest, passed := strings.CutPrefix(detail, gateNote)
	if !passed {
		return time.Time{}, false
	}
	text, _, _ := strings.Cut(rest, ";")
	at, err := time.Parse(time.RFC3339Nano, text)
	return at, err == nil
}
