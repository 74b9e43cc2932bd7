package check

import (
	"testing"

	"pgregory.net/rapid"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
)

// troupe plays random histories that keep every rule: three nodes, of which
// one leads, with whatever may befall them.
type troupe struct {
	*story
	draw   *rapid.T
	leader int16
	epoch  core.Epoch
	until  int64 // of the leader's belief
	lapse  int64 // of its lease
	signal core.SignalID
}

// between draws a length of time.
func (p *troupe) between(low, high int64) int64 {
	return rapid.Int64Range(low, high).Draw(p.draw, "time")
}

func (p *troupe) chance() bool { return rapid.Bool().Draw(p.draw, "chance") }

// another draws a node that is not the leader.
func (p *troupe) another() int16 {
	return (p.leader + 1 + rapid.Int16Range(0, 1).Draw(p.draw, "node")) % 3
}

// elect lets a node take over from an open or a closed tenure.
func (p *troupe) elect(node int16, reason core.Reason) {
	p.acquires(node)
	p.after(p.between(1, 100*ms))
	old := p.epoch
	p.epoch++
	if took := p.taken[p.leader]; reason != core.NoReason && p.chance() {
		p.opens(node, p.epoch)
		p.taken[p.leader] = took // whoever took over may be the same node
		p.closes(p.leader, old, reason)
		p.taken[node] = p.now
	} else {
		if reason != core.NoReason {
			p.closes(p.leader, old, reason)
		}
		p.opens(node, p.epoch)
	}
	p.leader, p.lapse = node, p.now+ttl
	p.renews(node)
	p.until = p.now + 940*ms
	p.believes(node, p.epoch, p.until)
	if reason != core.NoReason {
		p.reports(core.Peer, node, history.None, old)
	}
}

// renew prolongs everything, some time before trust runs out.
func (p *troupe) renew() {
	p.at(min(p.now+p.between(1, 400*ms), p.until-1))
	p.renews(p.leader).beats(p.leader, p.epoch)
	p.until, p.lapse = p.now+940*ms, p.now+ttl
	p.believes(p.leader, p.epoch, p.until)
}

// work executes a signal, perhaps after an attempt that came to nothing.
func (p *troupe) work() {
	p.signal++
	p.signalRow(history.Stored)
	if p.chance() {
		p.permits(p.leader, p.epoch, p.signal, 1).state(p.signal, core.Submitting)
		p.tell(history.Record{Kind: history.Voided, Node: history.None, Signal: p.signal, Attempt: 1})
		p.state(p.signal, core.Received)
		p.permits(p.leader, p.epoch, p.signal, 2)
	} else {
		p.permits(p.leader, p.epoch, p.signal, 1)
	}
	p.says(p.leader, event.GatePassed, p.epoch, p.signal).order(p.signal, 1)
	p.says(p.leader, event.OrderAcked, p.epoch, p.signal).state(p.signal, core.Executed)
	p.signalRow(history.Acknowledged)
	p.renew()
}

// signalRow tells of a signal that is the only one of its instrument.
func (p *troupe) signalRow(kind history.Kind) {
	if kind == history.Stored {
		p.stores(p.signal, int32(p.signal), false, 0)
		return
	}
	p.story.signal(kind, p.signal)
}

// takeTurns executes an exit, and after it an entry that had come before.
func (p *troupe) takeTurns() {
	p.signal += 2
	entry, exit := p.signal-1, p.signal
	p.stores(entry, int32(entry), false, 0).stores(exit, int32(entry), true, 0)
	for _, signal := range []core.SignalID{exit, entry} {
		p.permits(p.leader, p.epoch, signal, 1).state(signal, core.Submitting)
		p.says(p.leader, event.GatePassed, p.epoch, signal).order(signal, 1)
		p.says(p.leader, event.OrderAcked, p.epoch, signal).state(signal, core.Executed)
	}
	p.renew()
}

