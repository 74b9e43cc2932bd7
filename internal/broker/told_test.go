package broker_test

import (
	"errors"
	"fmt"
	"testing"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
)

// says is a reader of replies that always finds the same.
func says(answer order.Answer) func(string, wire.Reply) wire.Meaning {
	return func(string, wire.Reply) wire.Meaning {
		return wire.Meaning{Answer: answer, OrderID: "7", Note: "n"}
	}
}

func TestRefusalThatIsNotDefinitiveIsUnknownWhoeverReadIt(t *testing.T) {
	for name, tell := range map[string]func(order.Capability, order.Answer) broker.Result{
		"submit": func(promise order.Capability, answer order.Answer) broker.Result {
			return broker.Submitted(promise, id, wire.Reply{}, nil, says(answer))
		},
		"look-up": func(promise order.Capability, answer order.Answer) broker.Result {
			return broker.LookedUp(promise, id, wire.Reply{}, nil, says(answer))
		},
	} {
		unsure, sure := order.Capability{}, order.Capability{DefinitiveReject: true}
		got := tell(unsure, order.Rejected)
		if got.Answer != order.Unknown || got.Err == nil || got.Withheld {
			t.Errorf("%s: %+v", name, got)
		}
		got = tell(sure, order.Rejected)
		if got.Answer != order.Rejected || got.Note != "n" || got.Err != nil {
			t.Errorf("%s: %+v", name, got)
		}
		if got := tell(unsure, order.Filled); got.Answer != order.Filled || got.OrderID != "7" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestCallWithoutAReplyIsUnknownAndNamesItsOrder(t *testing.T) {
	failed := errors.New("reset")
	withheld := fmt.Errorf("%w: %w", broker.ErrWithheld, failed)
	filled, promise, none := says(order.Filled), order.ClassA.Capability(), wire.Reply{}
	for says, got := range map[string]broker.Result{
		"submit order " + id + ": reset":           broker.Submitted(promise, id, none, failed, filled),
		"submit order " + id + ": not sent: reset": broker.Submitted(promise, id, none, withheld, filled),
		"look up order " + id + ": reset":          broker.LookedUp(promise, id, none, failed, filled),
	} {
		if got.Answer != order.Unknown || got.Err == nil || got.Err.Error() != says {
			t.Errorf("%+v, want %q", got, says)
		}
		if got.Withheld != errors.Is(got.Err, broker.ErrWithheld) {
			t.Errorf("%q: withheld %v", says, got.Withheld)
		}
	}
}
