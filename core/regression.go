package core

import "fencepost/core/event"

// past is what proves that the ledger has gone back in time (PROTOCOL 4.5).
type past struct {
	// witness is the highest epoch that is known to have been committed: Redis
	// vouches for it, the ledger has shown it, or we took it. vouched is what
	// Redis said last.
	witness Epoch
	vouched Epoch
	// barred: the ledger has gone back in time, and nobody has accepted it.
	// lineage is the server's that said so last, accepted how often a person had
	// accepted it by then.
	barred   bool
	lineage  uint32
	accepted uint32
}

// hearWitness takes the highest epoch that Redis knows of. One that is lower
// than an earlier one shows that Redis has lost what it acknowledged.
func (n *Node) hearWitness(asked *lane, in *Input, out *Effects) {
	if in.Epoch < n.past.vouched {
		n.announce(event.RedisLostWrite, out).About = asked.op
	}
	n.past.vouched = in.Epoch
	n.know(in.Epoch)
}

// know takes an epoch that was certainly committed by now. A reading that is
// under way may have been made before.
func (n *Node) know(epoch Epoch) {
	if epoch > n.past.witness {
		n.past.witness = epoch
		n.ledger.early, n.beat.early = true, true
	}
}

// judgeAuthority compares a reading of the ledger with what is known of it: a
// lower epoch than the witness is proof. Only a person ends the bar, by
// accepting the authority as it is, on the server that it is on by then: one
// more acceptance than that server had when it was first seen in this state.
func (n *Node) judgeAuthority(t Time, asked *lane, in *Input, out *Effects) {
	p := &n.past
	switch {
	case !p.barred && in.Epoch >= p.witness:
		n.know(in.Epoch)
	case asked.early:
	case !p.barred:
		n.bar(t, in, out)
	case in.Lineage == p.lineage && in.Accepted > p.accepted:
		*p = past{vouched: p.vouched}
		n.know(in.Epoch)
	case in.Lineage != p.lineage || in.Accepted < p.accepted:
		p.lineage, p.accepted = in.Lineage, in.Accepted
	}
}

// bar keeps this instance from leading. Whoever led stops: its permits could be
// granted by a ledger that has forgotten what was sent.
func (n *Node) bar(t Time, in *Input, out *Effects) {
	if n.past.barred {
		return
	}
	n.past.barred, n.past.lineage, n.past.accepted = true, in.Lineage, in.Accepted
	n.ledger.early, n.beat.early = true, true
	said := n.announce(event.AuthorityRegressed, out)
	said.Reason, said.Epoch = AuthorityRegressed, n.past.witness
	n.announce(event.AlertRaised, out).Reason = AuthorityRegressed
	n.handOver(t, AuthorityRegressed, out)
}
