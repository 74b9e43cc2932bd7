package driver_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/driver"
	"fencepost/internal/seam"
)

// held starts a node that leads and is held at an event. It returns once the
// node stands there.
func held(t *testing.T, hold seam.Hold) (*bench, *seam.Switch) {
	t.Helper()
	seams := seam.New()
	b := start(t, func(o *driver.Options) { o.Seams = seams })
	b.elected(t)
	if err := seams.Hold(hold); err != nil {
		t.Fatal(err)
	}
	b.store.mu.Lock()
	b.store.signals[1] = core.Received
	b.store.mu.Unlock()
	b.Put(core.Input{Kind: core.WorkHeard})
	synctest.Wait()
	pass(10 * time.Millisecond)
	synctest.Wait()
	for _, p := range seams.Passages() {
		if p.Point == hold.Point && p.Waiting == 1 {
			return b, seams
		}
	}
	t.Fatalf("nobody waits at %s: %+v", hold.Point, seams.Passages())
	return nil, nil
}

func (b *bench) signal(id core.SignalID) core.SignalState {
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	return b.store.signals[id]
}

// A pause between a decision and its write: the world has been told of the
// decision, and the write leaves when the process goes on.
func TestNodeIsHeldBetweenADecisionAndItsWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, seams := held(t, seam.Hold{Point: "at:permit.requested"})
		defer b.end()
		if b.notes.count(event.PermitRequested) != 1 {
			t.Error("the sink has not been told of what the node is held at")
		}
		config := core.Default()
		pass(2 * config.Window())
		if got := b.signal(1); got != core.Received {
			t.Errorf("the write has left: the signal is %v", got)
		}
		if s := b.Status(); s.Believes {
			t.Errorf("belief outlives its deadline while the node is held: %+v", s)
		}
		if b.notes.count(event.LeaderSteppedDown) != 0 {
			t.Error("a node that is held has taken a turn")
		}
		seams.Release("at:permit.requested")
		synctest.Wait()
		pass(10 * time.Millisecond)
		if got := b.signal(1); got == core.Received {
			t.Error("the write has not left after the release")
		}
		synctest.Wait()
		if b.notes.count(event.LeaderSteppedDown) != 1 {
			t.Error("a node that goes on does not see that its time is over")
		}
	})
}

func TestHeldNodeGoesOnByItselfWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := held(t, seam.Hold{Point: "at:gate.passed", Count: 1, For: time.Second})
		defer b.end()
		if got := b.signal(1); got != core.Submitting {
			t.Errorf("the order has left, or has no permit: the signal is %v", got)
		}
		pass(time.Second + 10*time.Millisecond)
		synctest.Wait()
		if got := b.signal(1); got != core.Executed {
			t.Errorf("the signal is %v after the hold", got)
		}
	})
}

// The end of an instance is bounded, whatever holds its node.
func TestHeldNodeKeepsNobodyWaitingBeyondTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := held(t, seam.Hold{Point: "at:permit.requested"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stop: %v", err)
		}
		b.end()
		err := b.PutWithin(t.Context(), core.Input{Kind: core.WorkHeard})
		if !errors.Is(err, driver.ErrEnded) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// Whoever asks is not kept waiting by the step that does not end.
func TestDriverTellsForHowLongItHasStoodStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, seams := held(t, seam.Hold{Point: "at:permit.requested"})
		pass(5 * time.Second)
		if d := b.StandsFor(); d < 5*time.Second || d > 6*time.Second {
			t.Errorf("held for five seconds, stands for %v", d)
		}
		seams.Release("at:permit.requested")
		synctest.Wait()
		pass(time.Minute + time.Millisecond)
		if d := b.StandsFor(); d > core.Default().Margin {
			t.Errorf("a driver that turns stands for %v", d)
		}
		b.end()
		pass(time.Minute)
		if d := b.StandsFor(); d != 0 {
			t.Errorf("a driver that has ended stands for %v", d)
		}
	})
}

func TestDriverThatHasNotBegunDoesNotStandStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := driver.New(driver.Options{Config: core.Default(), Nonce: 7, Clock: tick{}})
		pass(time.Minute)
		if got := d.StandsFor(); got != 0 {
			t.Errorf("stands for %v", got)
		}
	})
}
