package broker

import (
	"context"
	"encoding/json"

	"fencepost/core"
	"fencepost/core/order"
)

// Order is one attempt to carry a signal out.
type Order struct {
	// ClientOrderID is the same on every instance for one attempt.
	ClientOrderID string
	Instrument    string
	// Action is the signal's type: BASE_ENTRY, PYRAMID or EXIT.
	Action string
	// Position names the position that is opened, enlarged or closed.
	Position string
	// Lots, Price and Stop are in the sender's own decimal notation; empty if the
	// sender left them out.
	Lots  json.Number
	Price json.Number
	Stop  json.Number
}

// Result is what became of one call to the broker.
type Result struct {
	// Answer is what the broker said; AnswerUnknown if that cannot be told.
	Answer order.Answer
	// Withheld says that no byte of the order left this process: proof that this
	// call created no order. Only Submit sets it.
	Withheld bool
	// OrderID is the broker's own name for the order, if it told one.
	OrderID string
	// Err explains an unknown answer or a withheld order. It is for people and
	// decides nothing.
	Err error
}

// Adapter speaks with one broker. Its methods may be called by several
// goroutines at once; each returns once its context has ended, at the latest.
type Adapter interface {
	// Submit sends the order at most once. No byte of it leaves after notAfter,
	// an instant of the boot clock.
	Submit(ctx context.Context, order Order, notAfter core.Time) Result
	// Lookup asks how the order with this client order id stands. It may be
	// repeated freely.
	Lookup(ctx context.Context, clientOrderID string) Result
}
