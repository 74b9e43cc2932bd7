package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// PROTOCOL 4.5: split brain and stale leaders.

// PROTOCOL 4.5.1: a leader that hears of a younger epoch is fenced, whoever
// tells it.
func TestYoungerEpochFencesTheLeader(t *testing.T) {
	for name, hear := range map[string]func(*bench){
		"refused heartbeat": func(b *bench) {
			b.pass(b.cfg.Heartbeat)
			b.answer(core.Heartbeat, core.Input{
				Kind: core.HeartbeatWasRefused, Epoch: epoch + 1, Reason: core.Superseded,
			})
			b.says(event.HeartbeatRefused)
		},
		"confirmed heartbeat": func(b *bench) {
			b.pass(b.cfg.Heartbeat)
			b.answer(core.Heartbeat, core.Input{
				Kind: core.HeartbeatConfirmed, Epoch: epoch + 1, Control: core.Run,
			})
		},
		"refused permit": func(b *bench) {
			b.work(found(1))
			b.answer(core.Permit, core.Input{
				Kind: core.PermitWasRefused, Signal: 1, Epoch: epoch + 1, Reason: core.Superseded,
				Control: core.Run,
			})
			b.says(event.PermitRefused)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := idleLeader(t)
			hear(b)
			b.believes(false)
			if e := b.says(event.LeaderSteppedDown); e.Reason != core.Superseded {
				t.Errorf("stepped down for %v", e.Reason)
			}
			if e := b.says(event.SplitBrainDetected); e.Reason != core.Superseded {
				t.Errorf("split brain for %v", e.Reason)
			}
			e := b.says(event.LeaderStale)
			if e.By != core.Self || e.Subject != self || e.Epoch != epoch {
				t.Errorf("stale: %x under %d by %v", e.Subject, e.Epoch, e.By)
			}
			b.asks(core.Resign)
		})
	}
}

// PROTOCOL 4.5.2: a tenure that the ledger holds as closed is as good as a
// younger epoch, but nobody else leads.
func TestClosedTenureFencesTheLeader(t *testing.T) {
	b := idleLeader(t)
	b.pass(b.cfg.Heartbeat)
	b.answer(core.Heartbeat, core.Input{
		Kind: core.HeartbeatWasRefused, Epoch: epoch, Reason: core.TenureClosed,
	})
	if e := b.says(event.LeaderSteppedDown); e.Reason != core.TenureClosed {
		t.Fatalf("stepped down for %v", e.Reason)
	}
	b.saysNot(event.SplitBrainDetected)
}

// PROTOCOL 4.5.1: a drainer that is fenced waits for nothing more.
func TestFencedDrainerClosesAtOnce(t *testing.T) {
	b := sending(t, order.ClassD)
	b.stores = renewals
	b.pass(b.cfg.Heartbeat)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.answer(core.Heartbeat, core.Input{
		Kind: core.HeartbeatWasRefused, Epoch: epoch + 1, Reason: core.Superseded,
	})
	b.asks(core.Resign)
	b.saysNot(event.LeaderSteppedDown)
}

// PROTOCOL 4.5.1: the refusal of a permit that was asked for in an earlier
// tenure does not fence the present one.
func TestRefusalOfAnEarlierTenureFencesNobody(t *testing.T) {
	b := idleLeader(t, rested)
	b.pass(b.cfg.Renew)
	b.answer(core.Heartbeat, confirmed())
	b.work(found(1))
	old := b.call(core.Permit)
	b.loseTenure()
	b.answerTo(old, core.Input{
		Kind: core.PermitWasRefused, Signal: 1, Epoch: epoch + 1, Reason: core.Superseded,
	})
	b.says(event.PermitRefused)
	b.believes(true)
	if flying := b.node.Status(b.now.Boot).InFlight; flying != 0 {
		t.Fatalf("%d signals in flight", flying)
	}
}

// PROTOCOL 4.5.3: Redis naming another while we lead is a split brain: the one
// without the lease yields.
func TestRenewalThatFindsAnotherIsASplitBrain(t *testing.T) {
	b := idleLeader(t)
	b.pass(b.cfg.Renew)
	b.answer(core.Renew, core.Input{Kind: core.LeaseWasLost, Token: rival})
	if e := b.says(event.SplitBrainDetected); e.Token != rival {
		t.Fatalf("the other is %v", e.Token)
	}
	if e := b.says(event.LeaseLost); e.Reason != core.SplitBrain {
		t.Fatalf("lost for %v", e.Reason)
	}
	if e := b.says(event.LeaderSteppedDown); e.Reason != core.SplitBrain {
		t.Fatalf("stepped down for %v", e.Reason)
	}
	b.believes(false)
}

