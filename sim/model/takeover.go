package model

import (
	"fencepost/core"
	"fencepost/core/history"
)

// takeEpoch takes the epoch after the one observed, in one transaction under
// the exclusive lock. A call that is repeated after its answer was lost finds
// its own token and takes nothing.
//
//	INSERT INTO authority ON CONFLICT DO NOTHING
//	UPDATE authority SET epoch = epoch + 1, token = $token, open = true, ...
//	WHERE epoch = $observed AND token <> $token AND $speaks within the range
//	AND NOT (somebody else's tenure that must be respected)
//	UPDATE leadership_history of the predecessor; INSERT INTO leadership_history; heartbeat of the holder
func (p *Postgres) takeEpoch(now core.Time, e *core.Effect, reply *Reply) {
	a := &p.authority
	a.Known = true
	p.noteLineage(now)
	switch {
	case a.Token == e.Token && a.Open:
		p.tookBefore(now, reply.next(core.EpochWasTaken))
	case !a.admits(e.Protocol):
		in := reply.next(core.EpochWasRefused)
		in.Epoch, in.Reason, in.Control = a.Epoch, core.NotAdmitted, a.Control
	case a.Token == e.Token || a.Epoch != e.Epoch || p.mustYield(now, e):
		in := reply.next(core.EpochWasRefused)
		in.Epoch, in.Reason, in.Control = a.Epoch, core.StateChanged, a.Control
	default:
		p.take(now, e, reply.next(core.EpochWasTaken))
	}
}

// admits reports whether a taker that speaks this version of the protocol may lead.
func (a *Authority) admits(speaks uint16) bool {
	lowest, highest := uint16(a.Protocol>>16), uint16(a.Protocol)
	return a.Protocol == 0 || lowest <= speaks && speaks <= highest
}

// mustYield reports whether the taker has to respect a tenure of another: any
// live one if it takes an epoch of kind pg, a live one of kind pg otherwise. A
// server that came up, or took another's place, less than a ttl ago may lack
// heartbeats; until it knows better nobody takes an epoch of kind pg.
func (p *Postgres) mustYield(now core.Time, e *core.Effect) bool {
	others := p.live(now) && p.authority.Token.Nonce != e.Token.Nonce
	if e.Tenure == core.TenurePG {
		others = others || now.Sub(p.seen) <= p.cfg.TTL
		return others || p.supersededLately(now, e) || now.Sub(p.started) <= p.cfg.TTL
	}
	return others && p.authority.Kind == core.TenurePG
}

// noteLineage notes when a server is seen for the first time. The first one of
// all has replaced nobody.
//
//	INSERT INTO authority_lineages (system_identifier, timeline, first_seen_at) ON CONFLICT DO NOTHING
func (p *Postgres) noteLineage(now core.Time) {
	switch p.noted {
	case p.lineage:
		return
	case 0:
		p.seen = longUp
	default:
		p.seen = now
	}
	p.noted = p.lineage
}

// supersededLately reports whether a tenure of another process was superseded
// less than a ttl ago. Its holder was not asked, and may believe still; whoever
// takes over through Redis has its lease to tell.
//
//	EXISTS (SELECT FROM leadership_history
//	        WHERE release_reason = 'superseded' AND released_leader_at > now - ttl)
func (p *Postgres) supersededLately(now core.Time, e *core.Effect) bool {
	for i := len(p.tenures) - 1; i >= 0; i-- {
		row := &p.tenures[i]
		if row.Open || row.Reason != core.Superseded || row.Token.Nonce == e.Token.Nonce {
			continue
		}
		return now.Sub(row.ClosedAt) < p.cfg.TTL
	}
	return false
}

// tookBefore answers a takeover that was carried out already. It counts as a
// heartbeat, and renews the lease of kind pg: the taker will count its trust
// from the request that is answered, and that is this one.
//
//	INSERT INTO instance_metadata ON CONFLICT DO UPDATE SET last_heartbeat = clock_timestamp()
//	UPDATE authority SET pg_lease_until WHERE token = $token AND open AND kind = 'pg'
func (p *Postgres) tookBefore(now core.Time, in *core.Input) {
	a := &p.authority
	in.Epoch, in.Control = a.Epoch, a.Control
	p.beat(now)
	if a.Kind == core.TenurePG {
		a.LeaseUntil = now.Add(p.cfg.TTL)
	}
	p.out.add(history.HeartbeatSet, now, a.Token).Epoch = a.Epoch
	for i := len(p.tenures) - 1; i >= 0; i-- {
		if row := &p.tenures[i]; row.Epoch+1 == in.Epoch {
			in.Token = row.Token
			if row.Reason == core.Superseded {
				in.Flags |= core.Open
			}
			return
		}
	}
}

