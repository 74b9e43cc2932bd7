package clock

import (
	"time"

	"golang.org/x/sys/unix"

	"fencepost/core"
)

// together is how far apart the three readings may have been taken, and tries
// how often they are taken again to get there.
const (
	together = 200 * time.Microsecond
	tries    = 5
)

// read takes the three readings again if the process was held up between them:
// on a busy machine that looks like a clock that was set. The boot clock comes
// first: whatever delays the others makes the boot reading older, and an older
// reading is never trusted for longer.
func read() core.Now {
	var now core.Now
	for range tries {
		now = core.Now{
			Boot: gettime(unix.CLOCK_BOOTTIME),
			Mono: gettime(unix.CLOCK_MONOTONIC),
			Wall: gettime(unix.CLOCK_REALTIME),
		}
		if gettime(unix.CLOCK_BOOTTIME).Sub(now.Boot) <= together {
			break
		}
	}
	return now
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
