package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// PROTOCOL 4.8: what an instance says of its surroundings, and 4.2.18.

// PROTOCOL 4.8.1: a slow store is named once a ttl.
func TestSlowAnswersAreDegraded(t *testing.T) {
	b := idleLeader(t)
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Heartbeat {
			return []core.Input{confirmed()}
		}
		return nil
	}
	b.answer(core.Renew, renewed())
	b.saysNot(event.Degraded)
	count := 0
	for start := b.now.Boot; b.now.Boot.Sub(start) < 2*b.cfg.TTL; {
		b.pass(b.part(10))
		if !b.has(core.Renew) {
			continue
		}
		b.shift(b.cfg.StoreTimeout/2 + 1)
		b.answer(core.Renew, renewed())
		if e, slow := b.find(event.Degraded); slow {
			count++
			if e.About != core.Renew || e.Reason != core.SlowAnswer {
				t.Errorf("%v is degraded for %v", e.About, e.Reason)
			}
		}
	}
	if count != 2 {
		t.Errorf("said %d times in two ttl", count)
	}
}

// PROTOCOL 4.8.1: a store that does not answer is degraded too.
func TestSilenceIsDegraded(t *testing.T) {
	b := standing(t)
	b.pass(b.cfg.StoreTimeout)
	if e := b.says(event.Degraded); e.About != core.Acquire || e.Reason != core.Unavailable {
		t.Errorf("%v is degraded for %v", e.About, e.Reason)
	}
}

// PROTOCOL 4.8.1: calls about signals are calls to a store like any other; those
// to the broker are none.
func TestSlowAndSilentWorkIsDegraded(t *testing.T) {
	late := func(b *bench, op core.Op, in core.Input) {
		call := b.call(op)
		b.shift(call.Timeout/2 + 1)
		b.answerTo(call, in)
	}
	for name, c := range map[string]struct {
		work   func(*bench)
		about  core.Op
		reason core.Reason
	}{
		"list": {func(b *bench) {
			b.tell(core.Input{Kind: core.WorkHeard})
			late(b, core.Fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
		}, core.Fetch, core.SlowAnswer},
		"permit": {func(b *bench) {
			b.work(found(1))
			late(b, core.Permit, granted(1, 1))
		}, core.Permit, core.SlowAnswer},
		"record": {func(b *bench) {
			b.work(found(1))
			b.answer(core.Permit, granted(1, 1))
			b.answer(core.Submit, said(order.Filled))
			late(b, core.Record, recorded(core.Executed))
		}, core.Record, core.SlowAnswer},
		"lost permit": {func(b *bench) {
			b.work(found(1))
			b.lose(core.Permit)
		}, core.Permit, core.Unavailable},
		"slow broker": {func(b *bench) {
			b.work(found(1))
			b.answer(core.Permit, granted(1, 1))
			late(b, core.Submit, said(order.Filled))
		}, core.NoOp, core.NoReason},
		"silent broker": {func(b *bench) {
			b.work(found(1))
			b.answer(core.Permit, granted(1, 1))
			b.lose(core.Submit)
		}, core.NoOp, core.NoReason},
	} {
		t.Run(name, func(t *testing.T) {
			b := idleLeader(t)
			b.answer(core.Renew, renewed())
			b.stores = healthy
			c.work(b)
			e, said := b.find(event.Degraded)
			if said != (c.about != core.NoOp) || e.About != c.about || e.Reason != c.reason {
				t.Errorf("said %v: %v is degraded for %v", said, e.About, e.Reason)
			}
		})
	}
}

// PROTOCOL 4.8.2: clocks that run apart by more than the bound are noticed, and
// those within it are not, however slow the answers are.
func TestClocksThatRunApartAreNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		ppm     int64
		delay   int64 // thousandths of a ttl, each way
		noticed bool
	}{
		"true":         {0, 0, false},
		"lawful, fast": {9_000, 0, false},
		"lawful, slow": {-9_000, 0, false},
		"lawful, far":  {9_000, 60, false},
		"too fast":     {50_000, 0, true},
		"too slow":     {-50_000, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := idleLeader(t)
			start := b.now.Boot
			noticed := false
			for b.now.Boot.Sub(start) < 5*b.cfg.TTL {
				b.pass(b.part(10))
				if b.has(core.Renew) {
					b.answer(core.Renew, renewed())
				}
				if !b.has(core.Heartbeat) {
					continue
				}
				b.shift(b.part(c.delay))
				run := int64(b.now.Boot.Sub(start))
				theirs := core.Time(1<<40 + run + run/1_000_000*c.ppm)
				b.shift(b.part(c.delay))
				in := confirmed()
				in.Server = theirs
				b.answer(core.Heartbeat, in)
				if e, drifts := b.find(event.ClockDrift); drifts {
					noticed = true
					if e.Reason != core.ClockRate {
						t.Errorf("said for %v", e.Reason)
					}
				}
			}
			b.is(core.Leader)
			if noticed != c.noticed {
				t.Errorf("noticed: %v", noticed)
			}
		})
	}
}

// PROTOCOL 4.2.18: whoever loses leadership soon, again and again, rests longer.
func TestRestsGrowWithEachLossOfLeadership(t *testing.T) {
	b := idleLeader(t)
	rests := []time.Duration{}
	for next := epoch; next < epoch+5; next++ {
		if next > epoch {
			b.electAgain(next)
		}
		b.tell(core.Input{}) // what was said before is not of interest
		b.stores = func(call core.Effect) []core.Input {
			switch call.Op {
			case core.Renew:
				return []core.Input{{Kind: core.LeaseWasLost}}
			case core.Resign:
				return []core.Input{{Kind: core.TenureWasClosed, Epoch: call.Epoch}}
			case core.Release:
				return []core.Input{{Kind: core.LeaseWasReleased}}
			case core.Observe, core.Heartbeat:
				in := before()
				in.Epoch = next
				return []core.Input{in}
			default:
				return nil
			}
		}
		b.pass(b.cfg.Renew)
		b.is(core.Follower)
		from := b.now.Boot
		for !b.has(core.Acquire) {
			b.pass(b.part(5))
		}
		rests = append(rests, b.now.Boot.Sub(from))
		b.lose(core.Acquire)
	}
	slack := b.cfg.RetryJitter + b.cfg.Renew + b.part(10)
	for i, want := range []int64{200, 400, 800, 1000, 1000} {
		if least := b.part(want) - b.cfg.Renew; rests[i] < least || rests[i] > b.part(want)+slack {
			t.Errorf("rest %d lasts %v, want %v", i+1, rests[i], b.part(want))
		}
	}
}
