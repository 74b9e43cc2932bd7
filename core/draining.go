package core

import "fencepost/core/event"

// drainStage says how far a step-down has come.
type drainStage uint8

// The stages, in their order.
const (
	notDraining drainStage = iota
	// drainFinishing: sends in flight come to their end.
	drainFinishing
	// drainClosing: the ledger is told.
	drainClosing
	// drainReleasing: Redis is told.
	drainReleasing
)

// handOver starts a step-down that was asked for.
func (n *Node) handOver(t Time, reason Reason, out *Effects) {
	switch n.role {
	case Leader:
		n.stepDown(t, reason, out)
	case Candidate:
		n.giveBack(t, out)
	case Follower, Draining:
	default:
		assert(false, "a node has a known role")
	}
}

// stepDown ends belief first. What follows is drainOn's: finish the sends,
// close the tenure, release the lease. Releasing before the end of the work
// would let the next leader begin beside it.
func (n *Node) stepDown(t Time, reason Reason, out *Effects) {
	assert(n.role == Leader, "only a leader steps down")
	n.role, n.drain, n.leaving = Draining, drainFinishing, reason
	n.giveUp = t.Add(n.cfg.BrokerTimeout + 2*n.cfg.StoreTimeout)
	n.announce(event.LeaderSteppedDown, out).Reason = reason
	n.list.clear()
	n.dropLookups()
	n.drainOn(t, out)
}

// drainOn is the drainer's turn. It goes on renewing and heartbeating while
// both are trusted, so that nobody takes over while its sends are in flight.
func (n *Node) drainOn(t Time, out *Effects) {
	if n.drain != drainFinishing {
		return
	}
	// The closing waits for a heartbeat too: one that lands after a successor
	// began is refused, and a false alarm.
	if (n.flying > 0 || n.beat.busy()) && t < min(n.trust(), n.giveUp) {
		n.renewAndBeat(t, out)
		return
	}
	n.closeTenure(t, out)
}

// closeTenure tells the ledger, in one bounded try.
func (n *Node) closeTenure(t Time, out *Effects) {
	n.drain = drainClosing
	n.beat.clear()
	n.close(t, n.epoch, n.token, n.leaving, out)
}

// close asks the ledger to close a tenure of ours.
func (n *Node) close(t Time, epoch Epoch, token Token, reason Reason, out *Effects) {
	resign := n.call(t, &n.ledger, Resign, n.cfg.StoreTimeout, out)
	resign.Epoch, resign.Token, resign.Reason = epoch, token, reason
}

// tenureClosed goes on to the release, whatever the ledger said and whether or
// not it answered: a store that is silent stops none of the rest.
func (n *Node) tenureClosed(t Time, out *Effects) {
	if n.role != Draining || n.drain != drainClosing {
		return
	}
	n.drain = drainReleasing
	if n.tenure == TenurePG {
		n.leaseReleased(t, false, out)
		n.redisGone = 0 // it was not asked meanwhile
		return
	}
	n.redis(t, Release, n.token, out)
}

// leaseReleased ends the step-down, whether or not the key was still ours.
func (n *Node) leaseReleased(t Time, done bool, out *Effects) {
	if done {
		n.announce(event.LeaseReleased, out)
	}
	if n.role != Draining || n.drain != drainReleasing {
		return
	}
	n.notBefore = t.Add(n.rest(t))
	n.role, n.drain, n.leaving, n.epoch = Follower, notDraining, NoReason, 0
	n.tenure, n.beatTrust = TenureRedis, 0
	n.nextAcquisition()
	n.view.At = 0
	n.nextBeat = t
	n.nextTry = n.notBefore.Add(n.jitter(n.cfg.RetryJitter))
}
