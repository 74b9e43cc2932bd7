package core_test

import (
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// PROTOCOL 4.2: stepping down. Belief ends first; the sends end; the tenure is
// closed; the lease is released.

// PROTOCOL 4.2.15: belief ends in the step that decides to step down.
func TestBeliefEndsFirst(t *testing.T) {
	b := sending(t, order.ClassD)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.believes(false)
	b.is(core.Draining)
	if b.node.TrustDeadline() != 0 {
		t.Fatal("it names a trust deadline")
	}
	b.asksNot(core.Resign, core.Release)
	if e := b.says(event.LeaderSteppedDown); e.Reason != core.OperatorRequest || e.Epoch != epoch {
		t.Fatalf("stepped down from epoch %d for %v", e.Epoch, e.Reason)
	}
}

// PROTOCOL 4.2.15: a drainer grants nothing: a permit that arrives is given
// back as a void attempt, and no work is begun.
func TestDrainerSendsNothing(t *testing.T) {
	b := idleLeader(t)
	b.work(found(1))
	b.tell(core.Input{Kind: core.WorkHeard})
	fetch := b.call(core.Fetch)
	b.tell(core.Input{Kind: core.StepDownRequested})
	in := found(2)
	in.Req = fetch.Req
	b.tell(in)
	b.asksNot(core.Permit)
	b.answer(core.Permit, granted(1, 1))
	b.asksNot(core.Submit)
	if r := b.asks(core.Record); r.State != core.Void || r.Signal != 1 {
		t.Fatalf("records %v of signal %d", r.State, r.Signal)
	}
}

// PROTOCOL 4.2.16: the tenure stays open while a send is in flight and both
// halves of trust stand; the drainer goes on renewing and heartbeating.
func TestDrainerKeepsItsTenureForItsSends(t *testing.T) {
	b := sending(t, order.ClassD)
	b.stores = healthy
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.pass(b.cfg.BrokerTimeout - 1)
	b.asks(core.Renew)
	if beat := b.asks(core.Heartbeat); beat.Epoch != epoch {
		t.Fatalf("beats under epoch %d", beat.Epoch)
	}
	b.asksNot(core.Resign, core.Release)
	b.answer(core.Submit, said(order.Filled))
	b.asksNot(core.Resign)
	b.answer(core.Record, recorded(core.Executed))
	b.asks(core.Resign)
	b.asksNot(core.Release)
}

// PROTOCOL 4.2.16: the tenure stays open until its last heartbeat is answered.
func TestDrainerWaitsForItsHeartbeat(t *testing.T) {
	b := idleLeader(t)
	b.pass(b.cfg.Heartbeat)
	b.call(core.Heartbeat)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.asksNot(core.Resign)
	b.answer(core.Heartbeat, confirmed())
	b.asks(core.Resign)

	b = idleLeader(t)
	b.pass(b.cfg.Heartbeat)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.pass(b.cfg.StoreTimeout)
	b.asks(core.Resign)
}

// PROTOCOL 4.5.3: a drainer whose lease is gone says so, and waits no longer.
func TestDrainerWithoutALeaseSaysSoAndCloses(t *testing.T) {
	b := sending(t, order.ClassC)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.asksNot(core.Resign)
	b.pass(b.cfg.Renew)
	b.answer(core.Renew, core.Input{Kind: core.LeaseWasLost})
	b.says(event.LeaseLost)
	b.saysNot(event.LeaderSteppedDown)
	b.asks(core.Resign)
}

// PROTOCOL 4.2.16: without trust there is nothing to wait for.
func TestDrainerWithoutTrustClosesAtOnce(t *testing.T) {
	b := sending(t, order.ClassD)
	b.shift(b.cfg.Window())
	b.answer(core.Submit, said(order.Unknown))
	b.says(event.LeaderSteppedDown)
	b.asks(core.Resign)
	b.asks(core.Record)
}

// PROTOCOL 4.2.17: close, then release, each after the other's completion.
func TestTenureIsClosedBeforeTheLeaseIsReleased(t *testing.T) {
	b := idleLeader(t)
	token := b.node.Status(b.now.Boot).Token
	b.tell(core.Input{Kind: core.StopRequested})
	resign := b.asks(core.Resign)
	if resign.Epoch != epoch || resign.Token != token || resign.Reason != core.GracefulShutdown {
		t.Fatalf("closes epoch %d of %v for %v", resign.Epoch, resign.Token, resign.Reason)
	}
	b.asksNot(core.Release)
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	if release := b.asks(core.Release); release.Token != token {
		t.Fatalf("releases %v", release.Token)
	}
	b.is(core.Draining)
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased, Flags: core.Done})
	b.says(event.LeaseReleased)
	b.is(core.Follower)
	if b.node.Epoch() != 0 {
		t.Fatalf("a follower holds epoch %d", b.node.Epoch())
	}
	if !b.node.Status(b.now.Boot).Idle {
		t.Fatal("it has something left to do")
	}
}