// handOver is a step-down that was asked for, with or without a send.
func (p *troupe) handOver() {
	busy := p.chance()
	p.signal++
	if busy {
		p.signalRow(history.Stored)
		p.permits(p.leader, p.epoch, p.signal, 1).says(p.leader, event.GatePassed, p.epoch, p.signal)
	}
	p.says(p.leader, event.LeaderSteppedDown, p.epoch, 0).node(history.BeliefEnded, p.leader)
	if busy {
		p.after(p.between(0, 1500*ms)) // past its trust, perhaps
		if p.chance() || p.now < p.until {
			p.says(p.leader, event.OrderAcked, p.epoch, p.signal)
		}
		p.order(p.signal, 1)
	}
	p.resigns(p.leader, p.epoch)
	p.after(p.between(0, 50*ms)).loses(p.leader, core.Release).drained(p.leader)
	p.after(p.between(0, 400*ms))
	p.elect(p.another(), core.NoReason)
	if busy {
		p.state(p.signal, core.Executed)
	}
}

// fall is a crash of the leader, or a long pause.
func (p *troupe) fall() {
	old, oldEpoch := p.leader, p.epoch
	sleeps := p.chance()
	if sleeps {
		p.node(history.NodePaused, old)
	} else {
		p.node(history.NodeDown, old)
	}
	p.at(p.lapse).loses(old, core.NoOp).after(p.between(0, 350*ms))
	p.elect(p.another(), core.Superseded)
	for range rapid.IntRange(0, 5).Draw(p.draw, "renewals") {
		p.renew()
	}
	if !sleeps {
		p.node(history.NodeUp, old)
		return
	}
	p.node(history.NodeResumed, old)
	p.at(p.now + p.between(0, 300*ms))
	switch rapid.IntRange(0, 2).Draw(p.draw, "notice") {
	case 0:
		p.reports(core.Self, old, old, oldEpoch)
	case 1:
		p.tell(history.Record{
			Kind: history.EffectRefused, Node: old, Op: core.Permit,
			Epoch: oldEpoch, Current: p.epoch, Logged: true,
		})
		p.reports(core.StoreParty, old, old, oldEpoch)
	}
	p.node(history.BeliefEnded, old)
	p.renew()
}

// forget lets Redis lose the lease: two believe for a while, excused.
func (p *troupe) forget() {
	old := p.leader
	p.fault(history.RedisDataLoss, history.None).loses(old, core.NoOp)
	p.healed(history.RedisDataLoss, history.None)
	p.elect(p.another(), core.Superseded)
	p.after(p.between(0, 300*ms)).node(history.BeliefEnded, old)
	p.renew()
}

// outage takes a store away for long; the lease lapses, and the tenure stays
// open until somebody can take over.
func (p *troupe) outage() {
	stores := []history.Fault{history.RedisFault, history.PostgresFault}
	store := rapid.SampledFrom(stores).Draw(p.draw, "store")
	long := 20 * ttl
	if store == history.RedisFault {
		long = 2 * ttl // for longer than that somebody leads without it
	}
	p.fault(store, history.None)
	p.signal++
	p.at(p.until).node(history.BeliefEnded, p.leader)
	p.at(p.lapse).loses(p.leader, core.NoOp).after(p.between(0, long))
	stays := store == history.RedisFault && p.chance() // somebody leads all the same
	if !stays {
		p.healed(store, history.None)
	}
	p.after(p.between(0, 1300*ms))
	p.elect(p.another(), core.Superseded)
	if stays {
		p.healed(store, history.None)
	}
}

// hold pauses execution while a signal comes in.
func (p *troupe) hold() {
	p.tell(history.Record{Kind: history.ControlSet, Node: history.None, Control: core.Pause})
	p.signal++
	p.signalRow(history.Stored)
	for range rapid.IntRange(0, 40).Draw(p.draw, "renewals") {
		p.renew()
	}
	p.tell(history.Record{Kind: history.ControlSet, Node: history.None, Control: core.Run})
	p.renew()
	p.state(p.signal, core.InDoubt)
}

