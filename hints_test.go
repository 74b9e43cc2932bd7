package fencepost

import (
	"context"
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
		var here, elsewhere []time.Duration
		began := time.Now()
		go h.pass(ctx, func(own bool) {
			if own {
				here = append(here, time.Since(began))
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
		if n := len(here); n < 9 || n > 11 {
			t.Errorf("1,000 signals in 100 ms were told of %d times", n)
		}
		before := len(here)
		h.give(h.here)
		<-time.After(hintEvery)
		synctest.Wait()
		if len(here) <= before {
			t.Error("the last one was told to nobody")
		}
	})
}