// PROTOCOL 4.2.17: a store that refuses or does not answer stops none of the
// rest; each is tried once.
func TestSilentStoreStopsNoStep(t *testing.T) {
	b := idleLeader(t)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.pass(b.cfg.StoreTimeout)
	b.asks(core.Release)
	b.asksNot(core.Resign)
	b.pass(b.cfg.StoreTimeout)
	b.is(core.Follower)
	b.saysNot(event.LeaseReleased)

	b = idleLeader(t)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.answer(core.Resign, core.Input{Kind: core.CloseWasRefused, Epoch: epoch + 1})
	b.asks(core.Release)
	b.lose(core.Release)
	b.is(core.Follower)
}

// PROTOCOL 4.2.17: no step is skipped because the lease is known to be lost.
func TestLostLeaseSkipsNoStep(t *testing.T) {
	b := idleLeader(t)
	b.stores = beats
	b.pass(b.cfg.Renew)
	b.answer(core.Renew, core.Input{Kind: core.LeaseWasLost})
	b.asks(core.Resign)
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	b.asks(core.Release)
}

// PROTOCOL 4.2.18: a former leader rests before it tries again, under a new
// acquisition, and after a fresh reading.
func TestFormerLeaderRestsAndCountsOn(t *testing.T) {
	b := idleLeader(t)
	token := b.node.Status(b.now.Boot).Token
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased, Flags: core.Done})
	b.tell(core.Input{Kind: core.ReleaseHeard})
	b.asksNot(core.Acquire, core.Observe)
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Observe {
			closed := before()
			closed.Epoch, closed.Token = epoch, token
			return []core.Input{closed}
		}
		return healthy(call)
	}
	b.pass(b.cfg.Retry - 1)
	b.asksNot(core.Acquire)
	b.pass(b.cfg.RetryJitter + 1)
	if again := b.asks(core.Acquire); again.Token.Acquisition != token.Acquisition+1 {
		t.Fatalf("acquisition %d after %d", again.Token.Acquisition, token.Acquisition)
	}
}

// PROTOCOL 4.2.19: questions are dropped, answers to sends are not.
func TestDrainerDropsLookupsAndKeepsSends(t *testing.T) {
	b := sending(t, order.ClassC)
	b.work(core.Input{
		Kind: core.SignalFound, Signal: 2, State: core.Submitting, Attempt: 1, Version: 2, Epoch: 3,
		Flags: core.Overdue,
	})
	lookup := b.call(core.Lookup)
	b.tell(core.Input{Kind: core.StepDownRequested})
	if flying := b.node.Status(b.now.Boot).InFlight; flying != 1 {
		t.Fatalf("%d signals in flight, want the one that was sent", flying)
	}
	b.answerTo(lookup, core.Input{Kind: core.OrderLookedUp, Answer: order.Filled})
	b.asksNot(core.Record)
	b.answer(core.Submit, said(order.Filled))
	if r := b.asks(core.Record); r.State != core.Executed || r.Signal != 1 {
		t.Fatalf("records %v of signal %d", r.State, r.Signal)
	}
}

