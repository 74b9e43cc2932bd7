package core

import "fencepost/core/event"

// leaseAcquired makes a candidate, unless the grant came after its own
// deadline: then the lease goes straight back.
func (n *Node) leaseAcquired(t, started Time, out *Effects) {
	if n.role != Follower {
		return
	}
	n.extendLease(started)
	if t >= n.leaseTrust || !n.mayStand() {
		n.giveBack(t, out)
		return
	}
	n.role = Candidate
	n.giveUp = t.Add(n.cfg.CandidateBudget)
	n.nextRenew = started.Add(n.cfg.Renew)
	n.announce(event.LeaseAcquired, out).Token = n.token
	n.ledger.clear()
	n.nextTry = t
}

// standWithoutRedis makes a candidate for an epoch of kind pg, whose lease is a
// column of the authority row: trading must not stop because the fast path is
// down. It needs a ttl without any answer of Redis, and no tenure that is live.
// What an earlier acquisition may have left in Redis is none of this claim.
func (n *Node) standWithoutRedis(t Time) {
	if n.role != Follower || !n.mayStand() || t.Sub(n.redisGone) < n.cfg.TTL {
		return
	}
	n.tenure = TenurePG
	if n.mustYield() {
		n.tenure = TenureRedis
		return
	}
	n.nextAcquisition()
	n.role, n.giveUp = Candidate, t.Add(n.cfg.CandidateBudget)
	n.leaseTrust, n.leaseLapse = n.giveUp, n.giveUp
	n.ledger.clear()
	n.nextTry = t
}

// mustYield reports whether a live tenure stands in the way: one of kind pg in
// everybody's, any in that of somebody who wants one of kind pg. The ledger
// judges it again inside the takeover. Our own is none: a takeover whose answer
// was lost reads it.
func (n *Node) mustYield() bool {
	return n.view.Flags.Has(Open|Live) && n.view.Token != n.token &&
		(n.view.Tenure == TenurePG || n.tenure == TenurePG)
}

// stand is the candidate's turn. It reads the epoch after the lease was
// acquired, never before: a number read earlier may belong to a leader who led
// in between.
func (n *Node) stand(t Time, out *Effects) {
	if t >= min(n.giveUp, n.leaseTrust) || !n.mayStand() {
		n.giveBack(t, out)
		return
	}
	if t >= n.nextTry && !n.ledger.busy() {
		n.call(t, &n.ledger, Observe, n.cfg.StoreTimeout, out)
	}
}

// takeNext asks for the epoch after the one just read. The request is known by
// its token, so that asking again after a lost reply takes no second one.
func (n *Node) takeNext(t Time, out *Effects) {
	if n.mustYield() || !n.mayStand() {
		n.giveBack(t, out)
		return
	}
	n.claimed = true
	take := n.call(t, &n.ledger, TakeEpoch, n.cfg.StoreTimeout, out)
	take.Epoch, take.Token, take.Tenure, take.Protocol = n.view.Epoch, n.token, n.tenure, n.cfg.Protocol
}

// giveBack returns the lease of a candidate that could not take the epoch, and
// rests for more than a ttl: two nodes without PostgreSQL would otherwise
// starve the healthy third. A takeover that is under way is waited for.
func (n *Node) giveBack(t Time, out *Effects) {
	if n.tenure == TenureRedis {
		n.redis(t, Release, n.token, out)
	}
	n.nextAcquisition()
	n.role, n.tenure = Follower, TenureRedis
	if n.ledger.op != TakeEpoch {
		n.ledger.clear()
	}
	n.view.At = 0
	n.nextBeat = t
	n.notBefore = t.Add(n.cfg.TTL + n.jitter(n.cfg.TTL/4))
}

// epochTaken makes the leader. The ledger wrote our first heartbeat with the
// takeover. One that is confirmed only after the trust deadline is never led:
// it is closed at once, and so is one whose candidate has given back since. An
// open predecessor was stale, and its peer says so.
func (n *Node) epochTaken(t, started Time, in *Input, out *Effects) {
	n.know(in.Epoch)
	if n.role != Candidate {
		n.close(t, in.Epoch, Token{n.self, n.token.Acquisition - 1}, Lapsed, out)
		return
	}
	predecessor := n.view
	n.epoch = in.Epoch
	n.extendBeat(started)
	n.readControl(started, in.Control, out)
	n.announce(event.EpochTaken, out).Token = n.token
	if in.Flags.Has(Open) && in.Token.Nonce != n.self {
		n.reportStale(in.Token.Nonce, in.Epoch-1, Peer, out)
	}
	n.reported = max(n.reported, predecessor.Epoch)
	if t >= n.trust() {
		n.role, n.leaving = Draining, Lapsed
		n.closeTenure(t, out)
		return
	}
	n.role, n.health.electedAt = Leader, t
	n.nextBeat = started.Add(n.cfg.Heartbeat)
	n.nextRenew = t // at once: it tells Redis of the epoch
	if n.tenure == TenurePG {
		n.nextRenew = Never
	}
	n.nextSweep, n.nextReview, n.cursor, n.backlog = t, t, 0, false
	n.announce(event.LeaderElected, out).Tenure = n.tenure
}
