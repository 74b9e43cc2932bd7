package fencepost

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestHintsOfWorkAreToldAtOnceAndNotOneForEachSignal: the first of a crowd does not
// wait, and the last one is not forgotten.
func TestHintsOfWorkAreToldAtOnceAndNotOneForEachSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		h := newHints()
		var own atomic.Int32
		var elsewhere []time.Duration
		began := time.Now()
		go h.pass(ctx, func(here bool) {
			if here {
				own.Add(1)
			} else {
				elsewhere = append(elsewhere, time.Since(began))
			}
		})
		synctest.Wait()
		h.give(h.elsewhere)
		synctest.Wait()
		if len(elsewhere) != 1 || elsewhere[0] != 0 {
			t.Fatalf("the first hint was told after %v", elsewhere)
		}
		<-time.After(hintEvery / 2)
		for range 1000 { // one in each tenth of a millisecond
			h.give(h.here)
			<-time.After(100 * time.Microsecond)
		}
		synctest.Wait()
		if n := own.Load(); n < 9 || n > 11 {
			t.Errorf("1,000 signals in 100 ms were told of %d times", n)
		}
		before := own.Load()
		h.give(h.here)
		<-time.After(hintEvery)
		synctest.Wait()
		if own.Load() <= before {
			t.Error("the last one was told to nobody")
		}
	})
}
