package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// drainBeforeRelease judges drain-before-release: as long as trust lasts,
// nobody closes its own tenure or releases its own lease while an order that it
// sent is in flight. A send is in flight from the gate until the node has taken
// the broker's answer, given it up as ambiguous, or the ledger knows better.
//
// It holds while clocks keep their rates. A node whose trust has run out, whose
// clocks parted, whose lease is gone, whose epoch is superseded or forgotten has
// nothing to wait for.
//
// Counter-example: a leader that is asked to stop releases the lease at once.
// The next leader is elected within milliseconds, finds nothing in flight, and
// works beside an order of the first that has yet to reach the broker.
type drainBeforeRelease struct{}

// gatePassed takes an order that is about to leave.
func (drainBeforeRelease) gatePassed(s *Suite, r *history.Record) {
	if r.Node < 0 {
		return
	}
	n := &s.scene.nodes[r.Node]
	if int(n.sending) == len(n.sends) {
		s.giveUp("a node has more sends in flight than it can have")
		return
	}
	n.sends[n.sending] = send{signal: r.Signal, attempt: r.Attempt}
	n.sending++
}

// landed takes a send off the node.
func (n *node) landed(signal core.SignalID, attempt uint32) {
	for i := int(n.sending) - 1; i >= 0; i-- {
		if n.sends[i].signal == signal && n.sends[i].attempt == attempt {
			n.sending--
			n.sends[i] = n.sends[n.sending]
		}
	}
}

// answered takes the end of a send: as its node saw it, or, from the ledger,
// whoever recorded it.
func (drainBeforeRelease) answered(s *Suite, r *history.Record) {
	if r.Node >= 0 && r.Kind == history.Announced {
		s.scene.nodes[r.Node].landed(r.Signal, r.Attempt)
		return
	}
	for i := range s.scene.nodes {
		if n := &s.scene.nodes[i]; n.sending > 0 {
			n.landed(r.Signal, r.Attempt)
		}
	}
}

// stateSet takes a signal's new state: an attempt with an outcome is not in
// flight.
func (c drainBeforeRelease) stateSet(s *Suite, r *history.Record) {
	if r.State != core.Submitting {
		c.answered(s, r)
	}
}

// steppedDown notes whether there was something to wait for.
func (drainBeforeRelease) steppedDown(s *Suite, r *history.Record) {
	if r.Node < 0 {
		return
	}
	n := &s.scene.nodes[r.Node]
	n.draining = n.sending > 0
}

// leaseLost takes a node's word that its lease is gone: it has nothing to give
// up, wherever the key comes from that names it again.
func (drainBeforeRelease) leaseLost(s *Suite, r *history.Record) {
	if r.Node >= 0 {
		n := &s.scene.nodes[r.Node]
		n.until = min(n.until, r.At)
	}
}

// barred takes a node's word that the ledger has forgotten its tenure: there is
// nothing left that it could keep for its sends.
func (drainBeforeRelease) barred(s *Suite, r *history.Record) {
	n := &s.scene.nodes[r.Node]
	n.until = min(n.until, r.At)
}

// drifted takes a node's word about its clocks. If they parted, the node cannot
// tell how long trust lasts: it has none.
func (drainBeforeRelease) drifted(s *Suite, r *history.Record) {
	if r.Node >= 0 && r.Reason == core.ClockGap {
		n := &s.scene.nodes[r.Node]
		n.until = min(n.until, r.At)
	}
}

// accepted takes a closing that the ledger carried out.
func (c drainBeforeRelease) accepted(s *Suite, r *history.Record) {
	if r.Op != core.Resign || r.Current.Supersedes(r.Epoch) {
		return
	}
	n, t := &s.scene.nodes[r.Node], &s.scene.tenure
	// A tenure of kind pg has its lease in the row that is closed.
	leased := s.scene.key.holds(n.tenure, r.At) || t.kind == core.TenurePG && t.epoch == r.Epoch
	if n.epoch == r.Epoch && leased {
		c.judge(s, n, r, closedEarly)
	}
}

// leaseGone takes the end of a lease; the scene still has it.
func (c drainBeforeRelease) leaseGone(s *Suite, r *history.Record) {
	if r.Op != core.Release || r.Node < 0 {
		return
	}
	n := &s.scene.nodes[r.Node]
	if n.tenure == r.Token && n.tenureEpoch == n.epoch && !s.executor.youngest.Supersedes(n.epoch) {
		c.judge(s, n, r, releasedEarly)
	}
}

// leaseReleased takes the node's own word for it, for histories in which the
// key cannot be watched.
func (c drainBeforeRelease) leaseReleased(s *Suite, r *history.Record) {
	if r.Node < 0 || r.Epoch == 0 {
		return
	}
	n := &s.scene.nodes[r.Node]
	if n.epoch == r.Epoch && !s.executor.youngest.Supersedes(n.epoch) {
		c.judge(s, n, r, releasedEarly)
	}
}

// judge looks for sends in flight while trust lasts.
func (drainBeforeRelease) judge(s *Suite, n *node, r *history.Record, say func(*finding) string) {
	s.marks[DrainJudged]++
	if n.draining && n.sending == 0 {
		s.marks[DrainWaited]++
		n.draining = false
	}
	// Until when the node trusts was told at the rate that its clock had then.
	slack := s.cfg.grace() - int64(s.cfg.TTL) + int64(s.cfg.HarnessStall)
	if n.sending == 0 || r.At+slack >= n.until {
		return
	}
	f := of(DrainBeforeRelease, r, say)
	f.signal, f.epoch = n.sends[0].signal, n.epoch
	f.a, f.b = int64(n.sending), n.until-r.At
	s.breaksUnless(clockExcuses, f)
}

func closedEarly(f *finding) string { return early(f, "closed its tenure") }

func releasedEarly(f *finding) string { return early(f, "released its lease") }

func early(f *finding, deed string) string {
	return fmt.Sprintf("%s (epoch %d) %s with %d sends in flight, signal %d among them, and %s of trust left",
		name(f.node), f.epoch, deed, f.a, f.signal, seconds(f.b))
}
