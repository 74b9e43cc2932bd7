package core

import "fencepost/core/event"

// past is what proves that the ledger has gone back in time (PROTOCOL 4.5).
type past struct {
	// witness is the highest epoch that is known to have been committed: Redis
	// vouches for it, or we took it. witnessAt is when we learned of it: what the
	// ledger says proves something only if it was asked afterwards.
	witness   Epoch
	witnessAt Time
	// vouched is what Redis said last.
	vouched Epoch
	// highest is the youngest epoch that the ledger has shown, lineage which
	// server did; zero if none did.
	highest Epoch
	lineage uint32
	// accepted counts how often a person has accepted the authority as it is.
	accepted uint32
	// barred: the ledger has gone back in time, and nobody has accepted it.
	barred bool
}

// hearWitness takes the highest epoch that Redis knows of. One that is lower
// than an earlier one shows that Redis has lost what it acknowledged.
func (n *Node) hearWitness(t Time, asked *lane, in *Input, out *Effects) {
	p := &n.past
	if in.Epoch < p.vouched {
		n.announce(event.RedisLostWrite, out).About = asked.op
	}
	p.vouched = in.Epoch
	p.know(t, in.Epoch)
}

// know takes an epoch that was certainly committed by now.
func (p *past) know(t Time, epoch Epoch) {
	if epoch > p.witness {
		p.witness, p.witnessAt = epoch, t
	}
}

// judgeAuthority compares a reading of the ledger with what is known of it. A
// lower epoch than the witness is proof; so is one that is lower than before
// from another server, or on another timeline. Only a person ends the bar, by
// accepting the authority as it is.
func (n *Node) judgeAuthority(t, started Time, in *Input, out *Effects) {
	p := &n.past
	if in.Accepted > p.accepted {
		*p = past{vouched: p.vouched, witness: in.Epoch, witnessAt: t}
	}
	p.accepted = in.Accepted // an older copy has forgotten some
	moved := p.lineage != 0 && in.Lineage != 0 && in.Lineage != p.lineage && in.Epoch < p.highest
	if moved || in.Epoch < p.witness && started >= p.witnessAt {
		n.bar(t, out)
		return
	}
	if in.Epoch >= p.highest {
		p.highest, p.lineage = in.Epoch, in.Lineage
	}
}

// bar keeps this instance from leading. Whoever led stops: its permits could be
// granted by a ledger that has forgotten what was sent.
func (n *Node) bar(t Time, out *Effects) {
	if n.past.barred {
		return
	}
	n.past.barred = true
	said := n.announce(event.AuthorityRegressed, out)
	said.Reason, said.Epoch = AuthorityRegressed, n.past.witness
	n.announce(event.AlertRaised, out).Reason = AuthorityRegressed
	n.handOver(t, AuthorityRegressed, out)
}
