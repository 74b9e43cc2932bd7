package fencepost

import (
	"time"

	"fencepost/core"
	"fencepost/internal/broker"
	"fencepost/internal/clock"
)

// Broker sends orders and asks after them. Its methods may be called by several
// goroutines at once and must return once their context has ended.
//
// Submit sends an order at most once: nothing beneath it may retry. No byte may
// leave after notAfter, an instant of the boot clock (see TimeLeft). What is
// not a readable answer of the broker itself is order.Unknown, never
// order.Rejected; a result that says Withheld is proof that no order was
// sent.
type Broker = broker.Adapter

// Order is one attempt to carry a signal out.
type Order = broker.Order

// BrokerResult is what became of one call to the broker.
type BrokerResult = broker.Result

// TimeLeft returns for how long the first byte of an order may still leave. It
// is negative once that time has passed.
func TimeLeft(notAfter core.Time) time.Duration {
	return notAfter.Sub(clock.System{}.Now().Boot)
}

// CanaryPassedGate returns when a canary passed the gate, by the clock of the
// instance that sent it, from the broker's detail of its attempt.
func CanaryPassedGate(detail string) (time.Time, bool) { return broker.PassedGate(detail) }
