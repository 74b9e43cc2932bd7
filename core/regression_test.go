package core_test

import (
	"testing"

	"fencepost/core"
	"fencepost/core/event"
)

// PROTOCOL 4.5.10 and on: a ledger that goes back in time.

// PROTOCOL 4.5.10: a new leader tells Redis of its epoch at once.
func TestNewLeaderRaisesTheWitness(t *testing.T) {
	b := taking(t)
	b.answer(core.TakeEpoch, core.Input{Kind: core.EpochWasTaken, Epoch: epoch, Control: core.Run})
	if renew := b.asks(core.Renew); renew.Epoch != epoch {
		t.Errorf("the renewal speaks of epoch %d", renew.Epoch)
	}
}

// denied returns a follower whom Redis has told of that witness.
func denied(t *testing.T, witness core.Epoch) *bench {
	t.Helper()
	b := standing(t)
	b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: rival, Epoch: witness})
	return b
}

// barred reports whether the node is.
func (b *bench) barred() bool { return b.node.Status(b.now.Boot).Barred }

// PROTOCOL 4.5.11: a reading that began after the witness was heard, and shows
// a lower epoch, is proof.
func TestLowerEpochThanTheWitnessBars(t *testing.T) {
	b := denied(t, epoch)
	b.pass(b.cfg.Heartbeat)
	b.answer(core.Heartbeat, before())
	if e := b.says(event.AuthorityRegressed); e.Epoch != epoch || e.Reason != core.AuthorityRegressed {
		t.Errorf("said of epoch %d for %v", e.Epoch, e.Reason)
	}
	b.says(event.AlertRaised)
	if !b.barred() {
		t.Fatal("the node is not barred")
	}
	b.stores = func(call core.Effect) []core.Input {
		if call.Op == core.Heartbeat {
			return []core.Input{before()}
		}
		return nil
	}
	for range 20 {
		b.pass(b.part(200))
		b.asksNot(core.Acquire, core.TakeEpoch)
		b.saysNot(event.AuthorityRegressed)
	}
}

// PROTOCOL 4.5.11: a reading that was under way when the witness was heard may
// be the older one.
func TestReadingFromBeforeTheWitnessProvesNothing(t *testing.T) {
	b := standing(t)
	b.lose(core.Acquire)
	b.pass(b.cfg.Heartbeat)
	b.call(core.Heartbeat)
	b.shift(1)
	b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: rival, Epoch: epoch})
	b.answer(core.Heartbeat, before())
	if b.barred() {
		t.Fatal("barred by a reading that was older than the witness")
	}
}

// PROTOCOL 4.5.11: what the ledger itself has shown, it shows again, whichever
// server it is on by now.
func TestLowerEpochThanWasReadBeforeBars(t *testing.T) {
	for name, c := range map[string]struct {
		epoch   core.Epoch
		lineage uint32
		barred  bool
	}{
		"promoted, complete":   {epoch, 2, false},
		"promoted, incomplete": {epoch - 1, 2, true},
		"same server":          {epoch - 1, 1, true},
		"silent on lineage":    {epoch - 1, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := onBench(t)
			b.tell(core.Input{})
			first := before()
			first.Epoch, first.Lineage = epoch, 1
			b.answer(core.Heartbeat, first)
			b.pass(b.cfg.Heartbeat)
			second := before()
			second.Epoch, second.Lineage = c.epoch, c.lineage
			b.answer(core.Heartbeat, second)
			if b.barred() != c.barred {
				t.Errorf("barred: %v", b.barred())
			}
		})
	}
}

// PROTOCOL 4.5.11: a leader whose own epoch the ledger has forgotten, or has
// given to somebody else since.
func TestLeaderWhoseEpochIsForgottenIsBarred(t *testing.T) {
	for _, current := range []core.Epoch{epoch - 1, epoch} {
		b := idleLeader(t)
		b.pass(b.cfg.Heartbeat)
		b.answer(core.Heartbeat, core.Input{
			Kind: core.HeartbeatWasRefused, Epoch: current, Reason: core.Superseded,
		})
		b.believes(false)
		if !b.barred() {
			t.Errorf("not barred by epoch %d", current)
		}
		if e := b.says(event.LeaderSteppedDown); e.Reason != core.AuthorityRegressed {
			t.Errorf("stepped down for %v", e.Reason)
		}
		b.saysNot(event.SplitBrainDetected)
	}
}

// PROTOCOL 4.5.12: neither time nor a higher epoch ends the bar, a person does.
func TestOnlyAcceptanceEndsTheBar(t *testing.T) {
	b := denied(t, epoch)
	b.pass(b.cfg.Heartbeat)
	b.answer(core.Heartbeat, before())
	later := before()
	later.Epoch = epoch + 3
	b.pass(b.cfg.Heartbeat)
	b.answer(core.Heartbeat, later)
	if !b.barred() {
		t.Fatal("a higher epoch ended the bar")
	}
	later.Accepted = 1
	b.pass(b.cfg.Heartbeat)
	b.answer(core.Heartbeat, later)
	if b.barred() {
		t.Fatal("still barred after a person has accepted")
	}
	b.electAgain(epoch + 4)
	b.is(core.Leader)
}

