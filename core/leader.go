package core

import "fencepost/core/event"

// lead is the leader's turn. The renewal, the heartbeat and the work are
// independent: none waits for another, so that a slow database cannot let the
// lease lapse under a leader that believes.
func (n *Node) lead(t Time, out *Effects) {
	n.renewAndBeat(t, out)
	if t >= n.nextSweep && !n.list.busy() {
		n.lookForWork(t, out)
	}
}

// renewAndBeat keeps both halves of trust alive.
func (n *Node) renewAndBeat(t Time, out *Effects) {
	if t >= n.nextRenew && !n.lease.busy() {
		n.nextRenew = t.Add(n.cfg.Renew)
		n.redis(t, Renew, n.token, out).Epoch = n.epoch
	}
	if t >= n.nextBeat && !n.beat.busy() {
		n.nextBeat = t.Add(n.cfg.Heartbeat)
		beat := n.call(t, &n.beat, Heartbeat, n.cfg.StoreTimeout, out)
		beat.Epoch, beat.Token = n.epoch, n.token
	}
}

// endBelief drops what time has ended, before anything else is looked at. A
// leader that notices only after the lease may have lapsed was stale.
func (n *Node) endBelief(t Time, out *Effects) {
	if n.drain == drainFinishing && n.leaseLapse != 0 && t >= n.leaseLapse && n.flying > 0 {
		n.announce(event.LeaderStale, out).By = Self
		n.dropLease()
	}
	if n.role != Leader || t < n.trust() {
		return
	}
	if t >= n.leaseTrust {
		n.announce(event.LeaseLost, out).Reason = LeaseExpired
		if t >= n.leaseLapse {
			n.announce(event.LeaderStale, out).By = Self
		}
		n.dropLease()
		n.stepDown(t, LeaseExpired, out)
		return
	}
	n.announce(event.LeaderGray, out).Reason = HeartbeatLost
	n.stepDown(t, HeartbeatLost, out)
}

// heartbeatConfirmed counts trust in the ledger from the attempt's start.
func (n *Node) heartbeatConfirmed(t, started Time, in *Input, out *Effects) {
	if n.epoch == 0 {
		return
	}
	if in.Epoch.Supersedes(n.epoch) {
		n.fenced(t, in, out)
		return
	}
	n.extendBeat(started)
	n.readControl(started, in.Control, out)
	n.view.Protocol = in.Protocol // an incumbent goes on, and knows that it will not stand again
}

// heartbeatRefused is how a superseded leader learns of it from the store.
func (n *Node) heartbeatRefused(t Time, in *Input, out *Effects) {
	if n.epoch == 0 {
		return
	}
	n.announce(event.HeartbeatRefused, out).Reason = in.Reason
	n.fenced(t, in, out)
}

// fenced ends a leadership that the ledger has ended already: its epoch is
// superseded, or its tenure closed. Epochs are compared, never names: of two
// nodes that each see the other, exactly one has the lower number.
func (n *Node) fenced(t Time, in *Input, out *Effects) {
	n.beatTrust = 0
	if in.Epoch < n.epoch || in.Epoch == n.epoch && in.Reason == Superseded {
		// The ledger has confirmed ours, and knows of it no more, or as another's.
		n.bar(t, in, out)
	}
	if n.role != Leader {
		return
	}
	n.announce(event.LeaderStale, out).By = Self
	reason := TenureClosed
	if in.Epoch.Supersedes(n.epoch) {
		reason = Superseded
		n.announce(event.SplitBrainDetected, out).Reason = Superseded
	}
	n.stepDown(t, reason, out)
}
