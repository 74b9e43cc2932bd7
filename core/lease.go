package core

import "fencepost/core/event"

// trust is the instant up to which the node may believe: both the lease and
// the heartbeat must stand.
func (n *Node) trust() Time { return min(n.leaseTrust, n.beatTrust) }

// Believes reports whether the node believes at that instant of its boot clock
// that it leads. Belief is a deadline, not a flag: it ends without any I/O.
func (n *Node) Believes(now Time) bool { return n.role == Leader && now < n.trust() }

// extendLease counts trust in the lease from the start of the attempt.
func (n *Node) extendLease(started Time) {
	n.leaseTrust = max(n.leaseTrust, started.Add(n.cfg.Window()))
	n.leaseLapse = max(n.leaseLapse, started.Add(n.cfg.Shrink(n.cfg.TTL)))
}

// extendBeat counts trust in the ledger from the start of the attempt. In a
// tenure of kind pg the heartbeat has renewed the lease as well.
func (n *Node) extendBeat(started Time) {
	n.beatTrust = max(n.beatTrust, started.Add(n.cfg.Window()))
	if n.tenure == TenurePG {
		n.extendLease(started)
	}
}

// dropLease forgets the lease without telling Redis.
func (n *Node) dropLease() { n.leaseTrust, n.leaseLapse = 0, 0 }

// nextAcquisition ends the current token's life. A delayed release of an older
// acquisition then cannot touch a younger one.
func (n *Node) nextAcquisition() {
	n.dropLease()
	n.token.Acquisition++
}

// acceptRedis takes an answer of Redis.
func (n *Node) acceptRedis(t Time, in *Input, out *Effects) {
	asked, ok := n.lease.answers(in)
	if !ok {
		return
	}
	n.redisGone = 0
	n.heard(t, &asked, in, out)
	switch in.Kind {
	case LeaseAcquired:
		n.hearWitness(&asked, in, out)
		n.leaseAcquired(t, asked.started, out)
	case LeaseDenied:
		n.hearWitness(&asked, in, out)
		n.leaseDenied(t, in, out)
	case LeaseRenewed:
		n.hearWitness(&asked, in, out)
		n.extendLease(asked.started)
	case LeaseWasLost:
		n.hearWitness(&asked, in, out)
		n.leaseLost(t, in, out)
	case LeaseWasReleased:
		n.leaseReleased(t, in.Flags.Has(Done), out)
	case LeaseWasEvicted:
		if in.Flags.Has(Done) {
			evicted := n.announce(event.LeaderEvicted, out)
			evicted.By, evicted.Subject, evicted.Epoch = Peer, n.evictee.Nonce, n.reported
		}
		n.nextTry = t
	default:
		assert(false, "Redis answers with an input of its own")
	}
}

// leaseDenied looks at who holds the lease. A token of an earlier acquisition
// of our own is released: nothing of ours can be at work under it. A stale
// leader that still renews is evicted, but only by the token that its tenure
// has in the ledger: any other belongs to a candidate and is left to expire.
func (n *Node) leaseDenied(t Time, in *Input, out *Effects) {
	if n.role != Follower {
		return
	}
	holder := in.Token
	switch {
	case holder.Nonce == n.self:
		if n.view.Flags.Has(Open) && n.view.Token.Nonce != n.self {
			n.announce(event.SplitBrainDetected, out).Token = n.view.Token
		}
		n.redis(t, Release, holder, out)
	case n.view.stale(n.cfg.StaleAfter) && holder == n.view.Token:
		n.evictee = holder
		n.redis(t, Evict, holder, out)
	}
}

// leaseLost answers a renewal that found the key absent or with another's
// token. Redis naming another while the ledger names us is a split brain; the
// one without the lease yields (PROTOCOL 4.5).
func (n *Node) leaseLost(t Time, in *Input, out *Effects) {
	n.dropLease()
	lost := n.announce(event.LeaseLost, out)
	lost.Reason = LeaseLost
	another := !in.Token.IsZero() && in.Token.Nonce != n.self
	if another {
		lost.Reason = SplitBrain
		n.announce(event.SplitBrainDetected, out).Token = in.Token
	}
	if n.role == Leader {
		n.stepDown(t, lost.Reason, out)
	}
}
