package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
)

// PROTOCOL 4.2.1: a follower tells the ledger that it lives, under no epoch.
func TestFollowerBeatsUnderNoEpoch(t *testing.T) {
	b := onBench(t, func(c *core.Config) { c.Ineligible = true })
	b.stores = healthy
	b.pass(10 * b.cfg.Heartbeat)
	count := 0
	for _, e := range b.said {
		if e.Op == core.Heartbeat {
			count++
			if e.Epoch != 0 || !e.Token.IsZero() {
				t.Fatalf("a follower's heartbeat names epoch %d and %v", e.Epoch, e.Token)
			}
		}
	}
	if count != 11 {
		t.Fatalf("%d heartbeats in ten intervals and at their start, want 11", count)
	}
}

// PROTOCOL 4.2.2: an ineligible node never asks for the lease.
func TestIneligibleNodeNeverStands(t *testing.T) {
	b := onBench(t, func(c *core.Config) { c.Ineligible = true })
	b.stores = healthy
	b.pass(5 * b.cfg.TTL)
	b.tell(core.Input{Kind: core.ReleaseHeard})
	b.pass(b.cfg.TTL)
	b.asksNot(core.Acquire, core.Observe)
	if b.node.Status(b.now.Boot).Eligible {
		t.Fatal("it says that it is eligible")
	}
}

// PROTOCOL 4.2.2: nor does one whose version the ledger does not admit.
func TestNodeOutsideTheProtocolRangeNeverStands(t *testing.T) {
	for _, c := range []struct {
		lowest, highest uint32
		stands          bool
	}{{0, 0, true}, {1, 1, true}, {1, 9, true}, {2, 9, false}, {0, 1, true}} {
		b := onBench(t)
		b.stores = func(call core.Effect) []core.Input {
			if call.Op != core.Heartbeat && call.Op != core.Observe {
				return nil
			}
			in := before()
			in.Protocol = c.lowest<<16 | c.highest
			return []core.Input{in}
		}
		b.pass(b.cfg.TTL)
		stood := false
		for _, e := range b.said {
			stood = stood || e.Op == core.Acquire
		}
		if stood != c.stands {
			t.Errorf("version %d, admitted %d to %d: stands %v",
				core.ProtocolVersion, c.lowest, c.highest, stood)
		}
	}
}

// PROTOCOL 4.2.3: it asks every retry interval plus jitter, and at once when
// it hears of a release.
func TestFollowerRetriesWithJitterAndOnARelease(t *testing.T) {
	b := onBench(t)
	var asked []core.Time
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Acquire {
			asked = append(asked, b.now.Boot)
			return []core.Input{{Kind: core.LeaseDenied, Token: rival, Age: time.Second}}
		}
		return healthy(call)
	}
	b.pass(20 * b.cfg.TTL)
	for i := range asked[1:] {
		gap := asked[i+1].Sub(asked[i])
		if gap < b.cfg.Retry || gap > b.cfg.Retry+b.cfg.RetryJitter {
			t.Fatalf("%v between two attempts", gap)
		}
	}
	count := len(asked)
	b.tell(core.Input{Kind: core.ReleaseHeard})
	if len(asked) != count+1 {
		t.Fatal("a release was heard, and nothing was asked for")
	}
}

// PROTOCOL 4.2.4: whoever has not read the ledger within the last renew
// interval reads it before it asks for the lease.
func TestLeaseIsNotAskedForWithoutAFreshReading(t *testing.T) {
	b := onBench(t)
	b.pass(b.cfg.TTL)
	b.asksNot(core.Acquire)
	b.asks(core.Observe)

	b.answer(core.Observe, before())
	b.asks(core.Acquire)
}

