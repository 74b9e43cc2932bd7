package broker

import (
	"errors"
	"net"
	"sync/atomic"
)

// errShut says that the gate kept an order back.
var errShut = errors.New("the instant up to which the order may be sent has passed")

// The states of a gate. It leaves untouched once, and for ever.
const (
	untouched int32 = iota
	passed
	shut
)

// gate is a connection that asks whether it is still time before its first
// byte, and then never again. Closing it for good is atomic against that first
// byte: either the order began to leave, or it never will.
type gate struct {
	net.Conn
	open  func() bool
	state atomic.Int32
}

// Write lets the first byte out only while the gate is open.
func (g *gate) Write(p []byte) (int, error) {
	if g.state.Load() == untouched {
		to := passed
		if !g.open() {
			to = shut
		}
		g.state.CompareAndSwap(untouched, to)
	}
	if g.state.Load() != passed {
		return 0, errShut
	}
	return g.Conn.Write(p)
}

// seal shuts the gate unless a byte has left, and reports whether none ever
// will.
func (g *gate) seal() bool {
	g.state.CompareAndSwap(untouched, shut)
	return g.state.Load() == shut
}
