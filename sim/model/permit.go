package model

import (
	"fencepost/core"
	"fencepost/core/history"
)

// permit grants the right to send one order, once. The shared lock is held by
// a statement of its own before; here the whole is one call.
//
//	authority: epoch = $epoch AND token = $token AND open AND control_mode = 'run'
//	signals:   nothing of the instrument stands in the way (see inTheWay); a lock of the instrument
//	           is held by a statement of its own before
//	signals:   SET state = 'submitting', version = version + 1 WHERE it is as it was read
//	attempts:  INSERT the intent, or, to send again, renew it under this epoch
//	else a refusal, with a row in fence_refusals if epoch or tenure was the cause
func (p *Postgres) permit(now core.Time, e *core.Effect, reply *Reply) {
	reason := p.permitFence(e)
	fenced := reason != core.NoReason
	if fenced {
		p.refuse(now, e, reason)
	} else if reason = p.permitState(now, e); reason != core.NoReason {
		// Not the fence's refusal, so there is no row. The checkers see that a
		// request under a passed epoch never gets this far.
		p.refused(now, e, reason, false)
	}
	if reason != core.NoReason {
		in := reply.next(core.PermitWasRefused)
		in.Signal, in.Reason = e.Signal, reason
		in.Epoch, in.Control = p.authority.Epoch, p.authority.Control
		if fenced {
			in.Lineage, in.Accepted = p.lineage, p.authority.Accepted
		}
		return
	}
	s := p.signal(e.Signal)
	seq := p.nextSeq()
	if e.Resend {
		p.renewIntent(now, e, seq)
	} else {
		p.writeIntent(now, e, s, seq)
	}
	s.Attempt = e.Attempt
	p.permitted(now, e, seq)
	p.setState(now, e.Signal, core.Submitting)
	in := reply.next(core.PermitWasGranted)
	in.Signal, in.Attempt, in.Version, in.Control = e.Signal, e.Attempt, s.Version, p.authority.Control
}

// permitFence is the fence: the epoch that is the current one, its holder's
// own token, and an open tenure.
func (p *Postgres) permitFence(e *core.Effect) core.Reason {
	a := &p.authority
	switch {
	case !a.Known:
		return core.AuthorityGone
	case a.Epoch != e.Epoch || a.Token != e.Token:
		return core.Superseded
	case !a.Open:
		return core.TenureClosed
	}
	return core.NoReason
}

// permitState says what of the mode or of the signal speaks against a permit.
func (p *Postgres) permitState(now core.Time, e *core.Effect) core.Reason {
	if p.authority.Control != core.Run {
		return core.ControlMode
	}
	s := p.signal(e.Signal)
	if s == nil || s.Version != e.Version || s.outdated(now) || !p.attemptFits(s, e) ||
		!p.mayTakeTurn(now, e) {
		return core.StateChanged
	}
	return core.NoReason
}

// attemptFits reports whether the signal waits for this attempt: a new one,
// numbered next, while none stands, or the standing one, in doubt, once more.
func (p *Postgres) attemptFits(s *Signal, e *core.Effect) bool {
	newest := p.newestAttempt(s)
	if e.Resend {
		return s.State == core.InDoubt && newest != nil && newest.Number == e.Attempt &&
			newest.State == core.InDoubt
	}
	return s.State == core.Received && s.Attempt+1 == e.Attempt &&
		(newest == nil || newest.State == core.Void)
}

// writeIntent inserts the row of a new attempt.
func (p *Postgres) writeIntent(now core.Time, e *core.Effect, s *Signal, seq uint64) {
	p.attempts = append(p.attempts, Attempt{
		Signal: e.Signal, Number: e.Attempt, Epoch: e.Epoch, Token: e.Token, State: core.Submitting,
		SendBy: now.Add(p.cfg.SendBy), Seq: seq, older: s.newest,
	})
	s.newest = int32(len(p.attempts) - 1)
}

// renewIntent puts the standing attempt under the asker's epoch and token, with
// a send_by of its own.
func (p *Postgres) renewIntent(now core.Time, e *core.Effect, seq uint64) {
	a := p.newestAttempt(p.signal(e.Signal))
	a.Epoch, a.Token, a.State = e.Epoch, e.Token, core.Submitting
	a.SendBy, a.Seq = now.Add(p.cfg.SendBy), seq
}

// permitted tells of a permit.
func (p *Postgres) permitted(now core.Time, e *core.Effect, seq uint64) {
	seen := p.out.add(history.Permitted, now, e.Token)
	seen.Epoch, seen.Seq, seen.Current = e.Epoch, seq, p.authority.Epoch
	seen.Signal, seen.Attempt = e.Signal, e.Attempt
}

// reread reads the signal's newest attempt, if it has one.
//
//	SELECT attempt, version, state, epoch, token, clock_timestamp() - send_by
func (p *Postgres) reread(now core.Time, e *core.Effect, in *core.Input) {
	in.Signal = e.Signal
	s := p.signal(e.Signal)
	if s == nil {
		return
	}
	in.Attempt, in.Version, in.State = s.Attempt, s.Version, s.State
	p.tellAttempt(now, s, in)
	if a := p.newestAttempt(s); a != nil {
		in.Token = a.Token
	}
}

// tellAttempt fills in what the answer says of the newest attempt and of the
// signal's limits.
func (p *Postgres) tellAttempt(now core.Time, s *Signal, in *core.Input) {
	if a := p.newestAttempt(s); a != nil {
		in.Epoch, in.Age = a.Epoch, now.Sub(a.SendBy)
		if now > a.SendBy {
			in.Flags |= core.Overdue
		}
	}
	if s.outdated(now) {
		in.Flags |= core.Outdated
	}
	if s.Alerted {
		in.Flags |= core.Alerted
	}
}
