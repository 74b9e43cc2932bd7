package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// The clause tests: each claim is named after what the protocol says, and
// cites the clause. This file holds PROTOCOL 4.3, time and belief.

// PROTOCOL 4.3.1: trust in the lease counts from the start of the attempt.
func TestTrustInTheLeaseCountsFromTheStartOfTheAttempt(t *testing.T) {
	b := idleLeader(t)
	b.stores = beats
	b.pass(b.cfg.Renew)
	started := b.now.Boot
	b.shift(b.part(200))
	b.answer(core.Renew, renewed())
	b.pass(b.cfg.Heartbeat)
	wantDeadline(t, b, started.Add(b.cfg.Window()))
}

// PROTOCOL 4.3.1: so does trust in the heartbeat.
func TestTrustInTheHeartbeatCountsFromTheStartOfTheAttempt(t *testing.T) {
	b := idleLeader(t)
	b.stores = renewals
	b.pass(b.cfg.Heartbeat)
	started := b.now.Boot
	b.shift(b.part(200))
	b.answer(core.Heartbeat, confirmed())
	b.pass(b.cfg.Renew)
	wantDeadline(t, b, started.Add(b.cfg.Window()))
}

// PROTOCOL 4.3.1: the first windows count from the acquisition and the takeover.
func TestTrustOfANewLeaderCountsFromItsAcquisition(t *testing.T) {
	b := standing(t)
	started := b.now.Boot
	b.shift(b.part(100))
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.shift(b.part(50))
	b.answer(core.Observe, before())
	b.shift(b.part(50))
	b.answer(core.TakeEpoch, core.Input{Kind: core.EpochWasTaken, Epoch: epoch, Control: core.Run})
	wantDeadline(t, b, started.Add(b.cfg.Window()))
}

// PROTOCOL 4.3.1: the takeover counts as the first heartbeat, from its start.
func TestTakeoverIsTheFirstHeartbeat(t *testing.T) {
	b := taking(t)
	started := b.now.Boot
	b.shift(b.part(100))
	b.answer(core.TakeEpoch, core.Input{Kind: core.EpochWasTaken, Epoch: epoch, Control: core.Run})
	b.stores = renewals
	b.pass(b.cfg.Renew)
	wantDeadline(t, b, started.Add(b.cfg.Window()))
}

func wantDeadline(t *testing.T, b *bench, want core.Time) {
	t.Helper()
	if got := b.node.TrustDeadline(); got != want {
		t.Fatalf("trust ends %v from now, want %v", got.Sub(b.now.Boot), want.Sub(b.now.Boot))
	}
}

// PROTOCOL 4.3.2: the window is the ttl less the drift bound and the margin.
func TestWindowIsTheTTLLessDriftAndMargin(t *testing.T) {
	cfg := core.Default()
	if got, want := cfg.Window(), 9400*time.Millisecond; got != want {
		t.Fatalf("window %v, want %v", got, want)
	}
	cfg.DriftPPM = 100_000
	if got, want := cfg.Window(), 8500*time.Millisecond; got != want {
		t.Fatalf("window %v at a drift of 10 %%, want %v", got, want)
	}
}

// PROTOCOL 4.3.3: belief ends at the deadline without any answer, and without
// a turn of the node.
func TestBeliefEndsByTheClockAlone(t *testing.T) {
	b := idleLeader(t)
	deadline := b.node.TrustDeadline()
	b.shift(deadline.Sub(b.now.Boot) - 1)
	b.believes(true)
	b.shift(1)
	b.believes(false)
	if b.node.Role() != core.Leader {
		t.Fatal("the role changes in a step alone")
	}
	b.tell(core.Input{})
	b.is(core.Draining)
	if r := b.says(event.LeaderSteppedDown).Reason; r != core.LeaseExpired {
		t.Fatalf("stepped down for %v", r)
	}
}