// PROTOCOL 4.2.4: a reading is as old as the start of its attempt.
func TestReadingIsAsOldAsItsAttempt(t *testing.T) {
	b := onBench(t, func(c *core.Config) { c.StoreTimeout = c.Renew + 1 })
	b.tell(core.Input{})
	b.shift(b.cfg.Renew + 1)
	b.answer(core.Heartbeat, before())
	b.asksNot(core.Acquire)
	b.asks(core.Observe)
}

// PROTOCOL 4.2.5: a live tenure of kind pg is not contested through Redis.
func TestLivePGTenureIsNotContested(t *testing.T) {
	pg := core.Input{
		Kind: core.AuthorityObserved, Epoch: epoch - 1, Token: rival, Control: core.Run,
		Tenure: core.TenurePG, Flags: core.Open | core.Live,
	}
	b := onBench(t)
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Acquire {
			return nil
		}
		return []core.Input{pg}
	}
	b.pass(3 * b.cfg.TTL)
	b.asksNot(core.Acquire)
	pg.Flags = core.Open
	b.pass(b.cfg.TTL)
	b.asks(core.Acquire)

	c := candidate(t)
	pg.Flags = core.Open | core.Live
	c.answer(core.Observe, pg)
	c.asks(core.Release)
	c.asksNot(core.TakeEpoch)
	c.is(core.Follower)
}

// PROTOCOL 4.2.6: a grant that is heard after its own deadline goes straight
// back.
func TestLateGrantIsGivenBack(t *testing.T) {
	b := standing(t)
	b.shift(b.cfg.Window())
	token := b.call(core.Acquire).Token
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.is(core.Follower)
	if b.asks(core.Release).Token != token {
		t.Fatal("another token is released")
	}
	b.saysNot(event.LeaseAcquired)
}

// PROTOCOL 4.2.6: up to its deadline it counts.
func TestGrantCountsUpToItsDeadline(t *testing.T) {
	b := standing(t)
	b.shift(b.cfg.Window() - 1)
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.is(core.Candidate)
	b.says(event.LeaseAcquired)
}

// PROTOCOL 4.2.7: the epoch is read after the lease was acquired, never before.
func TestCandidateReadsTheEpochAfterAcquiring(t *testing.T) {
	b := standing(t)
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.asks(core.Observe)
	b.asksNot(core.TakeEpoch)
	in := before()
	in.Epoch = 41
	b.answer(core.Observe, in)
	take := b.asks(core.TakeEpoch)
	if take.Epoch != 41 || take.Token.Nonce != self || take.Tenure != core.TenureRedis {
		t.Fatalf("asks for the epoch after %d under %v", take.Epoch, take.Token)
	}
}

// PROTOCOL 4.2.7: a follower's heartbeat that is answered meanwhile is no such
// reading.
func TestEarlierReadingDoesNotServeACandidate(t *testing.T) {
	b := standing(t)
	b.pass(b.cfg.Heartbeat)
	b.tell(core.Input{Kind: core.ReleaseHeard})
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.answer(core.Heartbeat, before())
	b.asksNot(core.TakeEpoch)
	b.is(core.Candidate)
}

// PROTOCOL 4.2.8: after a refusal it reads and asks again while its budget lasts.
func TestRefusedCandidateReadsAgain(t *testing.T) {
	b := taking(t)
	b.answer(core.TakeEpoch, core.Input{Kind: core.EpochWasRefused, Epoch: epoch, Reason: core.StateChanged})
	b.is(core.Candidate)
	b.asksNot(core.Observe)
	b.pass(b.cfg.Retry / 8) // what refused it may last
	in := before()
	in.Epoch = epoch
	b.answer(core.Observe, in)
	if take := b.asks(core.TakeEpoch); take.Epoch != epoch {
		t.Fatalf("asks for the epoch after %d, want %d", take.Epoch, epoch)
	}
}

