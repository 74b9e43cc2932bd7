package model

import (
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

// observe reads the authority row in a statement that waits for no lock.
//
//	SELECT epoch, token, kind, open, live, control_mode, protocol, accepted,
//	       clock_timestamp() - greatest(heartbeat, taken_at), system_identifier and timeline_id
func (p *Postgres) observe(now core.Time, in *core.Input) {
	a := &p.authority
	in.Epoch, in.Token, in.Tenure, in.Control = a.Epoch, a.Token, a.Kind, a.Control
	in.Age, in.Protocol, in.Server = p.age(now), a.Protocol, now
	in.Lineage, in.Accepted = p.lineage, a.Accepted
	if a.Open {
		in.Flags |= core.Open
	}
	if p.live(now) {
		in.Flags |= core.Live
	}
}

// age is how old the holder's last heartbeat is; zero if nobody ever led.
func (p *Postgres) age(now core.Time) time.Duration {
	if p.authority.Epoch == 0 {
		return 0
	}
	return now.Sub(max(p.authority.BeatAt, p.authority.TakenAt))
}

// live reports whether the tenure is open and its lease may still run: the
// column of kind pg, or, of kind redis, a heartbeat without which its holder
// cannot believe for longer than a ttl.
//
//	open AND CASE kind WHEN 'pg' THEN pg_lease_until > clock_timestamp() ELSE age <= ttl END
func (p *Postgres) live(now core.Time) bool {
	a := &p.authority
	if !a.Open {
		return false
	}
	if a.Kind == core.TenurePG {
		return a.LeaseUntil > now
	}
	return p.age(now) <= p.cfg.TTL
}

// heartbeat writes the heartbeat of the process. Without an epoch it is a
// follower's, who is told who stands in the authority row. With an epoch it is
// the leader's:
//
//	UPDATE heartbeat, lease WHERE authority.epoch = $epoch AND token = $token AND open
//	else INSERT INTO fence_refusals
func (p *Postgres) heartbeat(now core.Time, e *core.Effect, asker core.Nonce, reply *Reply) {
	if e.Epoch == 0 {
		p.followerBeat(now, asker)
		p.noteLineage(now)
		p.observe(now, reply.next(core.AuthorityObserved))
		return
	}
	if reason := p.heartbeatFence(e); reason != core.NoReason {
		p.refuse(now, e, reason)
		in := reply.next(core.HeartbeatWasRefused)
		in.Epoch, in.Reason = p.authority.Epoch, reason
		in.Lineage, in.Accepted = p.lineage, p.authority.Accepted
		return
	}
	p.leaderBeat(now, e)
	in := reply.next(core.HeartbeatConfirmed)
	in.Epoch, in.Control, in.Server = e.Epoch, p.authority.Control, now
	in.Protocol = p.authority.Protocol
}

// heartbeatFence says what of the authority speaks against a heartbeat.
func (p *Postgres) heartbeatFence(e *core.Effect) core.Reason {
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

// followerBeat keeps a row that is flagged as the leader's as it is: a leader
// that came back as a follower, with its tenure left open, must go on looking
// stale.
//
//	UPDATE instance_metadata SET last_heartbeat = clock_timestamp() WHERE nonce = $nonce AND NOT is_leader
func (p *Postgres) followerBeat(now core.Time, asker core.Nonce) {
	if asker != 0 && asker == p.authority.Token.Nonce && !p.authority.Open {
		p.beat(now)
	}
}

// leaderBeat writes the heartbeat, and renews the lease of kind pg with it.
func (p *Postgres) leaderBeat(now core.Time, e *core.Effect) {
	a := &p.authority
	if a.Token.Nonce == e.Token.Nonce {
		p.beat(now)
	}
	if a.Kind == core.TenurePG {
		a.LeaseUntil = now.Add(p.cfg.TTL)
	}
	p.out.add(history.HeartbeatSet, now, e.Token).Epoch = e.Epoch
	p.accepted(now, e)
}

// accepted tells of a heartbeat or a closing that was carried out.
func (p *Postgres) accepted(now core.Time, e *core.Effect) {
	seen := p.out.add(history.EffectAccepted, now, e.Token)
	seen.Op, seen.Epoch, seen.Current = e.Op, e.Epoch, p.authority.Epoch
}

// refuse leaves a row about a permit, heartbeat or closing that was refused
// because of its epoch or its tenure.
//
//	INSERT INTO fence_refusals (op, epoch, current_epoch, token, signal, reason)
func (p *Postgres) refuse(now core.Time, e *core.Effect, reason core.Reason) {
	rows := p.refusals
	p.refusals++
	p.refused(now, e, reason, p.refusals > rows)
}

// refused tells of a permit, heartbeat or closing that was refused, whatever
// for, and whether a row says so.
func (p *Postgres) refused(now core.Time, e *core.Effect, reason core.Reason, logged bool) {
	seen := p.out.add(history.EffectRefused, now, e.Token)
	seen.Op, seen.Epoch, seen.Current, seen.Reason = e.Op, e.Epoch, p.authority.Epoch, reason
	seen.Signal, seen.Attempt, seen.Logged = e.Signal, e.Attempt, logged
}

// beats are the holder's last heartbeats. Those of kind redis are committed in
// memory first, and a crash may lose the youngest.
type beats struct {
	count uint32
	list  [8]core.Time
}

// beat writes the holder's heartbeat.
func (p *Postgres) beat(now core.Time) {
	b := &p.beats
	p.authority.BeatAt = now
	b.list[b.count%uint32(len(b.list))] = now
	b.count++
}

// kept returns the youngest heartbeat that is not after the limit, or the
// instant to fall back on: that of the last one that is durable.
func (b *beats) kept(limit, fallback core.Time) core.Time {
	best := fallback
	for i := range min(b.count, uint32(len(b.list))) {
		if at := b.list[i]; at <= limit {
			best = max(best, at)
		}
	}
	return best
}
