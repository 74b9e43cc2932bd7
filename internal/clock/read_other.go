//go:build !linux

package clock

import (
	"time"

	"fencepost/core"
)

// start anchors the monotonic readings of this process.
var start = time.Now()

// read has no boot clock here: the monotonic one stands in for it, so that a
// suspend is noticed by the wall clock alone.
func read() core.Now {
	now := time.Now()
	mono := core.Time(now.Sub(start))
	return core.Now{Boot: mono, Mono: mono, Wall: core.Time(now.UnixNano())}
}
