package observe

import (
	"sync"
	"time"
)

// windowSize is how many of the last synchronisations the rates look at. A rate
// over the process's whole life would hide an outage behind a healthy day.
const windowSize = 100

// window holds the last synchronisations with the database.
type window struct {
	mu        sync.Mutex
	success   int64
	failure   int64
	failed    [windowSize]bool
	latency   [windowSize]time.Duration
	next      int
	filled    int
	confirmed time.Time
}

// add takes one synchronisation.
func (w *window) add(took time.Duration, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if failed {
		w.failure++
	} else {
		w.success++
	}
	w.failed[w.next], w.latency[w.next] = failed, took
	w.next = (w.next + 1) % windowSize
	w.filled = min(w.filled+1, windowSize)
}

// beat notes a heartbeat that was confirmed.
func (w *window) beat(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.confirmed = at
}

// syncs is what the window shows.
type syncs struct {
	success, failure int64
	failureRate      float64
	average          time.Duration
	lastHeartbeat    time.Time
}

func (w *window) look() syncs {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := syncs{success: w.success, failure: w.failure, lastHeartbeat: w.confirmed}
	if w.filled == 0 {
		return s
	}
	failures, total := 0, time.Duration(0)
	for i := range w.filled {
		total += w.latency[i]
		if w.failed[i] {
			failures++
		}
	}
	s.failureRate = float64(failures) / float64(w.filled)
	s.average = total / time.Duration(w.filled)
	return s
}