// PROTOCOL 4.2.19: a former leader goes on recording, whoever leads, and even
// when it leads again.
func TestFactsAreRecordedWhoeverLeads(t *testing.T) {
	b := sending(t, order.ClassD)
	token := b.node.Status(b.now.Boot).Token
	b.shift(b.cfg.Window())
	b.answer(core.Submit, said(order.Filled))
	b.lose(core.Record)
	b.answer(core.Resign, core.Input{Kind: core.CloseWasRefused, Epoch: epoch + 1})
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased})
	b.is(core.Follower)
	for range 3 {
		b.pass(b.cfg.Retry / 2)
		r := b.asks(core.Record)
		if r.State != core.Executed || r.Token != token || r.Version != 0 || r.Attempt != 1 {
			t.Fatalf("records %v under %v with guard %d", r.State, r.Token, r.Version)
		}
		b.lose(core.Record)
	}
	b.pass(b.cfg.Retry / 2)
	b.answer(core.Record, recorded(core.Executed))
	b.says(event.SignalExecuted)
	if flying := b.node.Status(b.now.Boot).InFlight; flying != 0 {
		t.Fatalf("%d signals in flight", flying)
	}
}

// PROTOCOL 4.2.20: a stopping node is idle only when nothing of its is left.
func TestStoppingLeaderIsIdleAtTheEnd(t *testing.T) {
	b := sending(t, order.ClassD)
	b.stores = healthy
	b.tell(core.Input{Kind: core.StopRequested})
	notIdle := func() {
		t.Helper()
		if b.node.Status(b.now.Boot).Idle {
			t.Fatal("idle too early")
		}
	}
	notIdle()
	b.answer(core.Submit, said(order.Filled))
	notIdle()
	b.answer(core.Record, recorded(core.Executed))
	notIdle()
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	notIdle()
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased, Flags: core.Done})
	if !b.node.Status(b.now.Boot).Idle {
		t.Fatal("it has something left to do")
	}
	b.pass(2 * b.cfg.TTL)
	b.asksNot(core.Acquire)
}

// PROTOCOL 4.2.20: an acquisition under way is something left to do.
func TestStoppingFollowerWaitsForItsAcquisition(t *testing.T) {
	b := standing(t)
	b.tell(core.Input{Kind: core.StopRequested})
	if b.node.Status(b.now.Boot).Idle {
		t.Fatal("idle: it would leave the lease behind")
	}
	b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: rival})
	if !b.node.Status(b.now.Boot).Idle {
		t.Fatal("it has something left to do")
	}
}

// PROTOCOL 4.2.16: a ledger that confirms heartbeats and takes no records does
// not hold up the others for ever; the record goes on.
func TestDrainHasAnEnd(t *testing.T) {
	b := sending(t, order.ClassD)
	b.stores = healthy
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.answer(core.Submit, said(order.Filled))
	b.pass(b.cfg.BrokerTimeout + 2*b.cfg.StoreTimeout)
	b.asks(core.Resign)
	b.pass(2 * b.cfg.StoreTimeout)
	b.is(core.Follower)
	b.pass(b.cfg.StoreTimeout + b.cfg.Retry/2)
	b.asks(core.Record)
}

// PROTOCOL 4.5.1: a permit that is refused to a superseded leader ends the
// leadership, and no other flight: the order at the broker is still recorded.
func TestFencedPermitKeepsTheOtherSends(t *testing.T) {
	b := idleLeader(t, broker(order.ClassC))
	b.work(orphan(1), found(3), found(2))
	var sent, refused core.Effect
	for _, e := range b.open {
		if e.Op == core.Permit && e.Signal == 3 {
			sent = e
		}
		if e.Op == core.Permit && e.Signal == 2 {
			refused = e
		}
	}
	b.answerTo(sent, granted(3, 1))
	submit := b.call(core.Submit)
	b.answerTo(refused, core.Input{
		Kind: core.PermitWasRefused, Signal: 2, Reason: core.Superseded, Epoch: epoch + 1, Control: core.Run,
	})
	b.is(core.Draining)
	b.answerTo(submit, core.Input{Kind: core.OrderAnswered, Signal: 3, Attempt: 1, Answer: order.Filled})
	if r := b.asks(core.Record); r.Signal != 3 || r.State != core.Executed {
		t.Fatalf("records %v of signal %d", r.State, r.Signal)
	}
	b.pass(b.cfg.TTL)
}
