package broker

import (
	"errors"
	"fmt"

	"fencepost/core/order"
	"fencepost/internal/broker/wire"
)

// Submitted is the result of a submission: what the reply to it means, or why
// there is none. The error is that of Line.Send.
func Submitted(
	promise order.Capability, clientOrderID string, reply wire.Reply, err error,
	means func(clientOrderID string, reply wire.Reply) wire.Meaning,
) Result {
	if err != nil {
		return Result{
			Withheld: errors.Is(err, ErrWithheld),
			Err:      fmt.Errorf("submit order %s: %w", clientOrderID, err),
		}
	}
	return told(promise, means(clientOrderID, reply))
}

// LookedUp is the result of a look-up: what the reply to it means, or why there
// is none.
func LookedUp(
	promise order.Capability, clientOrderID string, reply wire.Reply, err error,
	means func(clientOrderID string, reply wire.Reply) wire.Meaning,
) Result {
	if err != nil {
		return Result{Err: fmt.Errorf("look up order %s: %w", clientOrderID, err)}
	}
	return told(promise, means(clientOrderID, reply))
}

// told turns what a reply means into a result. A refusal is none if the broker
// does not stand by its refusals, whichever adapter read it.
func told(promise order.Capability, said wire.Meaning) Result {
	if said.Answer == order.Rejected && !promise.DefinitiveReject {
		said = wire.Unclear("this broker's refusals (%s) are not definitive", said.Note)
	}
	return Result{Answer: said.Answer, OrderID: said.OrderID, Note: said.Note, Err: said.Err}
}
