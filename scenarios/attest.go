package scenarios

import (
	"fencepost/core"
	"fencepost/core/order"
)

// Attested is what a person says of a signal in doubt after a look into the
// broker's book, in every tier; the opposite if the person is wrong. stands is
// what the book says, and lookup how the program may ask the broker itself.
func Attested(stands order.Answer, lookup order.LookupKind, wrong bool) core.SignalState {
	if wrong {
		if stands == order.Absent {
			return core.Executed
		}
		return core.Void
	}
	switch stands {
	case order.Cancelled:
		return core.Cancelled
	case order.Rejected:
		return core.Rejected
	case order.Absent:
		return core.Void
	case order.Accepted:
		if lookup != order.LookupNone {
			return core.Submitted
		}
		// Nobody else can ever ask, so the person waits for the end.
		return core.Executed
	case order.Filled, order.Unknown:
		return core.Executed
	default:
		return core.Executed
	}
}