// PROTOCOL 4.5.11: of two readings that were under way at once the one that is
// heard last may be the older one.
func TestReadingUnderWayWhenTheEpochWasReadProvesNothing(t *testing.T) {
	b := onBench(t)
	b.tell(core.Input{})
	b.pass(b.cfg.RetryJitter)
	b.call(core.Observe)
	current, older := before(), before()
	current.Epoch, current.Lineage, older.Lineage = epoch, 2, 1
	b.answer(core.Heartbeat, current)
	b.answer(core.Observe, older)
	if b.barred() {
		t.Fatal("barred by a reading from before")
	}
}

// PROTOCOL 4.5.12: an acceptance of before the regression, which the older copy
// still holds, was given for something else. Nobody told the leader of it.
func TestAcceptanceFromBeforeTheRegressionEndsNoBar(t *testing.T) {
	for name, refuse := range map[string]func(*bench, core.Input){
		"by a heartbeat": func(b *bench, in core.Input) {
			b.pass(b.cfg.Heartbeat)
			in.Kind = core.HeartbeatWasRefused
			b.answer(core.Heartbeat, in)
		},
		"by a permit": func(b *bench, in core.Input) {
			b.work(found(1))
			in.Kind = core.PermitWasRefused
			b.answer(core.Permit, in)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := idleLeader(t)
			refuse(b, core.Input{Epoch: epoch - 1, Reason: core.Superseded, Lineage: 2, Accepted: 1})
			b.stores = func(call core.Effect) []core.Input {
				switch call.Op {
				case core.Resign:
					return []core.Input{{Kind: core.CloseWasRefused, Epoch: epoch - 1}}
				case core.Release:
					return []core.Input{{Kind: core.LeaseWasReleased, Flags: core.Done}}
				default:
					return nil
				}
			}
			b.tell(core.Input{})
			b.lose(core.Resign)
			b.is(core.Follower)
			older := before()
			older.Lineage, older.Accepted = 2, 1
			b.answer(core.Heartbeat, older)
			if !b.barred() {
				t.Fatal("an acceptance from before ended the bar")
			}
			older.Accepted++
			b.pass(b.cfg.Heartbeat)
			b.answer(core.Heartbeat, older)
			if b.barred() {
				t.Fatal("still barred after a person has accepted")
			}
		})
	}
}

// PROTOCOL 4.5.12: what was accepted on one server is not accepted on the next.
func TestAcceptanceOnAnotherLineageEndsNoBar(t *testing.T) {
	b := denied(t, epoch)
	for i, c := range []struct {
		lineage, count uint32
		barred         bool
	}{{1, 0, true}, {2, 4, true}, {2, 4, true}, {1, 0, true}, {1, 1, false}} {
		in := before()
		in.Lineage, in.Accepted = c.lineage, c.count
		b.pass(b.cfg.Heartbeat)
		b.answer(core.Heartbeat, in)
		if b.barred() != c.barred {
			t.Fatalf("reading %d: barred is %v", i+1, b.barred())
		}
	}
}

// PROTOCOL 4.5.12: a reading that was under way when the bar began tells of a
// ledger that is gone.
func TestReadingFromBeforeTheBarEndsNoBar(t *testing.T) {
	b := onBench(t)
	b.tell(core.Input{})
	first := before()
	first.Epoch = epoch
	b.answer(core.Heartbeat, first)
	for !b.has(core.Observe) || !b.has(core.Heartbeat) {
		b.pass(b.part(10))
	}
	older := before()
	older.Accepted = 3
	heartbeat := b.call(core.Heartbeat)
	b.answer(core.Observe, older)
	if !b.barred() {
		t.Fatal("not barred")
	}
	first.Accepted = 5
	b.answerTo(heartbeat, first)
	if !b.barred() {
		t.Fatal("the bar ended by a reading from before")
	}
}

// PROTOCOL 4.5.12: acceptances that the older copy has forgotten do not count.
func TestAcceptanceOfAnOlderCopyEndsTheBar(t *testing.T) {
	b := denied(t, epoch)
	for _, c := range []struct {
		epoch  core.Epoch
		count  uint32
		barred bool
	}{{epoch, 3, false}, {epoch - 2, 0, true}, {epoch - 2, 0, true}, {epoch, 1, false}} {
		in := before()
		in.Epoch, in.Accepted = c.epoch, c.count
		b.pass(b.cfg.Heartbeat)
		b.answer(core.Heartbeat, in)
		if b.barred() != c.barred {
			t.Fatalf("epoch %d, accepted %d times: barred is %v", c.epoch, c.count, b.barred())
		}
	}
}

// PROTOCOL 4.5.13: Redis forgets what it acknowledged.
func TestLowerWitnessShowsThatRedisLostAWrite(t *testing.T) {
	b := denied(t, epoch)
	b.saysNot(event.RedisLostWrite)
	b.pass(b.cfg.Heartbeat)
	current := before()
	current.Epoch = epoch
	b.answer(core.Heartbeat, current)
	b.answer(core.Acquire, core.Input{Kind: core.LeaseDenied, Token: rival})
	b.says(event.RedisLostWrite)
	if b.barred() {
		t.Error("barred for what Redis lost")
	}
}
