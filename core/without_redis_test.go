package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
)

// PROTOCOL 4.6: when Redis is away.

// reading is the ledger with a tenure of another process.
func reading(kind core.TenureKind, flags core.Flags) core.Input {
	in := before()
	in.Tenure, in.Flags = kind, flags
	return in
}

// withoutRedis answers for a ledger that shows that reading and a Redis that
// is not there.
func withoutRedis(in core.Input) func(core.Effect) []core.Input {
	return func(call core.Effect) []core.Input {
		switch {
		case call.Op.Store() == core.Redis:
			return []core.Input{{Kind: core.OutcomeUnknown, Op: call.Op}}
		case call.Op == core.Observe || call.Op == core.Heartbeat && call.Epoch == 0:
			return []core.Input{in}
		default:
			return nil
		}
	}
}

// cutOff returns a candidate for an epoch of kind pg that has asked for it.
func cutOff(t *testing.T) *bench {
	t.Helper()
	b := onBench(t)
	b.stores = withoutRedis(reading(core.TenureRedis, core.Open))
	b.tell(core.Input{})
	for tries := 0; !b.has(core.TakeEpoch); tries++ {
		if tries == 100 {
			t.Fatal("the node never asks for an epoch")
		}
		b.pass(b.part(50))
	}
	return b
}

// pgLeader returns a leader under an epoch of kind pg.
func pgLeader(t *testing.T) *bench {
	t.Helper()
	b := cutOff(t)
	b.answer(core.TakeEpoch, core.Input{Kind: core.EpochWasTaken, Epoch: epoch, Control: core.Run})
	b.is(core.Leader)
	b.answer(core.Fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
	return b
}

// PROTOCOL 4.6.4: a ttl without any answer of Redis, then an epoch of kind pg,
// under an acquisition that Redis has never seen.
func TestFollowerTakesAnEpochOfKindPgWithoutRedis(t *testing.T) {
	b := onBench(t)
	b.stores = withoutRedis(reading(core.TenureRedis, core.Open))
	b.tell(core.Input{})
	first := core.Time(0)
	for b.now.Boot.Sub(first) < b.cfg.TTL || first == 0 {
		b.asksNot(core.TakeEpoch)
		b.is(core.Follower)
		b.pass(b.part(10))
		if _, silent := b.find(event.OutcomeUnknown); silent && first == 0 {
			first = b.now.Boot
		}
	}
	for tries := 0; !b.has(core.TakeEpoch) && tries < 60; tries++ {
		b.pass(b.part(10))
	}
	take := b.call(core.TakeEpoch)
	if take.Tenure != core.TenurePG || take.Epoch != epoch-1 || take.Token.Acquisition != 2 {
		t.Errorf("it asks for an epoch of kind %v after %d, as acquisition %d", take.Tenure, take.Epoch,
			take.Token.Acquisition)
	}
	b.is(core.Candidate)
}

// PROTOCOL 4.6.4: one answer of Redis, and the wait begins anew.
func TestAnAnswerOfRedisEndsTheWait(t *testing.T) {
	b := onBench(t)
	silent := withoutRedis(reading(core.TenureRedis, core.Open))
	b.stores = silent
	b.tell(core.Input{})
	for range 12 {
		b.pass(b.part(500))
		b.is(core.Follower)
		b.stores = func(call core.Effect) []core.Input {
			if call.Op == core.Acquire {
				return []core.Input{{Kind: core.LeaseDenied, Token: rival}}
			}
			return silent(call)
		}
		b.pass(b.part(400))
		b.stores = silent
	}
}

// PROTOCOL 4.6.4: who led without Redis asked nothing of it and does not know
// whether it is still away: a ttl without an answer begins with the next call.
func TestRedisIsAwayForATTLAgainAfterATenureOfKindPg(t *testing.T) {
	closed := before()
	closed.Epoch = epoch
	silent := withoutRedis(closed)
	b := pgLeader(t)
	b.stores = func(call core.Effect) []core.Input {
		switch {
		case call.Op == core.Resign:
			return []core.Input{{Kind: core.TenureWasClosed, Epoch: epoch}}
		case call.Op == core.Fetch:
			return []core.Input{{Kind: core.WorkListed, Flags: core.Done}}
		case call.Op == core.Heartbeat && call.Epoch != 0:
			return healthy(call)
		default:
			return silent(call)
		}
	}
	b.pass(6 * b.cfg.TTL)
	b.tell(core.Input{Kind: core.StepDownRequested})
	tries := 0
	for asked := false; !asked; _, asked = b.find(event.OutcomeUnknown) {
		if tries++; tries == 400 {
			t.Fatal("it asks nothing of Redis")
		}
		b.pass(b.part(10))
	}
	for waited := time.Duration(0); waited < b.cfg.TTL; waited += b.part(10) {
		b.is(core.Follower)
		b.pass(b.part(10))
	}
	for tries = 0; b.node.Role() != core.Candidate; tries++ {
		if tries == 100 {
			t.Fatal("a ttl without Redis, and it does not stand")
		}
		b.pass(b.part(10))
	}
}

// PROTOCOL 4.6.4: whoever is live, of whatever kind, is not superseded.
func TestNobodyTakesAnEpochOfKindPgFromALiveTenure(t *testing.T) {
	for _, kind := range []core.TenureKind{core.TenureRedis, core.TenurePG} {
		b := onBench(t)
		b.stores = withoutRedis(reading(kind, core.Open|core.Live))
		b.tell(core.Input{})
		for range 40 {
			b.pass(b.part(200))
			b.is(core.Follower)
			b.asksNot(core.TakeEpoch)
		}
	}
}

// PROTOCOL 4.6.4: what the candidate reads last counts.
func TestCandidateWithoutRedisYieldsToALiveTenure(t *testing.T) {
	b := onBench(t)
	quiet := withoutRedis(reading(core.TenureRedis, core.Open))
	b.stores = func(call core.Effect) []core.Input {
		if b.node.Role() == core.Candidate {
			return withoutRedis(reading(core.TenureRedis, core.Open|core.Live))(call)
		}
		return quiet(call)
	}
	b.tell(core.Input{})
	for range 40 {
		b.pass(b.part(100))
		b.asksNot(core.TakeEpoch)
	}
	b.is(core.Follower)
}

// PROTOCOL 4.2.10: a takeover whose answer was lost finds its own tenure, which
// is live, and asks again.
func TestCandidateWithoutRedisDoesNotYieldToItself(t *testing.T) {
	b := cutOff(t)
	lost := b.call(core.TakeEpoch)
	own := reading(core.TenurePG, core.Open|core.Live)
	own.Epoch, own.Token = lost.Epoch+1, lost.Token
	b.stores = withoutRedis(own)
	b.pass(b.cfg.StoreTimeout + b.part(30))
	b.is(core.Candidate)
	if again := b.call(core.TakeEpoch); again.Req == lost.Req || again.Token != lost.Token {
		t.Errorf("it asks %+v", again)
	}
	b.asksNot(core.Resign)
}

// PROTOCOL 4.6.4: the end of a tenure of kind pg is noticed when its column
// expires, not a retry later.
func TestEndOfATenureOfKindPgIsNoticedAtOnce(t *testing.T) {
	b := onBench(t)
	in := reading(core.TenurePG, core.Open|core.Live)
	until := b.now.Boot.Add(b.cfg.TTL)
	b.stores = func(call core.Effect) []core.Input {
		switch call.Op {
		case core.Observe, core.Heartbeat:
			now := in
			now.Age = b.cfg.TTL - until.Sub(b.now.Boot)
			if b.now.Boot >= until {
				now.Flags = core.Open
			}
			return []core.Input{now}
		default:
			return nil
		}
	}
	b.tell(core.Input{})
	for !b.has(core.Acquire) && b.now.Boot < until.Add(b.cfg.TTL) {
		b.pass(b.part(10))
	}
	if late := b.now.Boot.Sub(until); late > b.cfg.Margin+b.part(10) {
		t.Errorf("it asks for the lease %v after the column expired", late)
	}
}

// PROTOCOL 4.6.5: the heartbeat is the lease; Redis is not asked.
func TestLeaderOfKindPgLeadsByItsHeartbeat(t *testing.T) {
	b := pgLeader(t)
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Heartbeat {
			return []core.Input{confirmed()}
		}
		return nil
	}
	for range 20 {
		b.pass(b.part(200))
		b.believes(true)
		b.asksNot(core.Renew, core.Acquire, core.Release)
	}
	b.stores = nil
	b.pass(b.cfg.TTL)
	b.believes(false)
	if lost := b.says(event.LeaseLost); lost.Reason != core.LeaseExpired {
		t.Errorf("lost for %v", lost.Reason)
	}
	b.asks(core.Resign)
}