// PROTOCOL 4.5.3: an absent key is a lost lease, and no split brain.
func TestRenewalThatFindsNothingIsALostLease(t *testing.T) {
	b := idleLeader(t)
	b.pass(b.cfg.Renew)
	b.answer(core.Renew, core.Input{Kind: core.LeaseWasLost})
	b.saysNot(event.SplitBrainDetected)
	if e := b.says(event.LeaderSteppedDown); e.Reason != core.LeaseLost {
		t.Fatalf("stepped down for %v", e.Reason)
	}
	b.asksNot(core.Acquire)
}

// PROTOCOL 4.5.4: a leader that wakes after its lease may have lapsed says that
// it was stale; one that was merely late does not.
func TestWakingLeaderReportsItself(t *testing.T) {
	b := idleLeader(t)
	lapse := b.now.Boot.Add(b.cfg.TTL - b.cfg.TTL/100)
	b.pause(lapse.Sub(b.now.Boot))
	if e := b.says(event.LeaderStale); e.By != core.Self || e.Subject != self || e.Epoch != epoch {
		t.Fatalf("stale: %x under %d by %v", e.Subject, e.Epoch, e.By)
	}
	b = idleLeader(t)
	b.pause(lapse.Sub(b.now.Boot) - 1)
	b.says(event.LeaderSteppedDown)
	b.saysNot(event.LeaderStale)
}

// stale is the ledger's word about a leader that fell silent.
func stale(age time.Duration) core.Input {
	return core.Input{
		Kind: core.AuthorityObserved, Epoch: epoch - 1, Token: rival, Flags: core.Open, Age: age,
		Control: core.Run,
	}
}

// PROTOCOL 4.5.5: a follower reports a heartbeat that is older than the bound,
// once for each epoch.
func TestFollowerReportsAStaleLeaderOnce(t *testing.T) {
	b := onBench(t)
	b.tell(core.Input{})
	b.answer(core.Heartbeat, stale(b.cfg.StaleAfter-1))
	b.saysNot(event.LeaderStale)
	b.pass(b.cfg.Heartbeat)
	b.answer(core.Heartbeat, stale(b.cfg.StaleAfter))
	e := b.says(event.LeaderStale)
	if e.By != core.Peer || e.Subject != other || e.Epoch != epoch-1 {
		t.Fatalf("stale: %x under %d by %v", e.Subject, e.Epoch, e.By)
	}
	b.pass(b.cfg.Heartbeat)
	b.answer(core.Heartbeat, stale(b.cfg.StaleAfter))
	b.saysNot(event.LeaderStale)

	next := stale(b.cfg.StaleAfter)
	next.Epoch++
	b.pass(b.cfg.Heartbeat)
	b.answer(core.Heartbeat, next)
	b.says(event.LeaderStale)
}

// PROTOCOL 4.5.5: a tenure that is closed is nobody's, however old.
func TestClosedTenureIsNotStale(t *testing.T) {
	b := onBench(t)
	b.tell(core.Input{})
	closed := stale(time.Hour)
	closed.Flags = 0
	b.answer(core.Heartbeat, closed)
	b.saysNot(event.LeaderStale)
}

// PROTOCOL 4.5.6: whoever takes over an open tenure reports its holder.
func TestTakingOverAnOpenTenureReportsItsHolder(t *testing.T) {
	b := taking(t)
	b.answer(core.TakeEpoch, core.Input{
		Kind: core.EpochWasTaken, Epoch: epoch, Token: rival, Flags: core.Open, Control: core.Run,
	})
	e := b.says(event.LeaderStale)
	if e.By != core.Peer || e.Subject != other || e.Epoch != epoch-1 {
		t.Fatalf("stale: %x under %d by %v", e.Subject, e.Epoch, e.By)
	}

	for name, in := range map[string]core.Input{
		"closed": {Kind: core.EpochWasTaken, Epoch: epoch, Token: rival, Control: core.Run},
		"its own": {
			Kind: core.EpochWasTaken, Epoch: epoch, Token: core.Token{Nonce: self, Acquisition: 1},
			Flags: core.Open, Control: core.Run,
		},
	} {
		b := taking(t)
		b.answer(core.TakeEpoch, in)
		if _, ok := b.find(event.LeaderStale); ok {
			t.Errorf("%s: reported", name)
		}
	}
}

// PROTOCOL 4.5.7: a stale leader's lease is evicted by the token that its
// tenure has in the ledger; any other token is left to expire.
func TestOnlyTheLedgersTokenIsEvicted(t *testing.T) {
	denied := func(age time.Duration, holder core.Token) *bench {
		b := onBench(t)
		b.tell(core.Input{})
		b.answer(core.Heartbeat, stale(age))
		b.tell(core.Input{Kind: core.ReleaseHeard})
		b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: holder, Age: time.Second})
		return b
	}
	after := core.Default().StaleAfter
	denied(after, core.Token{Nonce: other, Acquisition: rival.Acquisition + 1}).asksNot(core.Evict)
	denied(after, core.Token{Nonce: 77, Acquisition: rival.Acquisition}).asksNot(core.Evict)
	denied(after-1, rival).asksNot(core.Evict)

	b := denied(after, rival)
	if evict := b.asks(core.Evict); evict.Token != rival {
		t.Fatalf("evicts %v", evict.Token)
	}
	b.answer(core.Evict, core.Input{Kind: core.LeaseWasEvicted, Flags: core.Done})
	if e := b.says(event.LeaderEvicted); e.Subject != other || e.Epoch != epoch-1 || e.By != core.Peer {
		t.Fatalf("evicted: %x under %d by %v", e.Subject, e.Epoch, e.By)
	}
	b.asks(core.Acquire)
}

