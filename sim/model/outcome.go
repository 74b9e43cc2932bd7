package model

import (
	"fencepost/core"
	"fencepost/core/history"
)

// ruling is what the ledger decides about an outcome.
type ruling uint8

// The rulings.
const (
	// refused: there is no such arrow, or a guard speaks against it.
	refused ruling = iota
	// same: it is recorded already; nothing changes.
	same
	// late: it is about a void attempt. It is kept with the attempt, and the
	// signal is in doubt.
	late
	// recorded: the arrow is drawn.
	recorded
)

// record takes an outcome into the ledger, guarded by the attempt and never by
// the epoch: what became of an order that was sent is a fact, whoever leads.
//
//	SELECT ... FROM signals FOR UPDATE
//	CASE ... (see rule) END
//	UPDATE signals SET state, version = version + 1, alerted_at; UPDATE attempts SET state, outcome
func (p *Postgres) record(now core.Time, e *core.Effect, reply *Reply) {
	s := p.signal(e.Signal)
	if s == nil {
		in := reply.next(core.RecordWasRefused)
		in.Signal, in.Attempt = e.Signal, e.Attempt
		return
	}
	a := p.attempt(s, e.Attempt)
	what := p.rule(now, e, s, a)
	switch what {
	case late:
		p.recordLate(now, e, s, a)
	case recorded:
		p.recordOutcome(now, e, s, a)
	case refused, same:
	default:
		assert(false, "a ruling is known")
	}
	kind := core.OutcomeWasRecorded
	if what == refused {
		kind = core.RecordWasRefused
	}
	in := reply.next(kind)
	in.Signal, in.Attempt, in.State, in.Version = e.Signal, e.Attempt, s.State, s.Version
	if what != refused && a != nil && a.State == core.Void && e.State != core.Void {
		in.Flags |= core.Late // also if it was recorded before, and the answer was lost
	}
	if what != refused && p.cfg.OneOpen && s.State.Final() && p.waits(e.Signal) {
		// The next one of the instrument need not wait for a sweep.
		reply.next(core.WorkHeard)
	}
}

// rule decides. The order of the cases matters: what is there already is no
// error whatever the guard says, for its answer may have been lost; and what
// the broker says of a void attempt is taken whatever was read. An attempt that
// is not void is the newest: the index on standing attempts sees to that.
func (p *Postgres) rule(now core.Time, e *core.Effect, s *Signal, a *Attempt) ruling {
	guarded := e.Version == 0 || e.Version == s.Version
	_, signalArrow := s.State.After(e.State)
	attemptArrow := false
	if a != nil {
		_, attemptArrow = a.State.After(e.State)
	}
	switch {
	case e.Attempt == 0:
		return ruleUnsent(e, s, guarded)
	case a == nil:
		return refused
	case a.State == core.Void:
		return ruleVoid(e, a, guarded)
	case !signalArrow || !attemptArrow:
		return refused
	case s.State == afterOutcome(e.State) && a.State == e.State && (s.Alerted || !e.Alert):
		return same
	case !guarded:
		return refused
	case a.State == core.Submitting && a.Token != e.Token && now <= a.SendBy:
		// Its sender may still send it.
		return refused
	case denies(e.State) && e.Version == 0 && a.Token != e.Token:
		// That this asker never sent it, or was refused, proves nothing about
		// who was given the same attempt to send again.
		return refused
	}
	return recorded
}

// denies reports whether an outcome says that no order came of the attempt.
func denies(outcome core.SignalState) bool { return outcome == core.Void || outcome == core.Rejected }

// ruleUnsent decides about a signal that nobody has sent: it can only expire
// or be rejected.
func ruleUnsent(e *core.Effect, s *Signal, guarded bool) ruling {
	arrow := false
	switch e.State {
	case core.Expired:
		_, arrow = s.State.After(core.Expired)
	case core.Rejected:
		arrow = s.State == core.Received
	default:
		return refused
	}
	switch {
	case s.State == e.State:
		return same
	case arrow && guarded:
		return recorded
	default:
		return refused
	}
}

// ruleVoid decides about an outcome of an attempt that was declared void. What
// the broker said is a fact and needs no guard; a node's own doubt does.
func ruleVoid(e *core.Effect, a *Attempt, guarded bool) ruling {
	if e.State == core.Void || a.Late != core.NoSignal && e.State == a.Late {
		return same
	}
	switch e.State {
	case core.Submitted, core.Executed, core.Rejected, core.Cancelled:
		return late
	case core.InDoubt:
		if guarded {
			return late
		}
		return refused
	default:
		return refused
	}
}

// afterOutcome is the state of a signal right after the outcome was recorded.
func afterOutcome(outcome core.SignalState) core.SignalState {
	if outcome == core.Void {
		return core.Received
	}
	return outcome
}

// recordOutcome draws the arrow. A void attempt gives its signal back only if
// the broker has not spoken of an earlier void one: somebody must look first,
// and is called. An alert ends with its doubt, so that the next one is heard.
func (p *Postgres) recordOutcome(now core.Time, e *core.Effect, s *Signal, a *Attempt) {
	next, alert := afterOutcome(e.State), e.Alert
	if a != nil {
		a.State, a.Outcome = e.State, e.State
	}
	if e.State == core.Void {
		p.out.addSignal(history.Voided, now, e.Signal, e.Attempt)
		if s.Late {
			next, alert = core.InDoubt, true
		}
	}
	if s.State == core.InDoubt && (next == core.Received || next == core.Submitted) {
		s.Alerted = false
	}
	s.Alerted = s.Alerted || alert
	p.setState(now, e.Signal, next)
}

// recordLate keeps the outcome with the void attempt and puts the signal, unless
// it is final, in doubt. A person is told in any case.
func (p *Postgres) recordLate(now core.Time, e *core.Effect, s *Signal, a *Attempt) {
	a.Late = e.State
	s.Late, s.Alerted = true, true
	next := core.InDoubt
	if s.State.Final() {
		next = s.State
	}
	p.setState(now, e.Signal, next)
}

// setState changes the signal's row: its version rises, and a final one leaves
// the list of the open ones.
func (p *Postgres) setState(now core.Time, id core.SignalID, next core.SignalState) {
	s := &p.signals[id]
	if next.Final() && !s.State.Final() {
		p.unlist(id)
	}
	s.State = next
	s.Version++
	seen := p.out.addSignal(history.StateSet, now, id, s.Attempt)
	seen.State, seen.Alerted = next, s.Alerted
}
