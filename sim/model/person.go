package model

import (
	"fencepost/core"
	"fencepost/core/history"
)

// SetControl sets the control mode, under the exclusive lock that permits hold
// shared.
//
//	UPDATE authority SET control_mode = $mode; INSERT INTO control_history
func (p *Postgres) SetControl(now core.Time, mode core.Control) {
	assert(mode != core.ControlUnknown, "a control mode is set to a known one")
	p.authority.Known, p.authority.Control = true, mode
	seen := p.out.add(history.ControlSet, now, core.Token{})
	seen.Control, seen.Seq = mode, p.nextSeq()
}

// SetProtocol says which versions of the protocol may lead, zero and zero for every
// one, under the exclusive lock that takeovers hold. An incumbent goes on.
//
//	UPDATE authority SET protocol_min = $lowest, protocol_max = $highest
func (p *Postgres) SetProtocol(lowest, highest uint16) {
	p.authority.Known, p.authority.Protocol = true, uint32(lowest)<<16|uint32(highest)
}

// Decide carries out a person's decision about a signal, and reports whether
// there is such an arrow: what a signal in doubt turned out to be, Void for
// "the broker has no such order and will never have it"; Held, Received or
// Cancelled for one that nobody has sent.
//
// The attempt that stands moves with its signal, and has to have that arrow as
// well: a signal in doubt over an earlier attempt is not free again while a
// later one was sent, and before send_by that one is its sender's.
//
//	UPDATE signals SET state = $next, version = version + 1 WHERE state = ANY ($from)
//	AND NOT EXISTS (a standing attempt without the arrow, or submitting before send_by)
//	alerted_at = NULL unless $next is final: the next doubt has to be heard again
//	UPDATE attempts SET state = $outcome WHERE it is not void
func (p *Postgres) Decide(now core.Time, id core.SignalID, outcome core.SignalState) bool {
	s := p.signal(id)
	if s == nil || !mayDecide(s.State, outcome) {
		return false
	}
	if a := p.newestAttempt(s); a != nil && s.State == core.InDoubt {
		if !a.mayFollow(now, outcome) {
			return false
		}
		before := a.State
		if before != core.Void {
			a.State, a.Outcome = outcome, outcome
		}
		if outcome == core.Void && before != core.Void {
			p.out.addSignal(history.Voided, now, id, a.Number)
		}
	}
	next := afterOutcome(outcome)
	s.Alerted = s.Alerted && next.Final()
	p.setState(now, id, next)
	return true
}

// mayDecide reports whether a person may move a signal along that arrow.
func mayDecide(state, outcome core.SignalState) bool {
	switch outcome {
	case core.Held:
		return state == core.Received
	case core.Received:
		return state == core.Held
	case core.Cancelled:
		return state == core.InDoubt || state == core.Received || state == core.Held
	case core.Rejected:
		return state == core.InDoubt || state == core.Received
	case core.Void, core.Submitted, core.Executed:
		return state == core.InDoubt
	default:
		return false
	}
}

// mayFollow reports whether the attempt, unless it is void, can move to what a
// person says.
func (a *Attempt) mayFollow(now core.Time, outcome core.SignalState) bool {
	if a.State == core.Void {
		return true
	}
	_, arrow := a.State.After(outcome)
	return arrow && (a.State != core.Submitting || now > a.SendBy)
}

// AcceptAuthority is a person's repair after the database went back in time:
// the epochs up to the witness are entered as lost, so that the next one is
// higher than any that was ever led. A tenure that the database believes to be
// running ends first. Where no epoch was lost there is nothing to repair; that
// a person has looked is counted all the same, for that is what a barred node
// waits for.
//
//	UPDATE authority SET accepted = accepted + 1
//	UPDATE authority SET open = false; UPDATE leadership_history SET release_reason = 'lost'
//	while epoch < $witness: UPDATE authority SET epoch = epoch + 1, kind = 'lost', open = false
//	                        INSERT INTO leadership_history (closed)
func (p *Postgres) AcceptAuthority(now core.Time, witness core.Epoch) {
	a := &p.authority
	p.out.add(history.AuthorityAccepted, now, core.Token{}).Epoch = max(a.Epoch, witness)
	a.Known = true
	a.Accepted++
	if witness <= a.Epoch {
		return
	}
	a.Open = false
	for i := len(p.tenures) - 1; i >= 0 && p.tenures[i].Open; i-- {
		p.nextSeq()
		p.closeRow(now, &p.tenures[i], core.Lost)
	}
	for a.Epoch < witness {
		*a = Authority{
			Known: true, Epoch: a.Epoch + 1, TakenAt: now, Control: a.Control, Accepted: a.Accepted,
			Protocol: a.Protocol,
		}
		p.tenures = append(p.tenures, Tenure{
			Epoch: a.Epoch, Reason: core.Lost, OpenedAt: now, ClosedAt: now, Seq: p.nextSeq(),
			began: now,
		})
	}
}