// PROTOCOL 4.3.4: a renewal that was answered in time but is heard too late
// does not bring belief back.
func TestLateRenewalDoesNotReviveBelief(t *testing.T) {
	b := idleLeader(t)
	b.stores = beats
	b.pass(b.cfg.Renew)
	b.shift(b.node.TrustDeadline().Sub(b.now.Boot))
	b.answer(core.Renew, renewed())
	b.is(core.Draining)
	b.believes(false)
	b.says(event.LeaderSteppedDown)
}

// PROTOCOL 4.3.4: nor does a permit that was granted meanwhile open the gate.
func TestLatePermitDoesNotPassTheGate(t *testing.T) {
	b := idleLeader(t)
	b.work(found(1))
	b.shift(b.node.TrustDeadline().Sub(b.now.Boot))
	b.answer(core.Permit, granted(1, 1))
	b.asksNot(core.Submit)
	if e := b.says(event.PermitRefused); e.By != core.Gate || e.Reason != core.NoBelief {
		t.Fatalf("refused by %v for %v", e.By, e.Reason)
	}
}

// PROTOCOL 4.3.4: an answer that nobody awaits any more changes nothing.
func TestAnswerAfterItsTimeIsNobodys(t *testing.T) {
	b := idleLeader(t)
	b.stores = beats
	b.pass(b.cfg.Renew)
	late := b.call(core.Renew)
	b.pass(b.cfg.StoreTimeout)
	before := b.node.TrustDeadline()
	b.tell(core.Input{Kind: core.LeaseRenewed, Req: late.Req})
	wantDeadline(t, b, before)
}

// PROTOCOL 4.3.5: the lease is renewed, and the heartbeat written, every
// interval, each counted from the last attempt.
func TestLeaderRenewsAndBeatsEveryInterval(t *testing.T) {
	b := idleLeader(t)
	b.stores = healthy
	b.pass(30 * b.cfg.Renew)
	renewals, beats := 0, 0
	for _, e := range b.said {
		switch e.Op {
		case core.Renew:
			renewals++
		case core.Heartbeat:
			beats++
			if e.Epoch != epoch || e.Token.Nonce != self {
				t.Fatalf("a heartbeat under epoch %d", e.Epoch)
			}
		default:
		}
	}
	if renewals != 30 || beats != 30 {
		t.Fatalf("%d renewals and %d heartbeats in 30 intervals", renewals, beats)
	}
	b.believes(true)
}

// PROTOCOL 4.3.5: a call that failed is tried again soon, not an interval later.
func TestFailedRenewalIsTriedAgainWithinTheWindow(t *testing.T) {
	b := idleLeader(t)
	b.stores = beats
	b.pass(b.cfg.Renew)
	b.lose(core.Renew)
	b.pass(b.cfg.Retry / 2)
	b.asks(core.Renew)
	b.answer(core.Renew, renewed())
	b.believes(true)
}

// PROTOCOL 4.3.5: one time-out of either store does not cost the leadership.
func TestOneLostReplyDoesNotCostTheLeadership(t *testing.T) {
	for _, op := range []core.Op{core.Renew, core.Heartbeat} {
		b := idleLeader(t)
		lost := false
		b.stores = func(call core.Effect) []core.Input {
			if call.Op == op && !lost {
				lost = true
				return nil
			}
			return healthy(call)
		}
		b.pass(3 * b.cfg.TTL)
		b.saysNot(event.LeaderSteppedDown)
		b.believes(true)
	}
}

// PROTOCOL 4.3.6: a renewal never waits for the database.
func TestRenewalDoesNotWaitForTheLedger(t *testing.T) {
	b := idleLeader(t)
	b.stores = renewals
	b.work(found(1))
	b.pass(2 * b.cfg.Renew)
	count := 0
	for _, e := range b.said {
		if e.Op == core.Renew {
			count++
		}
	}
	if count != 2 {
		t.Fatalf("%d renewals while the ledger is silent, want 2", count)
	}
}

