package chaos

import (
	"sync"
	"time"
)

// stallWatch measures for how long this process does not run although it wants
// to: whatever the harness does is late by as much.
type stallWatch struct {
	end  func()
	done chan struct{}

	mu    sync.Mutex
	worst time.Duration
	at    int64
}

// pulse is how often the watch wants to run.
const pulse = 5 * time.Millisecond

// watchStall begins to measure.
func watchStall(clock *timepiece) *stallWatch {
	over := make(chan struct{})
	w := &stallWatch{end: sync.OnceFunc(func() { close(over) }), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		tick := time.NewTicker(pulse)
		defer tick.Stop()
		last := clock.now()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			clock.compare()
			now := clock.now()
			if late := time.Duration(now-last) - pulse; late > w.worst {
				w.mu.Lock()
				w.worst, w.at = late, last
				w.mu.Unlock()
			}
			last = now
		}
	}()
	return w
}

// longest returns the longest standstill so far, and when it began.
func (w *stallWatch) longest() (time.Duration, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.worst, w.at
}

// stop ends the measurement. It may be called again.
func (w *stallWatch) stop() {
	w.end()
	<-w.done
}
