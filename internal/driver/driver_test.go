package driver_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/journal"
	"fencepost/core/order"
	"fencepost/internal/clock"
	"fencepost/internal/driver"
)

// bench is one node over fakes.
type bench struct {
	*driver.Driver
	store *fakeStore
	notes *notes
	// end ends Run and waits for it.
	end func()
}

// start runs a node inside the test's bubble, until the test ends it.
func start(t *testing.T, change func(*driver.Options)) *bench {
	t.Helper()
	config := core.Default()
	config.Broker = order.ClassA.Capability()
	b := &bench{store: newStore(config.TTL), notes: &notes{}}
	o := driver.Options{
		Config: config, Nonce: 7, Clock: tick{},
		Redis: b.store, Postgres: b.store, Broker: b.store, Sink: b.notes,
	}
	if change != nil {
		change(&o)
	}
	b.Driver = driver.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	b.end = func() {
		cancel()
		<-ended
	}
	go func() {
		b.Run(ctx)
		close(ended)
	}()
	return b
}

// pass lets the bubble's clock go on.
func pass(d time.Duration) { <-time.After(d) }

// elected waits until the node leads.
func (b *bench) elected(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := b.Wait(ctx, func(s core.Status) bool { return s.Believes }); err != nil {
		t.Fatalf("nobody leads: %v: %+v", err, b.Status())
	}
}

func TestNodeLeadsExecutesAndHandsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		defer b.end()
		b.store.signals[1] = core.Received
		b.elected(t)
		pass(10 * time.Minute)
		if s := b.Status(); !s.Believes || s.Epoch != 1 {
			t.Fatalf("after ten minutes: %+v", s)
		}
		b.store.mu.Lock()
		if b.store.signals[1] != core.Executed || b.store.orders[1] != 1 {
			t.Errorf("signal %v after %d orders", b.store.signals[1], b.store.orders[1])
		}
		b.store.mu.Unlock()
		if err := b.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := b.store.look(); !left.lease.IsZero() || left.open {
			t.Errorf("left behind: %+v", left)
		}
		for event, want := range map[event.Event]int{
			event.LeaderElected: 1, event.LeaderSteppedDown: 1, event.SignalExecuted: 1,
			event.LeaseReleased: 1, event.OutcomeUnknown: 0,
		} {
			synctest.Wait()
			if got := b.notes.count(event); got != want {
				t.Errorf("%v was announced %d times, want %d", event, got, want)
			}
		}
	})
}

func TestBeliefEndsWhenNoStoreAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		defer b.end()
		b.elected(t)
		config := core.Default()
		b.store.setCut(true)
		pass(config.Window())
		if s := b.Status(); s.Believes {
			t.Errorf("still believes a trust window after the last answer: %+v", s)
		}
		synctest.Wait()
		if b.notes.count(event.LeaderSteppedDown) != 1 {
			t.Error("the end of belief was not announced")
		}
		b.store.setCut(false)
		b.elected(t)
		if got := b.store.look().epoch; got != 2 {
			t.Errorf("epoch %d after the second election", got)
		}
	})
}

func TestCallsAreBoundedByTheirTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		defer b.end()
		b.elected(t)
		b.store.setCut(true)
		pass(8 * time.Second)
		b.notes.mu.Lock()
		defer b.notes.mu.Unlock()
		b.store.mu.Lock()
		defer b.store.mu.Unlock()
		config := core.Default()
		for _, op := range []core.Op{core.Renew, core.Heartbeat} {
			if b.notes.failed[op] == 0 || b.store.limits[op] != config.StoreTimeout {
				t.Errorf("%v failed %d times; its limit was %v", op, b.notes.failed[op], b.store.limits[op])
			}
		}
	})
}

// holding stops every call at one point, once.
type holding struct {
	point string
	used  atomic.Bool
	until chan struct{}
}

func (h *holding) Pass(ctx context.Context, point string) {
	if point != h.point || h.used.Swap(true) {
		return
	}
	select {
	case <-h.until:
	case <-ctx.Done():
	}
}

func TestHeldCallKeepsItsWholeTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seam := &holding{point: "before:renew", until: make(chan struct{})}
		b := start(t, func(o *driver.Options) { o.Seams = seam })
		defer b.end()
		b.elected(t)
		pass(6 * time.Second)
		close(seam.until)
		pass(time.Second)
		b.store.mu.Lock()
		defer b.store.mu.Unlock()
		config := core.Default()
		if got := b.store.limits[core.Renew]; got != config.StoreTimeout {
			t.Errorf("the held call went out with %v left, want %v", got, config.StoreTimeout)
		}
	})
}

func TestStuckSinkHoldsUpNoRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, func(o *driver.Options) {
			sink := &notes{stuck: make(chan struct{})}
			t.Cleanup(func() { close(sink.stuck) })
			o.Sink = sink
		})
		b.elected(t)
		b.store.setCut(true)
		for b.Dropped() == 0 {
			pass(time.Minute)
		}
		b.store.setCut(false)
		b.elected(t)
		b.end()
		synctest.Wait()
	})
}

func TestSleepOfTheMachineEndsBelief(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shifted := clock.NewShifted(tick{})
		b := start(t, func(o *driver.Options) { o.Clock = shifted })
		defer b.end()
		b.elected(t)
		shifted.Suspend(time.Hour)
		if b.Status().Believes {
			t.Error("believes right after an hour of sleep")
		}
		config := core.Default()
		pass(config.Margin)
		synctest.Wait()
		if b.notes.count(event.LeaderSteppedDown) != 1 {
			t.Error("the sleep was not noticed within the margin")
		}
	})
}

func TestBrokenAssertionEndsRunAfterItsLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, sink := newStore(time.Second), &notes{}
		d := driver.New(driver.Options{
			Config: core.Default(), Nonce: 7, Clock: tick{},
			Redis: store, Postgres: store, Broker: store, Sink: sink,
		})
		broke := make(chan any, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			defer func() { broke <- recover() }()
			d.Run(ctx)
		}()
		for !d.Status().Believes {
			pass(time.Second)
		}
		d.Put(core.Input{Kind: 255})
		if got := <-broke; got == nil {
			t.Error("Run survived an impossible input")
		}
		if sink.count(event.LeaderElected) != 1 {
			t.Error("the sink was not told of what came before")
		}
	})
}

// tape is a journal in memory.
type tape struct {
	node    core.Node
	inputs  []byte
	effects []byte
}

func (r *tape) Start(config core.Config, nonce core.Nonce, now core.Now) {
	r.node = core.New(config, nonce, now)
}

func (r *tape) Flush() {}

func (r *tape) RecordInput(now core.Now, in *core.Input) {
	r.inputs = journal.AppendInput(r.inputs, now, in)
}

func (r *tape) RecordEffects(effects []core.Effect) {
	for i := range effects {
		r.effects = journal.AppendEffect(r.effects, &effects[i])
	}
}

func TestJournalReplaysEveryStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := &tape{}
		b := start(t, func(o *driver.Options) { o.Journal = live })
		b.store.signals[1], b.store.signals[2] = core.Received, core.Received
		b.elected(t)
		pass(time.Minute)
		b.store.setCut(true)
		pass(time.Minute)
		b.end()
		synctest.Wait()

		node, again := live.node, &tape{}
		var effects core.Effects
		for rest := live.inputs; len(rest) > 0; {
			now, in, left, err := journal.DecodeInput(rest)
			if err != nil {
				t.Fatal(err)
			}
			node.Step(now, &in, &effects)
			again.RecordInput(now, &in)
			again.RecordEffects(effects.All())
			rest = left
		}
		if len(live.effects) == 0 || !bytes.Equal(live.effects, again.effects) {
			t.Errorf("the replay of %d bytes of inputs had other effects", len(live.inputs))
		}
	})
}

// The one without the lawful claim yields, and its lease is really released:
// clearing a flag first and releasing afterwards would leave it behind.
func TestAutoDemoteOnSplitBrainWhenDBSaysDifferentLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		defer b.end()
		b.elected(t)
		b.store.mu.Lock()
		mine := b.store.lease
		b.store.epoch, b.store.holder = 2, core.Token{Nonce: 99, Acquisition: 1}
		b.store.mu.Unlock()
		if err := b.Wait(t.Context(), func(s core.Status) bool { return !s.Believes }); err != nil {
			t.Fatal(err)
		}
		released := func(core.Status) bool { return b.store.look().lease != mine }
		if err := b.Wait(t.Context(), released); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if b.notes.count(event.HeartbeatRefused) != 1 || b.notes.count(event.LeaseReleased) != 1 {
			t.Errorf("announced: %v", b.notes.events)
		}
	})
}
