package core

import "fencepost/core/event"

// follow is the follower's turn: tell the ledger that we live, and try the
// lease when it is time to.
func (n *Node) follow(t Time, out *Effects) {
	if t >= n.nextBeat && !n.beat.busy() {
		n.nextBeat = t.Add(n.cfg.Heartbeat)
		n.call(t, &n.beat, Heartbeat, n.cfg.StoreTimeout, out)
	}
	if !n.mayStand() || t < max(n.nextTry, n.notBefore) || n.lease.busy() || n.ledger.busy() {
		return
	}
	if !n.viewFresh(t) {
		n.call(t, &n.ledger, Observe, n.cfg.StoreTimeout, out)
		return
	}
	n.nextTry = t.Add(n.cfg.Retry + n.jitter(n.cfg.RetryJitter))
	if n.mustYield() {
		n.nextTry = min(n.nextTry, n.yieldUntil())
		return
	}
	n.redis(t, Acquire, n.token, out)
}

// yieldUntil is when the lease of a live tenure of kind pg will have lapsed, if
// no heartbeat renews it; the ledger is read again then.
func (n *Node) yieldUntil() Time { return n.view.At.Add(n.cfg.TTL - n.view.Age + n.cfg.Margin) }

// mayStand reports whether this node may become leader at all.
func (n *Node) mayStand() bool {
	return !n.stopping && !n.cfg.Ineligible && !n.past.barred && n.protocolFits()
}

// protocolFits reports whether the ledger admits our version of the protocol.
func (n *Node) protocolFits() bool {
	if n.view.Protocol == 0 {
		return true
	}
	lowest, highest := uint16(n.view.Protocol>>16), uint16(n.view.Protocol)
	return lowest <= n.cfg.Protocol && n.cfg.Protocol <= highest
}

// viewFresh reports whether the ledger was read within the last renew
// interval, and what it said of a live tenure may still hold: whoever cannot
// read it has no business holding the lease.
func (n *Node) viewFresh(t Time) bool {
	return n.view.At != 0 && t.Sub(n.view.At) <= n.cfg.Renew && (!n.mustYield() || t < n.yieldUntil())
}

// observe keeps what the ledger said, and reports what it shows: a tenure of
// ours that we do not lead is closed; another's whose heartbeat is too old is
// stale (PROTOCOL 4.5).
func (n *Node) observe(t Time, asked *lane, in *Input, out *Effects) {
	started := asked.started
	if started < n.view.At {
		return
	}
	n.view = View{
		At: started, Epoch: in.Epoch, Token: in.Token, Tenure: in.Tenure,
		Flags: in.Flags, Control: in.Control, Age: in.Age, Protocol: in.Protocol,
	}
	if !asked.early && n.ledger.op != TakeEpoch {
		n.claimed = false
	}
	n.judgeAuthority(t, asked, in, out)
	n.readControl(started, in.Control, out)
	if n.role != Follower || !in.Flags.Has(Open) {
		return
	}
	if in.Token.Nonce == n.self {
		if !n.ledger.busy() {
			n.close(t, in.Epoch, in.Token, Lapsed, out)
		}
		return
	}
	if n.view.stale(n.cfg.StaleAfter) {
		n.reportStale(in.Token.Nonce, in.Epoch, Peer, out)
	}
}

// reportStale says once for each epoch that its leader is stale.
func (n *Node) reportStale(subject Nonce, epoch Epoch, by Party, out *Effects) {
	if epoch <= n.reported {
		return
	}
	n.reported = epoch
	stale := n.announce(event.LeaderStale, out)
	stale.Subject, stale.Epoch, stale.By = subject, epoch, by
}

// readControl keeps the newest mode, by the start of the attempt that read it.
func (n *Node) readControl(started Time, mode Control, out *Effects) {
	if mode == ControlUnknown || started < n.controlAt {
		return
	}
	changed := n.control != mode && n.control != ControlUnknown
	n.control, n.controlAt = mode, started
	if changed {
		n.announce(event.ControlChanged, out)
	}
}
