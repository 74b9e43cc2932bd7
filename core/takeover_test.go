package core_test

import (
	"testing"

	"fencepost/core"
)

// PROTOCOL 4.2.10 and 4.2.20: what becomes of a takeover whose candidate has
// given up.

// idle reports whether the node has nothing left to do.
func (b *bench) idle() bool { return b.node.Status(b.now.Boot).Idle }

// stopped returns a candidate that was asked to stop while it took the epoch, and
// whose lease has been released.
func stopped(t *testing.T) (*bench, core.Effect) {
	t.Helper()
	b := taking(t)
	take := b.call(core.TakeEpoch)
	b.tell(core.Input{Kind: core.StopRequested})
	b.is(core.Follower)
	b.answer(core.Release, core.Input{Kind: core.LeaseWasReleased, Flags: core.Done})
	return b, take
}

// own is a reading of the tenure that the takeover opened.
func own(take core.Effect) core.Input {
	return core.Input{
		Kind: core.AuthorityObserved, Epoch: epoch, Token: take.Token, Flags: core.Open | core.Live,
		Control: core.Run,
	}
}

// closes fails unless the node closes the tenure that was taken, and is idle
// after that and not before.
func (b *bench) closes(take core.Effect) {
	b.t.Helper()
	resign := b.asks(core.Resign)
	if resign.Epoch != epoch || resign.Token != take.Token || resign.Reason != core.Lapsed {
		b.t.Errorf("it closes %+v for %v, want %+v", resign.Token, resign.Reason, take.Token)
	}
	if b.idle() {
		b.t.Error("idle before its tenure is closed")
	}
	b.answer(core.Resign, core.Input{Kind: core.TenureWasClosed, Epoch: epoch})
	if !b.idle() {
		b.t.Error("not idle, with nothing left to do")
	}
}

// PROTOCOL 4.2.20: it waits for the answer, and closes what it took.
func TestStoppingCandidateClosesWhatItTook(t *testing.T) {
	b, take := stopped(t)
	if b.idle() {
		t.Fatal("idle with a takeover under way")
	}
	b.answerTo(take, core.Input{Kind: core.EpochWasTaken, Epoch: epoch, Control: core.Run})
	b.is(core.Follower)
	b.closes(take)
}

// PROTOCOL 4.2.20: a takeover without an answer is read back.
func TestStoppingCandidateReadsItsTakeoverBack(t *testing.T) {
	for name, c := range map[string]struct {
		reading func(core.Effect) core.Input
		closes  bool
	}{
		"carried out":     {own, true},
		"not carried out": {func(core.Effect) core.Input { return before() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, take := stopped(t)
			b.answerTo(take, core.Input{Kind: core.OutcomeUnknown, Op: core.TakeEpoch})
			if b.idle() {
				t.Fatal("idle, and nobody knows what became of the takeover")
			}
			b.pass(b.cfg.Heartbeat)
			b.answer(core.Heartbeat, c.reading(take))
			if c.closes {
				b.closes(take)
			} else if !b.idle() {
				t.Error("not idle, though nothing was taken")
			}
		})
	}
}

// PROTOCOL 4.2.20: a reading from before the takeover tells nothing of it.
func TestReadingFromBeforeTheTakeoverTellsNothingOfIt(t *testing.T) {
	b, take := stopped(t)
	heartbeat := b.call(core.Heartbeat)
	b.answerTo(take, core.Input{Kind: core.OutcomeUnknown, Op: core.TakeEpoch})
	b.answerTo(heartbeat, before())
	if b.idle() {
		t.Fatal("idle after a reading that was under way before")
	}
}

// PROTOCOL 4.2.20: it does not wait for a ledger that never answers.
func TestStoppingCandidateDoesNotWaitForever(t *testing.T) {
	b, _ := stopped(t)
	b.pass(b.cfg.TTL / 2)
	if b.idle() {
		t.Error("idle after half a ttl without an answer")
	}
	b.pass(b.cfg.TTL)
	if !b.idle() {
		t.Error("not idle after more than a ttl")
	}
}

// PROTOCOL 4.2.12: a candidate that gave up closes a tenure that it is told of
// later, whether or not it was asked to stop.
func TestTakeoverConfirmedAfterGivingUpIsClosedAtOnce(t *testing.T) {
	b := taking(t)
	take := b.call(core.TakeEpoch)
	b.tell(core.Input{Kind: core.StepDownRequested})
	b.answerTo(take, core.Input{Kind: core.EpochWasTaken, Epoch: epoch, Control: core.Run})
	b.is(core.Follower)
	if resign := b.asks(core.Resign); resign.Token != take.Token || resign.Epoch != epoch {
		t.Errorf("it closes %+v, want %+v", resign.Token, take.Token)
	}
}

// PROTOCOL 4.4.2: a takeover says which version the taker speaks. One that is refused
// for it gives the lease back as soon as the reading shows why.
func TestTakerThatIsNotAdmittedGivesBack(t *testing.T) {
	b := taking(t)
	if take := b.call(core.TakeEpoch); take.Protocol != core.ProtocolVersion {
		t.Fatalf("a takeover by version %d, want %d", take.Protocol, core.ProtocolVersion)
	}
	b.answer(core.TakeEpoch, core.Input{Kind: core.EpochWasRefused, Epoch: epoch, Reason: core.NotAdmitted})
	b.pass(b.cfg.Retry / 8)
	in := before()
	in.Protocol = 2<<16 | 2
	b.answer(core.Observe, in)
	b.asks(core.Release)
	b.is(core.Follower)
	b.pass(3 * b.cfg.TTL)
	b.asksNot(core.Acquire, core.TakeEpoch)
}

// PROTOCOL 4.4.8: an incumbent outside the range goes on, and says that it will not
// stand again.
func TestIncumbentIsToldOfTheRangeThatExcludesIt(t *testing.T) {
	b := idleLeader(t)
	b.answer(core.Renew, renewed())
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Renew {
			return []core.Input{renewed()}
		}
		return nil
	}
	for protocol, eligible := range map[uint32]bool{2<<16 | 2: false, 0: true, 1<<16 | 2: true} {
		b.pass(b.cfg.Heartbeat)
		b.answer(core.Heartbeat, core.Input{
			Kind: core.HeartbeatConfirmed, Epoch: epoch, Control: core.Run, Protocol: protocol,
		})
		if s := b.node.Status(b.now.Boot); s.Eligible != eligible || s.View.Protocol != protocol {
			t.Errorf("range %x: eligible %v, view %x", protocol, s.Eligible, s.View.Protocol)
		}
		b.is(core.Leader)
	}
}
