package core

import (
	"fencepost/core/event"

	"fencepost/core/order"
)

// requestPermit asks the ledger for the right to send one order, once. The
// attempt is numbered by the asker, so that the answer can be read back.
func (n *Node) requestPermit(t Time, f *flight, attempt uint32, resend bool, out *Effects) {
	f.attempt, f.resend = attempt, resend
	f.epoch, f.token = n.epoch, n.token
	f.limit = t.Add(n.cfg.Shrink(n.cfg.SendBy))
	said := n.announce(event.PermitRequested, out)
	said.Signal, said.Attempt = f.signal, attempt
	permit := n.send(t, f, Permit, n.cfg.StoreTimeout, out)
	permit.Version, permit.Resend = f.version, resend
}

// permitGranted leads to the gate. The limit counts from the start of the
// request; the ledger's send_by counts from its commit, which was later.
func (n *Node) permitGranted(t Time, f *flight, in *Input, out *Effects) {
	f.version = 0
	said := n.announce(event.PermitGranted, out)
	said.Signal, said.Attempt, said.Epoch = f.signal, f.attempt, f.epoch
	n.readControl(f.started, in.Control, out)
	n.passGate(t, f, out)
}

// passGate is the last check before the wire.
func (n *Node) passGate(t Time, f *flight, out *Effects) {
	if reason := n.gate(t, f); reason != NoReason {
		n.neverSent(t, f, reason, out)
		return
	}
	said := n.announce(event.GatePassed, out)
	said.Signal, said.Attempt = f.signal, f.attempt
	submit := n.send(t, f, Submit, n.cfg.BrokerTimeout, out)
	submit.NotAfter = min(f.limit, n.trust())
}

// gate says why an order must not leave, or NoReason: it needs belief, the
// epoch that the permit was granted under, time left, and control mode run.
func (n *Node) gate(t Time, f *flight) Reason {
	switch {
	case !n.Believes(t) || f.epoch != n.epoch:
		return NoBelief
	case t > f.limit:
		return GateDeadline
	case n.control != Run:
		return ControlMode
	default:
		return NoReason
	}
}

// neverSent records that no order left under this permit. That is proof for a
// first send: the attempt is void. A second send of the same attempt proves
// nothing about the first.
func (n *Node) neverSent(t Time, f *flight, reason Reason, out *Effects) {
	said := n.announce(event.PermitRefused, out)
	said.Signal, said.Attempt, said.By, said.Reason = f.signal, f.attempt, Gate, reason
	if f.resend {
		n.record(t, f, InDoubt, false, reason, out)
		return
	}
	n.record(t, f, Void, false, reason, out)
}

// permitRefused tells who refused and why. An epoch that is not current ends
// the leadership. A state that has changed may be our own earlier request that
// arrived late: it is read back.
func (n *Node) permitRefused(t Time, f *flight, in *Input, out *Effects) {
	said := n.announce(event.PermitRefused, out)
	said.Signal, said.Attempt, said.By, said.Reason = f.signal, f.attempt, StoreParty, in.Reason
	said.Epoch = f.epoch
	if in.Reason == StateChanged {
		n.reread(t, f, out)
		return
	}
	n.readControl(f.started, in.Control, out)
	current := f.epoch == n.epoch
	n.land(t, f)
	if current && (in.Reason == Superseded || in.Reason == TenureClosed) {
		n.fenced(t, in, out)
	}
}

// reread asks the ledger what became of a permit request. Asking for another
// permit instead could send twice.
func (n *Node) reread(t Time, f *flight, out *Effects) {
	n.send(t, f, Reread, n.cfg.StoreTimeout, out)
}

// attemptRead goes on if the permit turns out to be ours: only this flight can
// have sent under it, and it has not. What is left of send_by, counted from
// the start of the reading, is all the time there is.
func (n *Node) attemptRead(t Time, f *flight, in *Input, out *Effects) {
	ours := in.State == Submitting && in.Attempt == f.attempt && in.Epoch == f.epoch && in.Token == f.token
	if !ours {
		n.land(t, f)
		return
	}
	f.version = 0
	f.limit = f.started.Add(n.cfg.Shrink(max(-in.Age, 0)))
	said := n.announce(event.PermitGranted, out)
	said.Signal, said.Attempt, said.Epoch = f.signal, f.attempt, f.epoch
	n.passGate(t, f, out)
}

// orderAnswered records what the broker said of the order.
func (n *Node) orderAnswered(t Time, f *flight, answer order.Answer, out *Effects) {
	outcome := Outcome(n.cfg.Broker, answer)
	alert := n.needsPerson()
	if outcome == Rejected && f.resend {
		// Of the first send it says nothing.
		outcome, alert, f.refused = InDoubt, !f.flags.Has(Alerted), true
	}
	what := event.OrderAcked
	if outcome == InDoubt {
		what = event.OrderAmbiguous
	}
	said := n.announce(what, out)
	said.Signal, said.Attempt, said.Answer = f.signal, f.attempt, answer
	n.record(t, f, outcome, outcome == InDoubt && alert, NoReason, out)
}

// needsPerson reports whether a doubt cannot be resolved by asking the broker.
func (n *Node) needsPerson() bool {
	class := n.cfg.Broker.Class()
	return class == order.ClassC || class == order.ClassD
}