// PROTOCOL 4.2.9: a candidate without PostgreSQL gives the lease back within
// its budget, rests for more than a ttl, and reads the ledger before it tries
// again.
func TestCandidateWithoutLedgerGivesBackAndRests(t *testing.T) {
	b := candidate(t)
	token := b.node.Status(b.now.Boot).Token
	b.pass(b.cfg.CandidateBudget)
	b.is(core.Follower)
	if b.asks(core.Release).Token != token {
		t.Fatal("another token is released")
	}
	rested := b.now.Boot
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Heartbeat {
			return nil
		}
		return healthy(call)
	}
	b.pass(b.cfg.TTL - 1)
	b.asksNot(core.Acquire, core.Observe)
	b.tell(core.Input{Kind: core.ReleaseHeard})
	b.asksNot(core.Acquire, core.Observe)
	b.pass(b.cfg.TTL/4 + 1)
	b.asksNot(core.Acquire)
	b.asks(core.Observe)
	b.answer(core.Observe, before())
	if again := b.asks(core.Acquire); again.Token.Acquisition != token.Acquisition+1 {
		t.Fatalf("acquisition %d after %d", again.Token.Acquisition, token.Acquisition)
	}
	if rest := b.now.Boot.Sub(rested); rest < b.cfg.TTL {
		t.Fatalf("rested for %v", rest)
	}
}

// PROTOCOL 4.2.9: its lease counts as well as its budget.
func TestCandidateDoesNotOutliveItsLease(t *testing.T) {
	b := standing(t)
	b.shift(b.cfg.Window() - b.part(10))
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.pass(b.part(10))
	b.is(core.Follower)
	b.asks(core.Release)
}

// PROTOCOL 4.2.10: a takeover without an answer is read back by its token.
func TestTakeoverWithoutAnswerIsReadBack(t *testing.T) {
	b := taking(t)
	token := b.call(core.TakeEpoch).Token
	b.lose(core.TakeEpoch)
	b.asksNot(core.TakeEpoch)
	b.pass(b.cfg.Retry / 8)
	b.asks(core.Observe)
	b.asksNot(core.TakeEpoch)
	b.answer(core.Observe, core.Input{
		Kind: core.AuthorityObserved, Epoch: epoch, Token: token, Flags: core.Open, Control: core.Run,
	})
	again := b.asks(core.TakeEpoch)
	if again.Token != token || again.Epoch != epoch {
		t.Fatalf("asks for the epoch after %d under %v", again.Epoch, again.Token)
	}
	b.answer(core.TakeEpoch, core.Input{
		Kind: core.EpochWasTaken, Epoch: epoch, Token: rival, Control: core.Run,
	})
	b.is(core.Leader)
	if b.node.Epoch() != epoch {
		t.Fatalf("leads under epoch %d", b.node.Epoch())
	}
}

// PROTOCOL 4.2.11: a takeover that is confirmed after its own deadline is never
// led; it is closed at once, then the lease is released.
func TestLapsedTakeoverIsClosedNeverLed(t *testing.T) {
	b := taking(t)
	b.shift(b.cfg.Window())
	b.answer(core.TakeEpoch, core.Input{
		Kind: core.EpochWasTaken, Epoch: epoch, Token: rival, Control: core.Run,
	})
	b.believes(false)
	b.saysNot(event.LeaderElected)
	if resign := b.asks(core.Resign); resign.Epoch != epoch || resign.Reason != core.Lapsed {
		t.Fatalf("closes epoch %d for %v", resign.Epoch, resign.Reason)
	}
	b.asksNot(core.Release, core.Fetch)
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	b.asks(core.Release)
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased})
	b.is(core.Follower)
}

// PROTOCOL 4.2.12: an open tenure of its own that a follower finds is closed.
func TestFollowerClosesItsOwnOpenTenure(t *testing.T) {
	b := onBench(t)
	b.tell(core.Input{})
	own := core.Token{Nonce: self, Acquisition: 1}
	b.answer(core.Heartbeat, core.Input{
		Kind: core.AuthorityObserved, Epoch: epoch, Token: own, Flags: core.Open | core.Live,
		Control: core.Run,
	})
	resign := b.asks(core.Resign)
	if resign.Epoch != epoch || resign.Token != own || resign.Reason != core.Lapsed {
		t.Fatalf("closes epoch %d of %v for %v", resign.Epoch, resign.Token, resign.Reason)
	}
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	b.is(core.Follower)
	b.asksNot(core.Release)
}

