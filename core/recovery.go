package core

import "fencepost/core/order"

// FetchLimit is how many signals one list of work names at most.
const FetchLimit = 8

// What a sweep lists, one bit each, and a review, which no backlog keeps from ending.
const (
	sweepStates  = 1<<Received | 1<<Submitting
	reviewStates = 1<<Submitting | 1<<Held | 1<<Submitted | 1<<InDoubt
)

// lookForWork lists the signals that need work, whatever leadership received
// them or began them.
func (n *Node) lookForWork(t Time, out *Effects) {
	n.nextSweep = t.Add(n.cfg.Sweep)
	fetch := n.call(t, &n.list, Fetch, n.cfg.StoreTimeout, out)
	if n.cursor == 0 || !n.reviewing && t >= n.nextReview {
		n.cursor, n.reviewing = 0, t >= n.nextReview
	}
	fetch.States, fetch.After = sweepStates, n.cursor
	if n.reviewing {
		fetch.States = reviewStates
	}
}

// acceptWork takes one line of the list, or its end. The cursor stays before
// the first signal for which there was no room, and the list goes on from there
// when there is.
func (n *Node) acceptWork(t Time, in *Input, out *Effects) {
	if n.list.req == 0 || in.Req != n.list.req {
		return
	}
	n.heard(t, &n.list, in, out)
	if in.Kind == SignalFound {
		if n.Believes(t) && !n.backlog && n.flightOf(in.Signal) == nil {
			n.workOn(t, in, out)
		}
		if !n.backlog {
			n.cursor = in.Signal
		}
		return
	}
	n.list.clear()
	switch {
	case n.backlog:
		if n.flying < MaxFlights { // room was made while the list came in
			n.backlog, n.nextSweep = false, t
		}
	case !in.Flags.Has(Done):
		n.nextSweep = t
	default:
		n.cursor = 0
		if n.reviewing {
			n.nextReview, n.nextSweep = t.Add(n.cfg.Review), t
		}
	}
}

// workOn begins what the signal needs. The rules are PROTOCOL 5.2 and 5.3.
func (n *Node) workOn(t Time, in *Input, out *Effects) {
	outdated := in.Flags.Has(Outdated) && (in.State == Received || in.State == Held)
	if !outdated && (in.State == Held || in.State == Received && n.control != Run) {
		return
	}
	if n.cfg.Broker.Lookup == order.LookupNone && (in.State == InDoubt || in.State == Submitted) {
		return
	}
	f := n.takeOff(in)
	if f == nil {
		return
	}
	switch {
	case outdated:
		f.attempt = 0
		n.record(t, f, Expired, false, NoReason, out)
	case in.State == Received:
		n.requestPermit(t, f, in.Attempt+1, false, out)
	case in.State == Submitting && in.Epoch == n.epoch && n.cfg.Broker.Class() != order.ClassA:
		// Granted under this epoch, yet no flight of ours knows of it: the
		// answer was lost, and nobody else could send it. Class A is left out:
		// there the same attempt may have been sent under an older epoch.
		n.record(t, f, Void, false, GateDeadline, out)
	case n.cfg.Broker.Lookup == order.LookupNone:
		n.doubt(t, f, true, out)
	default:
		n.send(t, f, Lookup, n.cfg.BrokerTimeout, out)
	}
}

// orderLookedUp decides by class what the broker's answer proves.
func (n *Node) orderLookedUp(t Time, f *flight, answer order.Answer, out *Effects) {
	if f.state == Submitted && (answer == order.Accepted || answer == order.Unknown) {
		n.land(t, f)
		return
	}
	switch answer {
	case order.Filled:
		n.record(t, f, Executed, false, NoReason, out)
	case order.Rejected:
		n.record(t, f, Rejected, false, NoReason, out)
	case order.Cancelled:
		n.record(t, f, Cancelled, false, NoReason, out)
	case order.Accepted:
		n.record(t, f, Submitted, false, NoReason, out)
	case order.Absent:
		n.orderAbsent(t, f, out)
	case order.Unknown:
		n.doubt(t, f, true, out)
	default:
		assert(false, "a broker's answer is known")
	}
}

// doubt records that the outcome is not known, unless the ledger has that
// already; a person is told once.
func (n *Node) doubt(t Time, f *flight, alert bool, out *Effects) {
	alert = alert && !f.flags.Has(Alerted)
	if f.state == InDoubt && !alert {
		n.land(t, f)
		return
	}
	n.record(t, f, InDoubt, alert, NoReason, out)
}

// orderAbsent weighs "no such order". Only class B makes it proof, and only
// once the broker itself would refuse a late arrival. Class A sends the same
// attempt again; class C asks a person.
func (n *Node) orderAbsent(t Time, f *flight, out *Effects) {
	if f.state == Submitted {
		// It was there before. That is for a person, once.
		if f.flags.Has(Alerted) {
			n.land(t, f)
			return
		}
		n.record(t, f, Submitted, true, NoReason, out)
		return
	}
	switch n.cfg.Broker.Class() {
	case order.ClassA:
		if f.flags.Has(Outdated) {
			n.doubt(t, f, true, out)
			return
		}
		if f.state == InDoubt && n.Believes(t) && n.control == Run {
			n.requestPermit(t, f, f.attempt, true, out)
			return
		}
		n.doubt(t, f, false, out)
	case order.ClassB:
		// At the bound itself the broker still accepts what was signed at send_by.
		if f.age > n.cfg.Broker.LateArrivalBound {
			n.record(t, f, Void, false, NoReason, out)
			return
		}
		n.doubt(t, f, false, out)
	case order.ClassC, order.ClassD:
		n.doubt(t, f, true, out)
	default:
		assert(false, "a broker has a class")
	}
}

// dropLookups ends the flights that only asked: a drainer waits for sends, not
// for questions.
func (n *Node) dropLookups() {
	for i := n.flying - 1; i >= 0; i-- {
		if n.flights[i].op == Lookup {
			n.flying--
			n.flights[i] = n.flights[n.flying]
			n.flights[n.flying] = flight{}
		}
	}
}

// Outcome is what an answer to Submit proves: "no" only from a broker whose
// refusals are definitive, and everything unclear is a doubt.
func Outcome(c order.Capability, answer order.Answer) SignalState {
	switch answer {
	case order.Filled:
		return Executed
	case order.Accepted:
		if c.Lookup == order.LookupNone {
			// It exists, but what becomes of it only a person can find out.
			return InDoubt
		}
		return Submitted
	case order.Cancelled:
		return Cancelled
	case order.Rejected:
		if c.DefinitiveReject {
			return Rejected
		}
		return InDoubt
	case order.Unknown, order.Absent:
		return InDoubt
	default:
		return InDoubt
	}
}
