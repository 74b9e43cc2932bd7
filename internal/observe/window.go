package observe

import (
	"math"
	"slices"
	"sync"
	"time"

	"fencepost/core"
)

// The windows that rates and percentiles look at. A rate over the process's
// whole life would hide an outage behind a healthy day.
const (
	shortWindow = 5 * time.Minute
	longWindow  = time.Hour
)

// mostSyncs is how many synchronisations are remembered. At the default times an
// hour has 1,200 of them; with a very short ttl the long window ends earlier.
const mostSyncs = 8192

// mostChanges is how many changes of leadership are remembered.
const mostChanges = 1024

// aSync is one synchronisation with the database.
type aSync struct {
	at     core.Time
	took   time.Duration
	failed bool
}

// ring holds the youngest entries, at most so many.
type ring[T any] struct {
	most    int
	entries []T
	next    int
}

func (r *ring[T]) add(entry T) {
	if len(r.entries) < r.most {
		r.entries = append(r.entries, entry)
		return
	}
	r.entries[r.next] = entry
	r.next = (r.next + 1) % r.most
}

// window holds what rates and percentiles are made of, by the boot clock.
type window struct {
	mu        sync.Mutex
	success   int64
	failure   int64
	syncs     ring[aSync]
	changes   ring[core.Time]
	changed   int64
	confirmed core.Now
	beaten    bool
}

func newWindow() window {
	return window{syncs: ring[aSync]{most: mostSyncs}, changes: ring[core.Time]{most: mostChanges}}
}

// add takes one synchronisation.
func (w *window) add(at core.Time, took time.Duration, failed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if failed {
		w.failure++
	} else {
		w.success++
	}
	w.syncs.add(aSync{at, took, failed})
}

// change takes one gain or loss of leadership.
func (w *window) change(at core.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed++
	w.changes.add(at)
}

// beat notes a heartbeat that was confirmed.
func (w *window) beat(at core.Now) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.confirmed, w.beaten = at, true
}

// lastBeat returns when a heartbeat was last confirmed, and whether one ever was.
func (w *window) lastBeat() (core.Now, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.confirmed, w.beaten
}

// totals are the counts since the process began.
func (w *window) totals() (success, failure, changes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.success, w.failure, w.changed
}

// Window is what one stretch of time up to now showed.
type Window struct {
	DBSyncSuccess int64 `json:"db_sync_success"`
	DBSyncFailure int64 `json:"db_sync_failure"`
	// DBSyncFailureRate is between 0 and 1; 0 if there was none.
	DBSyncFailureRate float64 `json:"db_sync_failure_rate"`
	// The latencies are in milliseconds, of all synchronisations, the failed ones
	// too: what took until it was given up is what a percentile is asked for.
	DBSyncAvgLatencyMS float64 `json:"db_sync_avg_latency_ms"`
	DBSyncP50LatencyMS float64 `json:"db_sync_p50_latency_ms"`
	DBSyncP95LatencyMS float64 `json:"db_sync_p95_latency_ms"`
	DBSyncP99LatencyMS float64 `json:"db_sync_p99_latency_ms"`
	// LeadershipChanges counts how often this instance gained or lost leadership.
	LeadershipChanges int64 `json:"leadership_changes"`
}

// look returns what the last span before now showed.
func (w *window) look(now core.Time, span time.Duration) Window {
	var (
		shown Window
		took  []time.Duration
		total time.Duration
	)
	w.mu.Lock()
	for _, s := range w.syncs.entries {
		if now.Sub(s.at) > span {
			continue
		}
		took, total = append(took, s.took), total+s.took
		if s.failed {
			shown.DBSyncFailure++
		}
	}
	for _, at := range w.changes.entries {
		if now.Sub(at) <= span {
			shown.LeadershipChanges++
		}
	}
	w.mu.Unlock()
	if len(took) == 0 {
		return shown
	}
	slices.Sort(took)
	shown.DBSyncSuccess = int64(len(took)) - shown.DBSyncFailure
	shown.DBSyncFailureRate = float64(shown.DBSyncFailure) / float64(len(took))
	shown.DBSyncAvgLatencyMS = inMS(total / time.Duration(len(took)))
	shown.DBSyncP50LatencyMS = inMS(percentile(took, 0.50))
	shown.DBSyncP95LatencyMS = inMS(percentile(took, 0.95))
	shown.DBSyncP99LatencyMS = inMS(percentile(took, 0.99))
	return shown
}

// percentile returns the least value that the part p of the sorted ones does not
// exceed: a value that was measured, never one between two.
func percentile(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
