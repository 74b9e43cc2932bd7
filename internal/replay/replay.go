package replay

import (
	"math"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/internal/recorder"
)

// Call is a call that the node wanted, at the instant of the step; it left then,
// unless the process was held or stopped.
type Call struct {
	// At is in true nanoseconds.
	At     int64
	Effect core.Effect
}

// Answer is an input that answers a call, at the instant at which the node was
// told.
type Answer struct {
	// At is in true nanoseconds.
	At    int64
	Input core.Input
	// Call is what it answers: the epoch of a permit or a heartbeat that was
	// refused or confirmed stands there. Nil if that call is long gone.
	Call *Call
}

// Listener is told what a journal holds, in its order. A function that is nil is
// not called. What the pointers point at is good until the next call.
type Listener struct {
	// When converts an instant of the node's boot clock into true nanoseconds. It
	// is asked about instants to come too: when that clock will show them.
	When func(core.Time) int64
	// Node returns the number of the node that the process ran on, by its nonce,
	// or history.None.
	Node func(core.Nonce) int16

	Record func(*history.Record)
	Called func(*Call)
	// Answered is told before the records of the step in which the node was told.
	Answered func(*Answer)
}

// Never is the end of a belief that has no end: the node would believe at its
// own deadline.
const Never = math.MaxInt64

// remembered is how many calls an answer is looked for among. A node has some
// twenty under way, and gives each up within its time limit.
const remembered = 1024

// player follows one node.
type player struct {
	Listener
	node   int16
	at     int64
	record history.Record
	answer Answer
	calls  [remembered]Call

	role     core.Role
	believes bool
	until    int64
	deadline core.Time
	ends     int64
	held     core.Token
}

// Play reads the journal from its beginning and tells the listener. The result
// says how far that went: nothing is told from the first step on whose effects
// are not known, or not those of this build. The journal must not have been
// read before.
func Play(j *recorder.Journal, l Listener) *recorder.Result {
	p := &player{Listener: l, node: history.None}
	if h := j.Header(); h.Nonce != 0 {
		p.node, p.at = l.Node(h.Nonce), l.When(h.Started.Boot)
		p.tell(&history.Record{Kind: history.NodeUp})
	}
	return recorder.Walk(j, p.step)
}

// step tells of one step: the answer, what the node believes since then, and
// what it wants done, as the simulator does.
func (p *player) step(s *recorder.Step, n *core.Node, effects []core.Effect) {
	p.at = p.When(s.Now.Boot)
	p.answered(&s.Input)
	p.observeRole(n, s.Now.Boot)
	p.observeBelief(n)
	for i := range effects {
		e := &effects[i]
		if e.Op == core.NoOp {
			p.announce(e)
			continue
		}
		call := &p.calls[e.Req%remembered]
		*call = Call{At: p.at, Effect: *e}
		if p.Called != nil {
			p.Called(call)
		}
		if e.Op == core.Submit {
			p.tell(&history.Record{
				Kind: history.Announced, Event: event.OrderSent, Subject: p.node,
				Signal: e.Signal, Attempt: e.Attempt, Epoch: e.Epoch,
			})
		}
	}
}

// answered tells of an input that answers a call.
func (p *player) answered(in *core.Input) {
	if p.Answered == nil || in.Req == 0 {
		return
	}
	p.answer = Answer{At: p.at, Input: *in}
	if call := &p.calls[in.Req%remembered]; call.Effect.Req == in.Req {
		p.answer.Call = call
	}
	p.Answered(&p.answer)
}

// announce tells of an announcement.
func (p *player) announce(e *core.Effect) {
	if e.Event == event.PermitRefused && (e.Reason == core.Superseded || e.Reason == core.TenureClosed) {
		return // the ledger tells it itself, when it refuses
	}
	p.tell(&history.Record{
		Kind: history.Announced, Event: e.Event, By: e.By, Op: e.About, State: e.State, Reason: e.Reason,
		Answer: e.Answer, Subject: p.Node(e.Subject), Attempt: e.Attempt, Epoch: e.Epoch,
		Signal: e.Signal, Token: e.Token,
	})
}

// observeRole tells when nothing more will come of a step-down.
func (p *player) observeRole(n *core.Node, boot core.Time) {
	role := n.Role()
	if role == p.role {
		return
	}
	was := p.role
	p.role = role
	if role == core.Leader || role == core.Draining {
		p.held = n.Status(boot).Token
	}
	if role == core.Follower && (was == core.Draining || was == core.Leader) {
		p.tell(&history.Record{Kind: history.Drained, Token: p.held})
	}
}

// observeBelief tells what the node believes since this step.
func (p *player) observeBelief(n *core.Node) {
	deadline := n.TrustDeadline()
	if deadline == 0 {
		if p.believes {
			p.believes, p.until = false, 0
			p.tell(&history.Record{Kind: history.BeliefEnded})
		}
		return
	}
	if deadline != p.deadline || p.until == 0 {
		p.deadline, p.ends = deadline, p.When(deadline)
	}
	until := p.ends
	if n.Believes(deadline) {
		// Whoever would believe at its own deadline knows no deadline.
		until = Never
	}
	if p.believes && until == p.until {
		return
	}
	p.believes, p.until = true, until
	p.tell(&history.Record{Kind: history.BeliefHeld, Epoch: n.Epoch(), Until: until})
}

// tell hands a record over.
func (p *player) tell(r *history.Record) {
	if p.Record == nil {
		return
	}
	p.record = *r
	p.record.At, p.record.Node = p.at, p.node
	p.Record(&p.record)
}