// PROTOCOL 4.2.13: an elected leader looks for work at once, announces itself,
// and holds the epoch it was given.
func TestElectedLeaderLooksForWorkAtOnce(t *testing.T) {
	b := taking(t)
	b.answer(core.TakeEpoch, core.Input{
		Kind: core.EpochWasTaken, Epoch: epoch, Token: rival, Control: core.Run,
	})
	if e := b.says(event.LeaderElected); e.Epoch != epoch || e.Subject != self {
		t.Fatalf("epoch %d, %x", e.Epoch, e.Subject)
	}
	b.says(event.EpochTaken)
	fetch := b.asks(core.Fetch)
	if fetch.After != 0 || fetch.States != reviewed {
		t.Fatalf("lists states %b after %d", fetch.States, fetch.After)
	}
}

// PROTOCOL 4.2.7: nor does it wait for whatever else the ledger was asked.
func TestCandidateWaitsForNoOtherCall(t *testing.T) {
	b := standing(t)
	b.pass(b.cfg.Heartbeat)
	b.tell(core.Input{Kind: core.ReleaseHeard})
	own := core.Token{Nonce: self, Acquisition: 9}
	open := before()
	open.Token, open.Flags = own, core.Open
	b.answer(core.Heartbeat, open)
	b.call(core.Resign)
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.asks(core.Observe)
}

// PROTOCOL 4.2.14: a node that was asked to stop does not stand any more, and
// gives back what it is granted late.
func TestStoppingNodeDoesNotStand(t *testing.T) {
	b := onBench(t)
	b.stores = healthy
	b.tell(core.Input{Kind: core.StopRequested})
	b.pass(3 * b.cfg.TTL)
	b.asksNot(core.Acquire)
	if !b.node.Status(b.now.Boot).Idle {
		t.Fatal("it has something left to do")
	}

	b = standing(t)
	b.tell(core.Input{Kind: core.StopRequested})
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.asks(core.Release)
	b.is(core.Follower)
	b.saysNot(event.LeaseAcquired)
	if b.node.Status(b.now.Boot).Idle {
		t.Fatal("it is idle before the lease is back")
	}
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased, Flags: core.Done})
	if !b.node.Status(b.now.Boot).Idle {
		t.Fatal("it has something left to do")
	}
}

// PROTOCOL 4.2.14: a candidate that is asked to go gives the lease back.
func TestCandidateThatIsAskedToGoGivesBack(t *testing.T) {
	for _, kind := range []core.InputKind{core.StopRequested, core.StepDownRequested} {
		b := taking(t)
		b.tell(core.Input{Kind: kind})
		b.asks(core.Release)
		b.is(core.Follower)
	}
}

// PROTOCOL 4.2.4: a reading never replaces one that began later.
func TestOlderReadingDoesNotReplaceANewerOne(t *testing.T) {
	b := onBench(t)
	b.tell(core.Input{})
	b.pass(b.cfg.RetryJitter)
	b.answer(core.Observe, core.Input{
		Kind: core.AuthorityObserved, Epoch: 9, Token: rival, Flags: core.Open | core.Live,
	})
	b.answer(core.Heartbeat, core.Input{
		Kind: core.AuthorityObserved, Epoch: 8, Token: rival, Flags: core.Open, Age: b.cfg.StaleAfter,
	})
	if epoch := b.node.Status(b.now.Boot).View.Epoch; epoch != 9 {
		t.Fatalf("it sees epoch %d", epoch)
	}
	b.saysNot(event.LeaderStale)
}
