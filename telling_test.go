package fencepost

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"fencepost/core"
)

// What cannot be told is said at once and then once a minute, however often it is
// tried; once it is told, or nobody waits for it any more, there is an end.
func TestWhatIsNotToldIsSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, tries := time.Now(), 0
		var said []time.Duration
		insist(t.Context(), 3*time.Second, func(context.Context) error {
			if tries++; time.Since(began) > 150*time.Second {
				return nil
			}
			return errors.New("no right to that function")
		}, func(error) { said = append(said, time.Since(began).Round(time.Minute)) })
		if want := []time.Duration{0, time.Minute, 2 * time.Minute}; tries < 50 || !slices.Equal(said, want) {
			t.Errorf("%d tries, said after %v", tries, said)
		}
		ctx, cancel := context.WithCancel(t.Context())
		insist(ctx, time.Second, func(context.Context) error {
			cancel()
			return ctx.Err()
		}, func(err error) { t.Errorf("said at the end: %v", err) })
	})
}

// A storm of conflicts waits for nothing and holds little: each signal waits once, and
// too many are refused.
func TestConflictsWaitOnceAndAreBounded(t *testing.T) {
	c := newConflicts()
	for signal := core.SignalID(1); signal <= mostWaiting; signal++ {
		first, again := c.add(signal), c.add(signal)
		if !first || !again {
			t.Fatalf("signal %d is not taken", signal)
		}
	}
	if len(c.queue) != mostWaiting || c.add(mostWaiting+1) {
		t.Errorf("%d wait", len(c.queue))
	}
	for signal := core.SignalID(100); signal < 3*mostConflicts; signal++ {
		<-c.queue
		if !c.add(signal) || len(c.known) > mostConflicts {
			t.Fatalf("signal %d: %d are known", signal, len(c.known))
		}
	}
}
