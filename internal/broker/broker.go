package broker

import (
	"context"
	"encoding/json"
	"fmt"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker/wire"
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
	// Note is what a person should know of a clear answer: why an order was refused,
	// or that a part of it is executed. It decides nothing.
	Note string
	// Err explains an unknown answer or a withheld order. It is for people and
	// decides nothing.
	Err error
}

// Refuse is the result of an order that this broker cannot be sent at all: it is
// refused before the wire, for good, and the reason says why (PROTOCOL 5.3.10).
// It is not withheld, for a second try would end the same way.
func Refuse(format string, args ...any) Result {
	return Result{Answer: order.Rejected, Note: "not sent: " + wire.Said(fmt.Sprintf(format, args...))}
}

// Adapter speaks with one broker. Its methods may be called by several
// goroutines at once; each returns once its context has ended, at the latest.
type Adapter interface {
	// Promise states what the broker and the adapter can do. It never changes.
	Promise() Promise
	// Submit sends the order at most once. No byte of it leaves after notAfter,
	// an instant of the boot clock.
	Submit(ctx context.Context, order Order, notAfter core.Time) Result
	// Lookup asks how the order with this client order id stands. It may be
	// repeated freely.
	Lookup(ctx context.Context, clientOrderID string) Result
}

// Standing is an order that works at the broker.
type Standing struct {
	// ClientOrderID is the sender's name for it, which need not be one of ours.
	ClientOrderID string
	// OrderID is the broker's own.
	OrderID string
	// Symbol is what is ordered, by the broker's name.
	Symbol string
}

// Lister is an Adapter that can tell of every open order, its own and others'.
type Lister interface {
	Adapter
	// Open lists the orders that may still be executed. The error says that the
	// list is not whole; what is not on such a list may exist.
	Open(ctx context.Context) ([]Standing, error)
}
