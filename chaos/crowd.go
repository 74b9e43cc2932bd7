package chaos

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
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

// machineBusy returns for how long the processors that this process may use have
// been busy or were taken away. Where there is no /proc/stat, nothing is known.
func machineBusy() (time.Duration, bool) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	return busyOf(stat, usable(status))
}

// usable reads from a process's status file which processors it may use: a list of
// numbers and ranges.
func usable(status []byte) map[int]bool {
	all := map[int]bool{}
	_, rest, _ := bytes.Cut(status, []byte("\nCpus_allowed_list:"))
	list, _, _ := bytes.Cut(rest, []byte("\n"))
	for _, part := range strings.Split(strings.TrimSpace(string(list)), ",") {
		least, most, isRange := strings.Cut(part, "-")
		if !isRange {
			most = least
		}
		from, err := strconv.Atoi(least)
		to, wrong := strconv.Atoi(most)
		if err != nil || wrong != nil {
			return nil
		}
		for i := from; i <= to; i++ {
			all[i] = true
		}
	}
	return all
}

// busyOf adds up the lines of /proc/stat for the processors that count: cpu0, user,
// nice, system, idle, iowait, irq, softirq, steal; what guests use is in user and
// nice.
func busyOf(stat []byte, counts map[int]bool) (time.Duration, bool) {
	var sum time.Duration
	found := false
	for line := range bytes.Lines(stat) {
		fields := bytes.Fields(line)
		if len(fields) < 9 || !bytes.HasPrefix(fields[0], []byte("cpu")) {
			continue
		}
		if number, err := strconv.Atoi(string(fields[0][len("cpu"):])); err != nil || !counts[number] {
			continue // the sum of all, or another's
		}
		one, ok := ticks(fields, 1, 2, 3, 6, 7, 8)
		if !ok {
			return 0, false
		}
		sum, found = sum+one, true
	}
	return sum, found
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
