package core_test

import (
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// PROTOCOL 5.2.11 and on: how work is found.

const (
	swept    = 1<<core.Received | 1<<core.Submitting
	reviewed = 1<<core.Submitting | 1<<core.Held | 1<<core.Submitted | 1<<core.InDoubt
)

// PROTOCOL 5.2.11: a leader looks for work every sweep interval, and in a
// review, less often, at what waits for the broker as well.
func TestLeaderSweepsAndReviews(t *testing.T) {
	b := idleLeader(t)
	sweeps, reviews := 0, 0
	b.stores = func(call core.Effect) []core.Input {
		switch {
		case call.Op == core.Fetch && call.States == swept:
			sweeps++
		case call.Op == core.Fetch && call.States == reviewed:
			reviews++
		case call.Op == core.Fetch:
			t.Fatalf("lists states %b", call.States)
		default:
			return healthy(call)
		}
		return []core.Input{{Kind: core.WorkListed, Flags: core.Done}}
	}
	b.pass(12 * b.cfg.Review)
	if reviews != 10 || sweeps != 40 {
		t.Fatalf("%d sweeps and %d reviews in 120 s; a review is before every fourth sweep", sweeps, reviews)
	}
}

// PROTOCOL 5.2.11: an announced signal is looked for at once.
func TestAnnouncedWorkIsLookedForAtOnce(t *testing.T) {
	b := idleLeader(t)
	b.tell(core.Input{Kind: core.WorkHeard})
	b.asks(core.Fetch)
	b.tell(core.Input{Kind: core.WorkHeard})
	b.asksNot(core.Fetch)
	b.answer(core.Fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
	b.asks(core.Fetch)
}

// PROTOCOL 5.2.11: followers and drainers look for nothing.
func TestOnlyALeaderLooksForWork(t *testing.T) {
	b := standing(t)
	b.tell(core.Input{Kind: core.WorkHeard})
	b.asksNot(core.Fetch)
	b = sending(t, order.ClassD)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.tell(core.Input{Kind: core.WorkHeard})
	b.asksNot(core.Fetch)
}

// PROTOCOL 5.2.15: a list that goes on is asked for from where it ended, at
// once.
func TestListGoesOnFromWhereItEnded(t *testing.T) {
	b := idleLeader(t)
	b.tell(core.Input{Kind: core.WorkHeard})
	fetch := b.call(core.Fetch)
	for id := core.SignalID(11); id < 11+core.FetchLimit; id++ {
		in := found(id)
		in.Req = fetch.Req
		b.tell(in)
	}
	b.answerTo(fetch, core.Input{Kind: core.WorkListed})
	if next := b.asks(core.Fetch); next.After != 10+core.FetchLimit {
		t.Fatalf("goes on after %d", next.After)
	}
	b.answer(core.Fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
	b.tell(core.Input{Kind: core.WorkHeard})
	if next := b.asks(core.Fetch); next.After != 0 {
		t.Fatalf("begins again after %d", next.After)
	}
}

// inbox answers lists from a set of signals that were received.
type inbox struct {
	open  map[core.SignalID]bool
	begun []core.SignalID
}

func (x *inbox) answer(call core.Effect) []core.Input {
	switch call.Op {
	case core.Fetch:
		var list []core.Input
		for id := call.After + 1; id <= 100; id++ {
			if !x.open[id] {
				continue
			}
			if len(list) == core.FetchLimit {
				return append(list, core.Input{Kind: core.WorkListed})
			}
			list = append(list, found(id))
		}
		return append(list, core.Input{Kind: core.WorkListed, Flags: core.Done})
	case core.Permit:
		x.begun = append(x.begun, call.Signal)
		return nil
	default:
		return healthy(call)
	}
}

// PROTOCOL 5.2.15: no more than sixteen signals are worked on at once; the
// others follow as soon as there is room, the oldest first, none twice.
func TestBacklogFollowsAsSoonAsThereIsRoom(t *testing.T) {
	b := leader(t)
	x := &inbox{open: map[core.SignalID]bool{}}
	for id := core.SignalID(1); id <= 50; id++ {
		x.open[id] = true
	}
	fetch := b.call(core.Fetch)
	b.take(fetch)
	b.stores = x.answer
	b.step(core.Input{Kind: core.OutcomeUnknown, Req: fetch.Req})
	b.pass(b.cfg.Retry / 2)
	if len(x.begun) != core.MaxFlights || b.node.Status(b.now.Boot).InFlight != core.MaxFlights {
		t.Fatalf("%d signals begun, %d in flight", len(x.begun), b.node.Status(b.now.Boot).InFlight)
	}
	for done := 0; done < 50; done++ {
		permit := b.call(core.Permit)
		delete(x.open, permit.Signal)
		b.answerTo(permit, core.Input{
			Kind: core.PermitWasRefused, Signal: permit.Signal, Reason: core.AuthorityGone,
		})
		b.shift(1)
		b.tell(core.Input{})
	}
	seen := map[core.SignalID]bool{}
	for _, id := range x.begun {
		if seen[id] {
			t.Fatalf("signal %d was begun twice", id)
		}
		seen[id] = true
	}
	if len(seen) != 50 {
		t.Fatalf("%d of 50 signals begun", len(seen))
	}
}

// PROTOCOL 5.2.16: a signal whose validity has ended is never sent; it
// expires, whatever the mode.
func TestOutdatedSignalExpires(t *testing.T) {
	for _, mode := range []core.Control{core.Run, core.Pause} {
		b := idleLeader(t)
		b.stores = renewals
		b.pass(b.cfg.Heartbeat)
		beat := confirmed()
		beat.Control = mode
		b.answer(core.Heartbeat, beat)
		in := found(1)
		in.Attempt, in.Flags = 2, core.Outdated
		b.work(in)
		b.asksNot(core.Permit)
		if r := b.asks(core.Record); r.State != core.Expired || r.Attempt != 0 || r.Version != 1 {
			t.Fatalf("records %v of attempt %d, guard %d", r.State, r.Attempt, r.Version)
		}
		b.answer(core.Record, recorded(core.Expired))
		b.says(event.SignalExpired)
	}
}

// PROTOCOL 5.2.16: one that is held expires too, and until then it is a
// person's.
func TestHeldSignalIsLeftAloneUntilItExpires(t *testing.T) {
	b := idleLeader(t)
	held := found(1)
	held.State = core.Held
	b.work(held)
	b.asksNot(core.Permit, core.Record, core.Lookup)
	held.Flags = core.Outdated
	b.work(held)
	b.asksNot(core.Permit)
	if r := b.asks(core.Record); r.State != core.Expired {
		t.Fatalf("records %v", r.State)
	}
}

// PROTOCOL 5.2.17: no permit is asked for unless the mode is known to be run;
// what was sent before is still cleared up.
func TestPausedLeaderBeginsNothingAndFinishes(t *testing.T) {
	for _, mode := range []core.Control{core.ControlUnknown, core.Pause, core.Halt} {
		b := taking(t, broker(order.ClassC))
		b.answer(core.TakeEpoch, core.Input{
			Kind: core.EpochWasTaken, Epoch: epoch, Token: rival, Control: mode,
		})
		if mode == core.ControlUnknown {
			continue // what a follower read before stands
		}
		b.work(found(2), orphan(1))
		b.asksNot(core.Permit)
		b.asks(core.Lookup)
	}
}

// PROTOCOL 5.2.17: the newest reading counts, by the start of its attempt.
func TestNewestModeCounts(t *testing.T) {
	b := idleLeader(t)
	b.stores = renewals
	b.work(found(1))
	b.shift(1)
	older := b.call(core.Permit)
	b.pass(b.cfg.Heartbeat - 1)
	b.open = append(b.open, older)
	b.answer(core.Heartbeat, core.Input{Kind: core.HeartbeatConfirmed, Epoch: epoch, Control: core.Halt})
	if e := b.says(event.ControlChanged); e.Subject != self {
		t.Fatalf("changed at %x", e.Subject)
	}
	if mode := b.node.Status(b.now.Boot).Control; mode != core.Halt {
		t.Fatalf("mode %v", mode)
	}
}

// PROTOCOL 5.2.11: a list that got lost is asked for again soon.
func TestLostListIsAskedForAgain(t *testing.T) {
	b := leader(t)
	b.lose(core.Fetch)
	b.pass(b.cfg.Retry / 2)
	b.asks(core.Fetch)
}

// PROTOCOL 5.2.11: what a former leadership asked for is nobody's.
func TestListOfAFormerTenureBeginsNothing(t *testing.T) {
	b := leader(t, rested)
	fetch := b.call(core.Fetch)
	b.stores = beats
	b.pass(b.cfg.Renew)
	b.stores = nil
	b.loseTenure()
	in := found(1)
	in.Req = fetch.Req
	b.tell(in)
	b.asksNot(core.Permit)
}

// PROTOCOL 5.2.15: room that is made while a list comes in leads back to the
// first signal that had none.
func TestRoomMadeMeanwhileSkipsNoSignal(t *testing.T) {
	b := leader(t)
	var list []core.Input
	for id := core.SignalID(1); id <= core.MaxFlights; id++ {
		list = append(list, found(id))
	}
	b.work(list...)
	b.tell(core.Input{Kind: core.WorkHeard})
	fetch := b.call(core.Fetch)
	if fetch.After != 0 {
		t.Fatalf("begins after %d", fetch.After)
	}
	next := found(core.MaxFlights + 1)
	next.Req = fetch.Req
	b.tell(next)
	b.asksNot(core.Permit)
	b.refuse(core.AuthorityGone)
	next.Signal++
	b.tell(next)
	b.asksNot(core.Permit)
	b.answerTo(fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
	if again := b.asks(core.Fetch); again.After != 0 {
		t.Fatalf("goes on after %d", again.After)
	}
}

// PROTOCOL 5.2.15: a new tenure begins its list afresh, whatever the last one
// had no room for.
func TestBacklogEndsWithItsTenure(t *testing.T) {
	b := leader(t, rested, broker(order.ClassC))
	var list []core.Input
	for id := core.SignalID(1); id <= core.MaxFlights+1; id++ {
		in := orphan(1)
		in.Signal = id
		list = append(list, in)
	}
	b.work(list...)
	b.stores = beats
	b.pass(b.cfg.Renew)
	b.stores = nil
	b.loseTenure()
	fetch := b.call(core.Fetch)
	if fetch.After != 0 {
		t.Fatalf("begins after %d", fetch.After)
	}
	in := found(5)
	in.Req = fetch.Req
	b.tell(in)
	b.asks(core.Permit)
	b.answerTo(fetch, core.Input{Kind: core.WorkListed})
	if next := b.asks(core.Fetch); next.After != 5 {
		t.Fatalf("goes on after %d", next.After)
	}
}
