package core

import "time"

// phase says what a flight waits for.
type phase uint8

// The phases of a flight.
const (
	// permitting: the ledger was asked for leave to send.
	permitting phase = iota + 1
	// rereading: the answer to that was lost, and is read back.
	rereading
	// sending: the order is on its way, or the broker's answer is.
	sending
	// lookingUp: the broker was asked what became of an earlier send.
	lookingUp
	// recording: the outcome is on its way into the ledger.
	recording
)

// flight is one signal that this node works on. A node has at most one flight
// per signal; while an order may be under way, its flight never ends without
// an outcome in the ledger.
type flight struct {
	signal  SignalID
	phase   phase
	state   SignalState // as the ledger had it
	outcome SignalState // what is being recorded
	reason  Reason
	resend  bool
	alert   bool
	alerted bool
	attempt uint32
	// version guards what is decided from a reading; zero once the flight has
	// a permit of its own, for then it records facts.
	version uint32
	req     uint32
	// started and deadline belong to the call under way; without one, deadline
	// is when the next is due.
	started  Time
	deadline Time
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
		signal: in.Signal, state: in.State, attempt: in.Attempt, version: in.Version, age: in.Age,
		epoch: n.epoch, token: n.token, deadline: Never, alerted: in.Flags.Has(Alerted),
	}
	return f
}

// land ends the flight. The last one takes its place in the array.
func (n *Node) land(t Time, f *flight) {
	n.flying--
	*f = n.flights[n.flying]
	n.flights[n.flying] = flight{}
	if n.backlog {
		n.backlog = false
		n.nextSweep = min(n.nextSweep, t)
	}
}

// send starts a call for the flight.
func (n *Node) send(t Time, f *flight, p phase, op Op, timeout time.Duration, out *Effects) *Effect {
	n.reqs++
	f.phase, f.req, f.started, f.deadline = p, n.reqs, t, t.Add(timeout)
	effect := out.next()
	effect.Op, effect.Req, effect.Timeout = op, n.reqs, timeout
	effect.Signal, effect.Attempt, effect.Epoch, effect.Token = f.signal, f.attempt, f.epoch, f.token
	return effect
}

// record takes the outcome into the ledger and does not rest until it is
// there: an outcome is a fact, and facts are recorded whoever leads by now.
func (n *Node) record(t Time, f *flight, outcome SignalState, alert bool, reason Reason, out *Effects) {
	f.outcome, f.alert, f.reason = outcome, alert, reason
	effect := n.send(t, f, recording, Record, n.cfg.StoreTimeout, out)
	effect.State, effect.Alert, effect.Reason, effect.Version = outcome, alert, reason, f.version
}

// acceptFlight takes an answer about one signal.
func (n *Node) acceptFlight(t Time, in *Input, out *Effects) {
	f := n.awaiting(in.Req)
	if f == nil {
		return
	}
	f.req = 0
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

// outcomeRecorded announces what the signal has become.
func (n *Node) outcomeRecorded(t Time, f *flight, in *Input, out *Effects) {
	event := NoEvent
	switch in.State {
	case Executed:
		event = SignalExecutedEvent
	case InDoubt:
		event = SignalInDoubtEvent
	case Expired:
		event = SignalExpiredEvent
	case Received:
		n.nextSweep = min(n.nextSweep, t)
	default:
	}
	if event != NoEvent && (in.State != f.state || f.phase != recording) {
		said := n.announce(event, out)
		said.Signal, said.Attempt, said.State = f.signal, f.attempt, in.State
	}
	if f.alert || in.State == InDoubt && f.outcome != InDoubt {
		said := n.announce(AlertRaisedEvent, out)
		said.Signal, said.Attempt, said.State, said.Reason = f.signal, f.attempt, in.State, f.reason
	}
	if in.State == InDoubt && n.cfg.Broker.Class() == ClassA {
		n.nextReview = min(n.nextReview, t)
		n.nextSweep = min(n.nextSweep, t)
	}
	n.land(t, f)
}

// flightUnknown takes the news that a flight's call failed or was cut.
func (n *Node) flightUnknown(t Time, req uint32, out *Effects) {
	if f := n.awaiting(req); f != nil {
		n.flightCallEnded(t, f, out)
	}
}

// endFlightCalls gives up the flights' calls whose time has passed, and starts
// those that are due again. Landing moves the last flight, so the walk goes
// backwards.
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

// flightCallEnded goes on after a call whose outcome is unknown.
func (n *Node) flightCallEnded(t Time, f *flight, out *Effects) {
	unknown := n.announce(OutcomeUnknownEvent, out)
	unknown.Signal, unknown.Attempt = f.signal, f.attempt
	f.req = 0
	switch f.phase {
	case permitting:
		unknown.About = Permit
		n.reread(t, f, out)
	case rereading:
		unknown.About = Reread
		f.deadline = t.Add(n.cfg.Retry / 2)
	case sending:
		unknown.About = Submit
		n.orderAnswered(t, f, AnswerUnknown, out)
	case lookingUp:
		unknown.About = Lookup
		n.orderLookedUp(t, f, AnswerUnknown, out)
	case recording:
		unknown.About = Record
		f.deadline = t.Add(n.cfg.Retry / 2)
	default:
		assert(false, "a flight has a known phase")
	}
}

// flightRetry starts again what may be asked twice: readings and records.
func (n *Node) flightRetry(t Time, f *flight, out *Effects) {
	switch f.phase {
	case rereading:
		n.reread(t, f, out)
	case recording:
		n.record(t, f, f.outcome, f.alert, f.reason, out)
	default:
		assert(false, "only readings and records are repeated")
	}
}

// nextFlightDeadline is the earliest instant at which a flight needs a turn.
func (n *Node) nextFlightDeadline() Time {
	wake := Never
	for i := range n.flights[:n.flying] {
		wake = min(wake, n.flights[i].deadline)
	}
	return wake
}