func TestRandomLawfulHistoriesAreNotBroken(t *testing.T) {
	var met Marks
	rapid.Check(t, func(rt *rapid.T) {
		p := &troupe{story: begin(inTurn(), 3), draw: rt}
		p.after(p.between(0, 1800*ms))
		p.elect(rapid.Int16Range(0, 2).Draw(rt, "first"), core.NoReason)
		acts := []func(){p.renew, p.work, p.takeTurns, p.handOver, p.fall, p.forget, p.outage, p.hold}
		for range rapid.IntRange(1, 30).Draw(rt, "acts") {
			acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "act")]()
			if v, broken := p.suite.Violation(); broken {
				rt.Fatalf("a lawful history is called broken: %v", v)
			}
		}
		p.suite.Finish(p.now)
		if v, broken := p.suite.Violation(); broken || p.suite.GaveUp() != "" {
			rt.Fatalf("a lawful history is called broken: %v %s", v, p.suite.GaveUp())
		}
		met.Add(p.suite.Marks())
	})
	for m, times := range met {
		if times == 0 {
			t.Errorf("no history had to do with: %v", Mark(m))
		}
	}
}

func TestRandomHistoriesWithOnePlantedMistakeAreBroken(t *testing.T) {
	mistakes := map[Invariant]func(*troupe){
		SingleExecutor: func(p *troupe) { p.permits(p.leader, p.epoch-1, p.signal+1, 1) },
		NoDuplicateOrder: func(p *troupe) {
			p.order(p.signal+1, 1).order(p.signal+1, 2)
		},
		SingleBeliever: func(p *troupe) {
			p.at(p.now+1).believes((p.leader+1)%3, p.epoch, p.now+10*ms).at(p.now + 10*ms)
		},
		NoStaleEffect: func(p *troupe) {
			p.tell(history.Record{
				Kind: history.EffectAccepted, Op: core.Heartbeat, Epoch: p.epoch - 1, Current: p.epoch,
			})
		},
		NoLostSignal:     func(p *troupe) { p.story.signal(history.Acknowledged, p.signal+1) },
		NoPhantomSuccess: func(p *troupe) { p.state(p.signal+1, core.Executed) },
		EpochMonotonic: func(p *troupe) {
			p.closes(p.leader, p.epoch, core.LeaseLost).opens(p.leader, p.epoch)
		},
		HistoryComplete: func(p *troupe) { p.opens(p.leader, p.epoch+1).at(p.now + 1) },
		LeaseReleased: func(p *troupe) {
			p.node(history.BeliefEnded, p.leader).resigns(p.leader, p.epoch)
			p.renews(p.leader).drained(p.leader)
			p.after(300 * ms)
		},
		StaleLeaderDetected: func(p *troupe) {
			p.at(p.until).node(history.NodePaused, p.leader).after(1700 * ms)
		},
		Recovers: func(p *troupe) {
			p.node(history.BeliefEnded, p.leader).resigns(p.leader, p.epoch)
			p.loses(p.leader, core.Release).after(3 * ttl)
		},
		OneOpenPerInstrument: func(p *troupe) {
			instrument := int32(p.signal + 1)
			p.stores(p.signal+1, instrument, false, 0).stores(p.signal+2, instrument, true, 0)
			p.permits(p.leader, p.epoch, p.signal+1, 1)
		},
		DrainBeforeRelease: func(p *troupe) {
			p.says(p.leader, event.GatePassed, p.epoch, p.signal+1).resigns(p.leader, p.epoch)
		},
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := &troupe{story: begin(inTurn(), 3), draw: rt}
		p.elect(0, core.NoReason)
		acts := []func(){p.renew, p.work, p.takeTurns, p.handOver, p.fall, p.outage, p.hold}
		for range rapid.IntRange(0, 12).Draw(rt, "acts") {
			acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "act")]()
		}
		p.leads(p.leader, p.epoch, 3*ttl) // what was disturbed is long past
		p.until, p.lapse = p.now+940*ms, p.now+ttl
		invariant := rapid.SampledFrom(Invariants()).Draw(rt, "invariant")
		if invariant == SingleExecutor && p.epoch < 2 {
			p.handOver()
		}
		mistakes[invariant](p)
		p.suite.Finish(p.now)
		if v, broken := p.suite.Violation(); !broken || v.Invariant != invariant {
			rt.Fatalf("%v was broken and is not named: %v", invariant, v)
		}
	})
}
