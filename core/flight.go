package core

import (
	"time"

	"fencepost/core/event"
	"fencepost/core/order"
)

// flight is one signal that this node works on. A node has at most one flight
// per signal; while an order may be under way, its flight never ends without
// an outcome in the ledger.
type flight struct {
	// lane holds the call under way: Permit, Reread, Submit, Lookup or Record.
	// Between two tries of one that may be repeated it only has a deadline.
	lane
	signal  SignalID
	state   SignalState // as the ledger had it
	outcome SignalState // what is being recorded
	reason  Reason
	resend  bool
	refused bool // the second send, by the broker
	alert   bool
	flags   Flags // of the reading: Alerted, Outdated
	attempt uint32
	// version guards what is decided from a reading; zero once the flight has
	// a permit of its own, for then it records facts.
	version uint32
	// limit is the last instant at which this permit lets an order leave.
	limit Time
	epoch Epoch
	token Token
	// age is the time since the attempt's send_by, by the database's clock.
	age time.Duration
}

// flightOf returns the signal's flight, or nil.
func (n *Node) flightOf(signal SignalID) *flight {
	for i := range n.flights[:n.flying] {
		if n.flights[i].signal == signal {
			return &n.flights[i]
		}
	}
	return nil
}

// takeOff starts a flight for a signal that was found, if there is room.
func (n *Node) takeOff(in *Input) *flight {
	if n.flying == MaxFlights {
		n.backlog = true
		return nil
	}
	f := &n.flights[n.flying]
	n.flying++
	*f = flight{
		lane: lane{deadline: Never}, signal: in.Signal, state: in.State, attempt: in.Attempt,
		version: in.Version, age: in.Age, flags: in.Flags, epoch: n.epoch, token: n.token,
	}
	return f
}

// land ends the flight. The last one takes its place in the array.
func (n *Node) land(t Time, f *flight) {
	n.flying--
	*f = n.flights[n.flying]
	n.flights[n.flying] = flight{}
	if n.backlog && !n.list.busy() {
		n.backlog = false
		n.nextSweep = min(n.nextSweep, t)
	}
}

// send starts a call about the flight.
func (n *Node) send(t Time, f *flight, op Op, timeout time.Duration, out *Effects) *Effect {
	effect := n.call(t, &f.lane, op, timeout, out)
	effect.Signal, effect.Attempt, effect.Epoch, effect.Token = f.signal, f.attempt, f.epoch, f.token
	return effect
}

// record takes the outcome into the ledger and does not rest until it is
// there: an outcome is a fact, and facts are recorded whoever leads by now.
func (n *Node) record(t Time, f *flight, outcome SignalState, alert bool, reason Reason, out *Effects) {
	f.outcome, f.alert, f.reason = outcome, alert, reason
	effect := n.send(t, f, Record, n.cfg.StoreTimeout, out)
	effect.State, effect.Alert, effect.Reason, effect.Version = outcome, alert, reason, f.version
}

// acceptFlight takes an answer about one signal.
func (n *Node) acceptFlight(t Time, in *Input, out *Effects) {
	f := n.awaiting(in.Req)
	if f == nil {
		return
	}
	if f.op.Store() == Postgres {
		n.heard(t, &f.lane, in, out)
	}
	f.req, f.deadline = 0, Never
	switch in.Kind {
	case PermitWasGranted:
		n.permitGranted(t, f, in, out)
	case PermitWasRefused:
		n.permitRefused(t, f, in, out)
	case AttemptRead:
		n.attemptRead(t, f, in, out)
	case OrderAnswered:
		n.orderAnswered(t, f, in.Answer, out)
	case OrderWithheld:
		n.neverSent(t, f, GateDeadline, out)
	case OrderLookedUp:
		n.orderLookedUp(t, f, in.Answer, out)
	case OutcomeWasRecorded:
		n.outcomeRecorded(t, f, in, out)
	case RecordWasRefused:
		n.land(t, f)
	default:
		assert(false, "a flight is answered with an input of its own")
	}
}