// PROTOCOL 4.6.5: there is nothing in Redis to release.
func TestLeaderOfKindPgClosesAndReleasesNothing(t *testing.T) {
	b := pgLeader(t)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	b.asksNot(core.Release)
	b.is(core.Follower)
	if status := b.node.Status(b.now.Boot); status.Tenure != core.TenureRedis || status.Epoch != 0 {
		t.Errorf("it goes on as %v under epoch %d", status.Tenure, status.Epoch)
	}
}

// PROTOCOL 4.6.5: an epoch that comes after its own deadline is never led.
func TestLateEpochOfKindPgIsClosed(t *testing.T) {
	b := cutOff(t)
	take := b.call(core.TakeEpoch)
	b.shift(b.cfg.TTL)
	b.answerTo(take, core.Input{Kind: core.EpochWasTaken, Epoch: epoch, Control: core.Run})
	b.believes(false)
	b.asksNot(core.Fetch)
}

// PROTOCOL 4.6.6: when Redis is back, the next leader is elected there.
func TestLeadershipReturnsToRedis(t *testing.T) {
	b := pgLeader(t)
	b.stores = nil
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	b.electAgain(epoch + 1)
	if status := b.node.Status(b.now.Boot); status.Tenure != core.TenureRedis {
		t.Errorf("it leads as %v", status.Tenure)
	}
}