// take replaces the authority's holder and writes the history.
func (p *Postgres) take(now core.Time, e *core.Effect, in *core.Input) {
	a := &p.authority
	in.Token, in.Age, in.Control = a.Token, p.age(now), a.Control
	if a.Open {
		in.Flags |= core.Open
	}
	seq := p.nextSeq()
	*a = Authority{
		Known: true, Epoch: a.Epoch + 1, Token: e.Token, Kind: e.Tenure, Open: true,
		TakenAt: now, BeatAt: now, Control: a.Control, Accepted: a.Accepted, Protocol: a.Protocol,
	}
	if e.Tenure == core.TenurePG {
		a.LeaseUntil = now.Add(p.cfg.TTL)
	}
	in.Epoch = a.Epoch
	seen := p.out.add(history.TenureOpened, now, e.Token)
	seen.Epoch, seen.Seq, seen.Tenure = a.Epoch, seq, a.Kind
	p.closePredecessor(now)
	p.openHistory(now, seq)
}

// closePredecessor closes the row that the predecessor left open.
//
//	UPDATE leadership_history SET released_leader_at = taken_at, release_reason = 'superseded'
//	WHERE epoch < authority.epoch AND released_leader_at IS NULL
func (p *Postgres) closePredecessor(now core.Time) {
	for i := len(p.tenures) - 1; i >= 0 && p.tenures[i].Open; i-- {
		p.closeRow(now, &p.tenures[i], core.Superseded)
	}
}

// openHistory writes the new tenure's row.
func (p *Postgres) openHistory(now core.Time, seq uint64) {
	a := &p.authority
	p.tenures = append(p.tenures, Tenure{
		Epoch: a.Epoch, Token: a.Token, Kind: a.Kind, Open: true, OpenedAt: a.TakenAt, Seq: seq, began: now,
	})
}

// closeRow ends a row of the history. A clock that was set back ends it when
// it began.
func (p *Postgres) closeRow(now core.Time, row *Tenure, reason core.Reason) {
	row.Open, row.Reason = false, reason
	row.ClosedAt = max(now, row.OpenedAt)
	p.ended(now, row)
}

// ended tells of a row that was closed, and what the clock really saw.
func (p *Postgres) ended(now core.Time, row *Tenure) {
	seen := p.out.add(history.TenureEnded, now, row.Token)
	seen.Epoch, seen.Reason, seen.Seq = row.Epoch, row.Reason, p.fenceSeq
	seen.Span = int64(row.ClosedAt.Sub(row.OpenedAt))
	seen.Until = int64(max(now, row.began).Sub(row.began))
}

// resign closes the caller's own tenure, under the exclusive lock. Closing it
// twice is no error. A tenure that a younger epoch has replaced was closed by
// that one.
//
//	UPDATE authority SET open = false WHERE epoch = $epoch AND token = $token AND open
//	UPDATE leadership_history SET released_leader_at, release_reason = $reason
//	else INSERT INTO fence_refusals
func (p *Postgres) resign(now core.Time, e *core.Effect, reply *Reply) {
	a := &p.authority
	switch reason := p.closingFence(e); reason {
	case core.TenureClosed:
		reply.next(core.TenureWasClosed).Epoch = e.Epoch
	case core.NoReason:
		a.Open = false
		p.nextSeq()
		p.accepted(now, e)
		p.closeOwn(now, e)
		reply.next(core.TenureWasClosed).Epoch = e.Epoch
	default:
		p.refuse(now, e, reason)
		reply.next(core.CloseWasRefused).Epoch = a.Epoch
	}
}

// closingFence says what of the authority speaks against a closing.
func (p *Postgres) closingFence(e *core.Effect) core.Reason {
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

// closeOwn closes the tenure's row in the history, with the reason.
func (p *Postgres) closeOwn(now core.Time, e *core.Effect) {
	for i := len(p.tenures) - 1; i >= 0; i-- {
		if row := &p.tenures[i]; row.Epoch == e.Epoch && row.Open {
			p.closeRow(now, row, e.Reason)
			return
		}
	}
}
