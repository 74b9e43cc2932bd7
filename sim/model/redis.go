package model

import (
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

// Redis is the group's two keys in one server: fencepost:{group}:lease, and
// fencepost:{group}:witness, the highest epoch that was ever reported. It is a
// flat value: a copy is a replica that has received everything.
type Redis struct {
	lease lease
	// witness is zero if the key is absent. It never expires.
	witness core.Epoch
	past    past
	out     *Records
}

// lease is the key's value and expiry. The zero value is an absent key.
type lease struct {
	token     core.Token
	expiresAt core.Time
	set       bool
}

// Reset empties the server. What it does from now on is told to out.
func (r *Redis) Reset(out *Records) { *r = Redis{out: out} }

// Acquire sets the key if it is absent, with a full ttl. A key that has the
// token already gets its full ttl again: the answer to an earlier call may
// have been lost. Either answer carries the witness.
//
//	value = GET key
//	absent  SET key token PX ttl
//	token   PEXPIRE key ttl
//	else    denied, with PTTL key
//	and     GET witness
func (r *Redis) Acquire(now core.Time, token core.Token, ttl time.Duration) core.Input {
	r.Expire(now)
	if !r.lease.set || r.lease.token == token {
		r.write(now, lease{token: token, expiresAt: now.Add(ttl), set: true})
		return core.Input{Kind: core.LeaseAcquired, Token: token, Epoch: r.witness, Server: now}
	}
	return core.Input{
		Kind: core.LeaseDenied, Token: r.lease.token, Epoch: r.witness, Age: r.lease.expiresAt.Sub(now),
		Server: now,
	}
}

// Renew gives the key its full ttl again if it has the token. It never creates
// the key. With that it raises the witness to the leader's epoch: a call that
// renews nothing raises nothing. Either answer carries the witness.
//
//	GET key = token  PEXPIRE key ttl, SET witness max(GET witness, epoch)
//	else             lost, with the value if there is one
//	and              GET witness
func (r *Redis) Renew(now core.Time, token core.Token, ttl time.Duration, epoch core.Epoch) core.Input {
	r.Expire(now)
	if r.lease.set && r.lease.token == token {
		r.write(now, lease{token: token, expiresAt: now.Add(ttl), set: true})
		return core.Input{Kind: core.LeaseRenewed, Token: token, Epoch: r.raise(epoch), Server: now}
	}
	return core.Input{Kind: core.LeaseWasLost, Token: r.Holder(), Epoch: r.witness, Server: now}
}

// Release deletes the key if it has the caller's token. Done tells that it
// did, and that "released" was published.
//
//	GET key = token  DEL key, PUBLISH released
func (r *Redis) Release(now core.Time, token core.Token) core.Input {
	in := core.Input{Kind: core.LeaseWasReleased, Server: now}
	r.Expire(now)
	if r.lease.set && r.lease.token == token {
		r.delete(now, core.Release)
		in.Flags = core.Done
	}
	return in
}

// Evict deletes the key if it has the token of the stale leader that was named.
// Done tells that it did, and that "released" was published.
//
//	GET key ends in "|nonce|acquisition"  DEL key, PUBLISH released
func (r *Redis) Evict(now core.Time, stale core.Token) core.Input {
	in := core.Input{Kind: core.LeaseWasEvicted, Server: now}
	r.Expire(now)
	if r.lease.set && r.lease.token == stale {
		r.delete(now, core.Evict)
		in.Flags = core.Done
	}
	return in
}

// Expire lets the key go if its time has come. Every operation does so first;
// a caller that asks at NextExpiry learns of the lapse when it happens.
func (r *Redis) Expire(now core.Time) {
	if r.lease.set && now >= r.lease.expiresAt {
		gone := r.out.add(history.LeaseGone, now, r.lease.token)
		gone.Until = int64(r.lease.expiresAt)
		r.lease = lease{}
	}
}

// NextExpiry is the instant at which the key lapses if nothing renews it; Never
// if there is no key.
func (r *Redis) NextExpiry() core.Time {
	if !r.lease.set {
		return core.Never
	}
	return r.lease.expiresAt
}

// Holder returns the key's token, zero if it is absent. It reads without
// looking at the time.
func (r *Redis) Holder() core.Token {
	if !r.lease.set {
		return core.Token{}
	}
	return r.lease.token
}

// Witness returns the highest epoch that was ever reported to this server,
// zero if it knows of none.
func (r *Redis) Witness() core.Epoch { return r.witness }

// raise makes the witness the epoch, unless it is higher, as a part of the
// script whose write was remembered last, and returns it.
func (r *Redis) raise(epoch core.Epoch) core.Epoch {
	r.witness = max(r.witness, epoch)
	r.past.raised(r.witness)
	return r.witness
}

// write carries out one write to the key and remembers it.
func (r *Redis) write(now core.Time, next lease) {
	r.become(now, next)
	r.past.add(now, next, r.witness)
}

// delete carries out a call that deletes the key, and tells which it was.
func (r *Redis) delete(now core.Time, op core.Op) {
	r.write(now, lease{})
	r.out.List[len(r.out.List)-1].Op = op
}

// become makes the key what it is to be, and tells of it.
func (r *Redis) become(now core.Time, next lease) {
	before := r.lease
	r.lease = next
	if before.set && (!next.set || next.token != before.token) {
		r.out.add(history.LeaseGone, now, before.token).Until = int64(now)
	}
	if next.set && (!before.set || next != before) {
		r.out.add(history.LeaseSet, now, next.token).Until = int64(next.expiresAt)
	}
}
