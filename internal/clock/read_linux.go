package clock

import (
	"golang.org/x/sys/unix"

	"fencepost/core"
)

// read takes the boot clock first: whatever delays the other two makes the
// boot reading older, and an older reading is never trusted for longer.
func read() core.Now {
	return core.Now{
		Boot: gettime(unix.CLOCK_BOOTTIME),
		Mono: gettime(unix.CLOCK_MONOTONIC),
		Wall: gettime(unix.CLOCK_REALTIME),
	}
}

func gettime(id int32) core.Time {
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		// Every Linux since 2.6.39 has the three clocks; without them no deadline
		// can be kept, and a node that keeps none must not run.
		panic("clock: read clock: " + err.Error())
	}
	return core.Time(ts.Nano())
}
