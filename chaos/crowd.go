package chaos

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// crowd measures how much of the machine others have: what its processors are busy
// with, less what the run's processes and the harness use. No single wait for a
// processor need be long for a run to be slow beside a compiler; a bound in time
// says nothing then, whatever came of it.
type crowd struct {
	own time.Duration // what the run's processes have used; the owner adds to it

	since             int64 // when the second that is measured began; zero before the first
	used, busy, selfs time.Duration
	worst             float64
	at                int64
}

const (
	// crowdWindow is over how long others are measured.
	crowdWindow = int64(time.Second)
	// crowdedFrom is the part of the machine that others may not have.
	crowdedFrom = 0.5
)

// measure looks at what the machine and the harness have done so far, and judges
// when a window is full. A reading that fails begins a new window.
func (c *crowd) measure(now int64, busyNow, selfNow func() (time.Duration, bool)) {
	if c.since != 0 && now-c.since < crowdWindow {
		return
	}
	busy, ok := busyNow()
	self, known := selfNow()
	if !ok || !known {
		c.since = 0
		return
	}
	if c.since != 0 {
		others := (busy - c.busy) - (c.own - c.used) - (self - c.selfs)
		part := float64(others) / (float64(now-c.since) * float64(runtime.NumCPU()))
		if part > c.worst {
			c.worst, c.at = part, c.since
		}
	}
	c.since, c.used, c.busy, c.selfs = now, c.own, busy, self
}

// tick is the unit of /proc/stat on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// machineBusy returns for how long the machine's processors have been busy or were
// taken away. Where there is no /proc/stat, nothing is known.
func machineBusy() (time.Duration, bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return busyOf(line)
}

// busyOf adds up the first line of /proc/stat: cpu, user, nice, system, idle, iowait,
// irq, softirq, steal; what guests use is in user and nice.
func busyOf(line []byte) (time.Duration, bool) {
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return 0, false
	}
	var sum time.Duration
	for _, i := range []int{1, 2, 3, 6, 7, 8} {
		ticks, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, false
		}
		sum += time.Duration(ticks) * tick
	}
	return sum, true
}

// harnessRan returns for how long this process has run.
func harnessRan() (time.Duration, bool) {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0, false
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano()), true
}