// awaiting returns the flight that awaits the answer, or nil.
func (n *Node) awaiting(req uint32) *flight {
	if req == 0 {
		return nil
	}
	for i := range n.flights[:n.flying] {
		if n.flights[i].req == req {
			return &n.flights[i]
		}
	}
	return nil
}

// outcomeEvents are announced when a signal comes into the state.
var outcomeEvents = [stateCount]event.Event{
	Executed: event.SignalExecuted, InDoubt: event.SignalInDoubt, Expired: event.SignalExpired,
}

// outcomeRecorded announces what the signal has become.
func (n *Node) outcomeRecorded(t Time, f *flight, in *Input, out *Effects) {
	if in.State == Received {
		n.nextSweep = min(n.nextSweep, t)
	}
	if what := outcomeEvents[in.State]; what != event.None && in.State != f.state {
		said := n.announce(what, out)
		said.Signal, said.Attempt, said.State = f.signal, f.attempt, in.State
	}
	if f.alert || in.Flags.Has(Late) || in.State == InDoubt && f.outcome != InDoubt {
		said := n.announce(event.AlertRaised, out)
		said.Signal, said.Attempt, said.State, said.Reason = f.signal, f.attempt, in.State, f.reason
	}
	if in.State == InDoubt && n.cfg.Broker.Class() == order.ClassA && !f.refused {
		soon := t.Add(n.cfg.Retry)
		n.nextReview, n.nextSweep = min(n.nextReview, soon), min(n.nextSweep, soon)
	}
	n.land(t, f)
}

// flightUnknown takes the news that a flight's call failed or was cut.
func (n *Node) flightUnknown(t Time, req uint32, out *Effects) {
	if f := n.awaiting(req); f != nil {
		n.flightCallEnded(t, f, out)
	}
}

// endFlightCalls gives up the calls whose time has passed, and starts those that
// are due again. Landing moves the last flight: the walk goes backwards.
func (n *Node) endFlightCalls(t Time, out *Effects) {
	for i := n.flying - 1; i >= 0; i-- {
		f := &n.flights[i]
		if t < f.deadline {
			continue
		}
		if f.req != 0 {
			n.flightCallEnded(t, f, out)
			continue
		}
		n.flightRetry(t, f, out)
	}
}

// flightCallEnded goes on after a call whose outcome is unknown. Only readings
// and records are asked again; whether a permit was granted is read back.
func (n *Node) flightCallEnded(t Time, f *flight, out *Effects) {
	unknown := n.announce(event.OutcomeUnknown, out)
	unknown.Signal, unknown.Attempt, unknown.About = f.signal, f.attempt, f.op
	if f.op.Store() == Postgres {
		n.degraded(t, f.op, Unavailable, out)
	}
	f.req = 0
	switch f.op {
	case Permit:
		n.reread(t, f, out)
	case Submit:
		n.orderAnswered(t, f, order.Unknown, out)
	case Lookup:
		n.orderLookedUp(t, f, order.Unknown, out)
	default:
		f.deadline = t.Add(n.cfg.Retry / 2)
	}
}

// flightRetry starts again what may be asked twice.
func (n *Node) flightRetry(t Time, f *flight, out *Effects) {
	if f.op == Reread {
		n.reread(t, f, out)
		return
	}
	assert(f.op == Record, "only readings and records are repeated")
	n.record(t, f, f.outcome, f.alert, f.reason, out)
}

// nextDeadline is the earliest instant at which a call has to be given up, or a
// flight needs a turn.
func (n *Node) nextDeadline() Time {
	wake := min(n.lease.deadline, n.ledger.deadline, n.beat.deadline, n.list.deadline)
	for i := range n.flights[:n.flying] {
		wake = min(wake, n.flights[i].deadline)
	}
	return wake
}
