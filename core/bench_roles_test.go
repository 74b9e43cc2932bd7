package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
)

// epoch is the one under which the node on the bench leads; before it there
// was another's, properly closed.
const epoch core.Epoch = 7

// before is the ledger before the node was elected: nobody leads.
func before() core.Input {
	return core.Input{
		Kind: core.AuthorityObserved, Epoch: epoch - 1, Token: rival, Control: core.Run,
	}
}

// confirmed and renewed are what a leader likes to hear.
func confirmed() core.Input {
	return core.Input{Kind: core.HeartbeatConfirmed, Epoch: epoch, Control: core.Run}
}

func renewed() core.Input { return core.Input{Kind: core.LeaseRenewed} }

// standing returns a node that has read the ledger and asks for the lease.
func standing(t *testing.T, settings ...func(*core.Config)) *bench {
	t.Helper()
	b := onBench(t, settings...)
	b.tell(core.Input{})
	if b.has(core.Observe) {
		b.answer(core.Observe, before())
	}
	b.answer(core.Heartbeat, before())
	b.tell(core.Input{Kind: core.ReleaseHeard})
	b.call(core.Acquire)
	return b
}

// candidate returns a node that holds the lease and asks for the epoch.
func candidate(t *testing.T, settings ...func(*core.Config)) *bench {
	t.Helper()
	b := standing(t, settings...)
	b.answer(core.Acquire, core.Input{Kind: core.LeaseAcquired})
	b.is(core.Candidate)
	return b
}

// taking returns a candidate that has asked for the next epoch.
func taking(t *testing.T, settings ...func(*core.Config)) *bench {
	t.Helper()
	b := candidate(t, settings...)
	b.answer(core.Observe, before())
	b.call(core.TakeEpoch)
	return b
}

// leader returns a leader with nothing under way but a look for work.
func leader(t *testing.T, settings ...func(*core.Config)) *bench {
	t.Helper()
	b := taking(t, settings...)
	b.answer(core.TakeEpoch, core.Input{
		Kind: core.EpochWasTaken, Epoch: epoch, Token: rival, Control: core.Run,
	})
	b.is(core.Leader)
	b.believes(true)
	return b
}

// idleLeader returns a leader that has found nothing to do, in its first review and in
// the sweep after it.
func idleLeader(t *testing.T, settings ...func(*core.Config)) *bench {
	t.Helper()
	b := leader(t, settings...)
	b.answer(core.Fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
	b.answer(core.Fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
	return b
}

// found is a signal that was received and that nobody has sent.
func found(signal core.SignalID) core.Input {
	return core.Input{Kind: core.SignalFound, Signal: signal, State: core.Received, Version: 1}
}

// work tells the leader of work, and that this was all.
func (b *bench) work(signals ...core.Input) {
	b.t.Helper()
	if !b.has(core.Fetch) {
		b.tell(core.Input{Kind: core.WorkHeard})
	}
	fetch := b.call(core.Fetch)
	var all []core.Effect
	for _, in := range signals {
		in.Req = fetch.Req
		b.tell(in)
		all = append(all, b.said...)
	}
	b.answerTo(fetch, core.Input{Kind: core.WorkListed, Flags: core.Done})
	b.said = append(all, b.said...)
}

// sending returns a leader of that class with one order at the broker.
func sending(t *testing.T, class order.Class) *bench {
	t.Helper()
	b := idleLeader(t, broker(class))
	b.work(found(1))
	b.answer(core.Permit, granted(1, 1))
	b.call(core.Submit)
	return b
}

// granted is leave to send.
func granted(signal core.SignalID, attempt uint32) core.Input {
	return core.Input{
		Kind: core.PermitWasGranted, Signal: signal, Attempt: attempt, Version: 2, Control: core.Run,
	}
}

// recorded is the ledger's word that the signal is in that state now.
func recorded(state core.SignalState) core.Input {
	return core.Input{Kind: core.OutcomeWasRecorded, Signal: 1, Attempt: 1, State: state, Version: 3}
}

// said is the broker's answer to an order.
func said(answer order.Answer) core.Input {
	return core.Input{Kind: core.OrderAnswered, Signal: 1, Attempt: 1, Answer: answer}
}

// healthy lets renewals and heartbeats be answered at once, whatever else the
// test does by hand.
func healthy(call core.Effect) []core.Input {
	switch {
	case call.Op == core.Renew:
		return []core.Input{renewed()}
	case call.Op == core.Heartbeat && call.Epoch != 0:
		return []core.Input{{Kind: core.HeartbeatConfirmed, Epoch: call.Epoch, Control: core.Run}}
	case call.Op == core.Heartbeat:
		return []core.Input{before()}
	default:
		return nil
	}
}

// part returns that many thousandths of the ttl of the bench.
func (b *bench) part(thousandths int64) time.Duration {
	return b.cfg.TTL * time.Duration(thousandths) / 1000
}

// electAgain leads a follower back to leadership, under that epoch.
func (b *bench) electAgain(next core.Epoch) {
	b.t.Helper()
	reading := before()
	reading.Epoch = next - 1
	b.stores = func(call core.Effect) []core.Input {
		switch call.Op {
		case core.Observe:
			return []core.Input{reading}
		case core.Heartbeat:
			if call.Epoch == 0 {
				return []core.Input{reading}
			}
			return healthy(call)
		case core.Acquire:
			return []core.Input{{Kind: core.LeaseAcquired}}
		case core.TakeEpoch:
			return []core.Input{{Kind: core.EpochWasTaken, Epoch: next, Control: core.Run}}
		default:
			return nil
		}
	}
	for tries := 0; b.node.Role() != core.Leader; tries++ {
		if tries == 100 {
			b.t.Fatal("the node is not elected again")
		}
		b.pass(b.part(50))
	}
	b.stores = nil
}
