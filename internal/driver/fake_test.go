package driver_test

import (
	"context"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
	"fencepost/internal/driver"
)

// tick is a machine whose clocks all follow the test's.
type tick struct{}

func (tick) Now() core.Now {
	now := core.Time(time.Now().UnixNano())
	return core.Now{Boot: now, Mono: now, Wall: now}
}

// fakeStore is Redis, PostgreSQL and a broker in one, with one lease, one
// epoch and a few signals. Every call takes some time; while it is cut, no call
// is answered.
type fakeStore struct {
	ttl time.Duration

	mu      sync.Mutex
	cut     bool
	lease   core.Token
	expires time.Time
	epoch   core.Epoch
	holder  core.Token
	open    bool
	signals map[core.SignalID]core.SignalState
	orders  map[core.SignalID]int
	// limits are the shortest time limits that calls came with.
	limits map[core.Op]time.Duration
}

func newStore(ttl time.Duration) *fakeStore {
	return &fakeStore{
		ttl: ttl, signals: map[core.SignalID]core.SignalState{}, orders: map[core.SignalID]int{},
		limits: map[core.Op]time.Duration{},
	}
}

func (f *fakeStore) setCut(cut bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = cut
}

// Call answers after a millisecond, or never.
func (f *fakeStore) Call(ctx context.Context, e *core.Effect, reply func(*core.Input)) error {
	f.mu.Lock()
	cut := f.cut
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if least, seen := f.limits[e.Op]; !seen || left < least {
			f.limits[e.Op] = left
		}
	}
	f.mu.Unlock()
	if cut {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Millisecond):
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, in := range f.answer(e) {
		in.Req = e.Req
		reply(&in)
	}
	return nil
}

func (f *fakeStore) answer(e *core.Effect) []core.Input {
	switch e.Op.Store() {
	case core.Redis:
		return []core.Input{f.redis(e)}
	case core.Postgres:
		return f.ledger(e)
	case core.Broker:
		f.orders[e.Signal]++
		return []core.Input{{
			Kind: core.OrderAnswered, Signal: e.Signal, Attempt: e.Attempt, Answer: order.Filled,
		}}
	case core.NoStore:
		panic("a call belongs to a store")
	default:
		panic("a call belongs to a store")
	}
}

func (f *fakeStore) redis(e *core.Effect) core.Input {
	if !time.Now().Before(f.expires) {
		f.lease = core.Token{}
	}
	mine := f.lease == e.Token
	switch e.Op {
	case core.Acquire:
		if !mine && !f.lease.IsZero() {
			return core.Input{Kind: core.LeaseDenied, Token: f.lease, Age: time.Until(f.expires)}
		}
		f.lease, f.expires = e.Token, time.Now().Add(f.ttl)
		return core.Input{Kind: core.LeaseAcquired, Token: e.Token}
	case core.Renew:
		if !mine {
			return core.Input{Kind: core.LeaseWasLost, Token: f.lease}
		}
		f.expires = time.Now().Add(f.ttl)
		return core.Input{Kind: core.LeaseRenewed, Token: e.Token}
	case core.Release:
		if mine {
			f.lease = core.Token{}
			return core.Input{Kind: core.LeaseWasReleased, Flags: core.Done}
		}
		return core.Input{Kind: core.LeaseWasReleased}
	default:
		panic("not an operation of this Redis: " + e.Op.String())
	}
}

func (f *fakeStore) ledger(e *core.Effect) []core.Input {
	one := func(in core.Input) []core.Input { return []core.Input{in} }
	switch e.Op {
	case core.Observe, core.Heartbeat:
		if e.Op == core.Heartbeat && e.Epoch != 0 && e.Epoch != f.epoch {
			return one(core.Input{Kind: core.HeartbeatWasRefused, Epoch: f.epoch, Reason: core.Superseded})
		}
		if e.Op == core.Heartbeat && e.Epoch != 0 {
			return one(core.Input{Kind: core.HeartbeatConfirmed, Epoch: e.Epoch, Control: core.Run})
		}
		in := core.Input{Kind: core.AuthorityObserved, Epoch: f.epoch, Token: f.holder, Control: core.Run}
		if f.open {
			in.Flags = core.Open | core.Live
		}
		return one(in)
	case core.TakeEpoch:
		f.epoch, f.holder, f.open = f.epoch+1, e.Token, true
		return one(core.Input{Kind: core.EpochWasTaken, Epoch: f.epoch, Control: core.Run})
	case core.Resign:
		if e.Epoch != f.epoch {
			return one(core.Input{Kind: core.CloseWasRefused, Epoch: f.epoch})
		}
		f.open = false
		return one(core.Input{Kind: core.TenureWasClosed, Epoch: e.Epoch})
	case core.Fetch:
		return f.fetch(e)
	case core.Permit:
		f.signals[e.Signal] = core.Submitting
		return one(core.Input{
			Kind: core.PermitWasGranted, Signal: e.Signal, Attempt: e.Attempt, Version: 2, Control: core.Run,
		})
	case core.Reread:
		return one(core.Input{Kind: core.AttemptRead, Signal: e.Signal, State: f.signals[e.Signal]})
	case core.Record:
		f.signals[e.Signal] = e.State
		return one(core.Input{
			Kind: core.OutcomeWasRecorded, Signal: e.Signal, Attempt: e.Attempt, State: e.State, Version: 3,
		})
	default:
		panic("not an operation of this ledger: " + e.Op.String())
	}
}

func (f *fakeStore) fetch(e *core.Effect) []core.Input {
	var list []core.Input
	for id, state := range f.signals {
		if state == core.Received && id > e.After {
			list = append(list, core.Input{Kind: core.SignalFound, Signal: id, State: state, Version: 1})
		}
	}
	return append(list, core.Input{Kind: core.WorkListed, Flags: core.Done})
}

// state is a copy that a test may look at.
type state struct {
	lease core.Token
	epoch core.Epoch
	open  bool
}

func (f *fakeStore) look() state {
	f.mu.Lock()
	defer f.mu.Unlock()
	return state{lease: f.lease, epoch: f.epoch, open: f.open}
}

// notes is a sink that keeps what it is told.
type notes struct {
	mu     sync.Mutex
	events []event.Event
	failed map[core.Op]int
	// stuck, if set, makes the sink wait for ever.
	stuck chan struct{}
}

func (n *notes) Announce(a *driver.Announcement) {
	if n.stuck != nil {
		<-n.stuck
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, a.Effect.Event)
}

func (n *notes) Called(op core.Op, _ time.Duration, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failed == nil {
		n.failed = map[core.Op]int{}
	}
	if err != nil {
		n.failed[op]++
	}
}

func (n *notes) count(event event.Event) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, e := range n.events {
		if e == event {
			count++
		}
	}
	return count
}