// PROTOCOL 4.5.8: a lease of an earlier acquisition of its own is released.
func TestOwnStrayLeaseIsReleased(t *testing.T) {
	b := standing(t)
	stray := core.Token{Nonce: self, Acquisition: 0}
	b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: stray, Age: time.Second})
	if release := b.asks(core.Release); release.Token != stray {
		t.Fatalf("releases %v", release.Token)
	}
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased, Flags: core.Done})
	b.is(core.Follower)
}

// PROTOCOL 4.5.8: and if the ledger's leader is another by now, the two stores
// disagree.
func TestOwnStrayLeaseBesideAnotherLeaderIsASplitBrain(t *testing.T) {
	b := onBench(t)
	b.tell(core.Input{})
	b.answer(core.Heartbeat, stale(0))
	b.tell(core.Input{Kind: core.ReleaseHeard})
	b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: core.Token{Nonce: self}})
	b.asks(core.Release)
	if e := b.says(event.SplitBrainDetected); e.Token != rival {
		t.Fatalf("the other is %v", e.Token)
	}
}

// PROTOCOL 4.5.9: two names that differ are a conflict; one name alone is a
// change of leadership under way.
func TestDetectSplitBrainComparesNames(t *testing.T) {
	for _, c := range []struct{ redis, db string }{{"", ""}, {"a", ""}, {"", "a"}, {"a", "a"}} {
		if d := core.DetectSplitBrain(c.redis, c.db); d != nil {
			t.Errorf("redis %q, ledger %q: %+v", c.redis, c.db, *d)
		}
	}
	d := core.DetectSplitBrain("a", "b")
	if d == nil || *d != (core.Disagreement{RedisLeader: "a", DBLeader: "b", Conflict: true}) {
		t.Fatalf("%+v", d)
	}
}

// PROTOCOL 4.5.4: neither a suspended machine nor a drainer with work in flight
// is exempt.
func TestWakingReportsItselfAlsoAfterSuspendAndWhileDraining(t *testing.T) {
	b := idleLeader(t)
	b.now.Boot, b.now.Wall = b.now.Boot.Add(b.cfg.TTL), b.now.Wall.Add(b.cfg.TTL)
	b.tell(core.Input{})
	b.says(event.LeaderStale)
	b.says(event.ClockDrift)

	b = sending(t, order.ClassD)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.pause(b.cfg.TTL)
	if e := b.says(event.LeaderStale); e.By != core.Self || e.Epoch != epoch {
		t.Fatalf("stale under %d by %v", e.Epoch, e.By)
	}
	b.tell(core.Input{})
	b.saysNot(event.LeaderStale)
}

// PROTOCOL 4.5.3: a stray lease of its own is a lost lease, and no split brain.
func TestOwnStrayLeaseIsNoSplitBrain(t *testing.T) {
	b := idleLeader(t)
	b.pass(b.cfg.Renew)
	b.answer(core.Renew, core.Input{Kind: core.LeaseWasLost, Token: core.Token{Nonce: self}})
	b.saysNot(event.SplitBrainDetected)
	if e := b.says(event.LeaderSteppedDown); e.Reason != core.LeaseLost {
		t.Fatalf("stepped down for %v", e.Reason)
	}
}

// PROTOCOL 4.5.7: an eviction is told of whom it was about, whatever was read
// meanwhile.
func TestEvictionNamesWhomItWasAbout(t *testing.T) {
	b := onBench(t)
	b.tell(core.Input{})
	b.answer(core.Heartbeat, stale(b.cfg.StaleAfter))
	b.pass(b.cfg.Heartbeat - 1)
	b.tell(core.Input{Kind: core.ReleaseHeard})
	b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: rival})
	b.pass(1)
	next := stale(0)
	next.Epoch, next.Token = epoch, core.Token{Nonce: 77, Acquisition: 1}
	b.answer(core.Heartbeat, next)
	b.answer(core.Evict, core.Input{Kind: core.LeaseWasEvicted, Flags: core.Done})
	if e := b.says(event.LeaderEvicted); e.Subject != other || e.Epoch != epoch-1 {
		t.Fatalf("evicted: %x under %d", e.Subject, e.Epoch)
	}
}
