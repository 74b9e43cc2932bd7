package paper_test

import (
	"time"

	"fencepost/internal/broker/wire"
)

// orderAt is an order that passed its sender's gate at that instant.
func orderAt(at time.Time, window int64) wire.Order {
	return wire.Order{ClientOrderID: id, Instrument: "NIFTY", Timestamp: at.UnixMilli(), RecvWindow: window}
}