// PROTOCOL 4.3.7: clocks of one machine that part by more than the margin end
// belief, whichever of them went wrong.
func TestClockGapEndsBelief(t *testing.T) {
	gap := core.Default().Margin + 1
	for name, jump := range map[string]func(*core.Now){
		"wall forward": func(n *core.Now) { n.Wall = n.Wall.Add(gap) },
		"wall back":    func(n *core.Now) { n.Wall = n.Wall.Add(-gap) },
		"suspend":      func(n *core.Now) { n.Boot, n.Wall = n.Boot.Add(gap), n.Wall.Add(gap) },
	} {
		b := idleLeader(t)
		jump(&b.now)
		b.tell(core.Input{})
		if e := b.says(event.ClockDrift); e.Reason != core.ClockGap {
			t.Errorf("%s: drift for %v", name, e.Reason)
		}
		if e := b.says(event.LeaderSteppedDown); e.Reason != core.ClockGap {
			t.Errorf("%s: stepped down for %v", name, e.Reason)
		}
		b.believes(false)
	}
}

// PROTOCOL 4.3.7: up to the margin they may part.
func TestClocksMayPartByTheMargin(t *testing.T) {
	b := idleLeader(t)
	b.now.Wall = b.now.Wall.Add(b.cfg.Margin)
	b.tell(core.Input{})
	b.saysNot(event.ClockDrift)
	b.believes(true)
}

// PROTOCOL 4.3.3: without a confirmed heartbeat belief ends, however well Redis
// answers: the leader is gray.
func TestLeaderWithoutLedgerStepsDownGray(t *testing.T) {
	b := idleLeader(t)
	b.stores = renewals
	b.pass(b.cfg.Window())
	b.says(event.LeaderGray)
	if e := b.says(event.LeaderSteppedDown); e.Reason != core.HeartbeatLost {
		t.Fatalf("stepped down for %v", e.Reason)
	}
	b.saysNot(event.LeaseLost)
}

// PROTOCOL 4.3.3: without a renewed lease belief ends, however well the ledger
// answers.
func TestLeaderWithoutRedisStepsDown(t *testing.T) {
	b := idleLeader(t)
	b.stores = beats
	b.pass(b.cfg.Window())
	if e := b.says(event.LeaseLost); e.Reason != core.LeaseExpired {
		t.Fatalf("lease lost for %v", e.Reason)
	}
	if e := b.says(event.LeaderSteppedDown); e.Reason != core.LeaseExpired {
		t.Fatalf("stepped down for %v", e.Reason)
	}
}

// beats and renewals are one healthy store each.
func beats(call core.Effect) []core.Input {
	if call.Op != core.Heartbeat {
		return nil
	}
	return healthy(call)
}

func renewals(call core.Effect) []core.Input {
	if call.Op != core.Renew {
		return nil
	}
	return healthy(call)
}

// PROTOCOL 4.3.7: what was asked for before the gap grants nothing after it:
// when it began is in question.
func TestClockGapVoidsWhatWasUnderWay(t *testing.T) {
	gap := core.Default().Margin + 1
	b := taking(t)
	b.now.Wall = b.now.Wall.Add(gap)
	b.answer(core.TakeEpoch, core.Input{Kind: core.EpochWasTaken, Epoch: epoch, Control: core.Run})
	b.believes(false)
	b.is(core.Follower)
	b.asks(core.Release)

	b = standing(t)
	b.now.Wall = b.now.Wall.Add(gap)
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.is(core.Follower)

	b = onBench(t)
	b.tell(core.Input{})
	b.now.Wall = b.now.Wall.Add(gap)
	b.answer(core.Heartbeat, before())
	if read := b.node.Status(b.now.Boot).View; read.Epoch != 0 {
		t.Fatalf("it has read of epoch %d", read.Epoch)
	}

	b = sending(t, order.ClassD)
	b.stores = beats
	b.pass(b.cfg.Renew)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.now.Wall = b.now.Wall.Add(gap)
	b.answer(core.Renew, renewed())
	b.asks(core.Resign)
}

// PROTOCOL 4.3.7: a release that was under way is tried once more.
func TestClockGapDoesNotSkipTheRelease(t *testing.T) {
	b := idleLeader(t)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	b.now.Wall = b.now.Wall.Add(b.cfg.Margin + 1)
	b.tell(core.Input{})
	b.asks(core.Release)
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased, Flags: core.Done})
	b.is(core.Follower)
}
