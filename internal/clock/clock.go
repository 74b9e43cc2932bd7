package clock

import "fencepost/core"

// Clock tells the time of one machine.
type Clock interface {
	// Now returns the three readings, taken together. It never fails and never
	// waits.
	Now() core.Now
}

// System is the machine's own clock. The zero value is ready.
type System struct{}

// Now reads the machine's clocks.
func (System) Now() core.Now { return read() }
