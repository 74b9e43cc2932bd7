package chaos

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"
)

// crowd measures how much of the machine others have: what its processors are busy
// with, less what the run's processes and the harness use. No single wait for a
// processor need be long for a run to be slow beside a compiler; a bound in time
// says nothing then, whatever came of it.
type crowd struct {
	busyNow, ownNow func() (time.Duration, bool)

	since     int64 // when the second that is measured began; zero before the first
	busy, own time.Duration
	worst     float64
	at        int64
}

const (
	// crowdWindow is over how long others are measured.
	crowdWindow = int64(time.Second)
	// crowdedFrom is the part of the machine that others may not have.
	crowdedFrom = 0.5
)

// measure looks at what the machine and the run have done so far, and judges
// when a window is full. A reading that fails begins a new window.
func (c *crowd) measure(now int64) {
	if c.since != 0 && now-c.since < crowdWindow {
		return
	}
	busy, ok := c.busyNow()
	own, known := c.ownNow()
	if !ok || !known {
		c.since = 0
		return
	}
	if c.since != 0 {
		others := (busy - c.busy) - (own - c.own)
		part := float64(others) / (float64(now-c.since) * float64(runtime.NumCPU()))
		if part > c.worst {
			c.worst, c.at = part, c.since
		}
	}
	c.since, c.busy, c.own = now, busy, own
}

// tick is the unit of time in /proc on every Linux that Go runs on.
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
	return ticks(fields, 1, 2, 3, 6, 7, 8)
}

// ticks adds up the fields at the places, which count ticks.
func ticks(fields [][]byte, places ...int) (time.Duration, bool) {
	var sum time.Duration
	for _, i := range places {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, false
		}
		sum += time.Duration(n) * tick
	}
	return sum, true
}
