package model

import (
	"time"

	"fencepost/core"
)

// pastWrites is how many writes to the key a server remembers: more than one
// second holds, which is the longest that a loss reaches back.
const pastWrites = 32

// past is the last writes to the key, so that some of them can be lost.
type past struct {
	count uint32 // of all writes
	from  uint32 // the oldest write that is still remembered
	list  [pastWrites]wrote
}

// wrote is both keys after a write.
type wrote struct {
	at      core.Time
	lease   lease
	witness core.Epoch
}

// add remembers a write.
func (p *past) add(now core.Time, l lease, witness core.Epoch) {
	p.list[p.count%pastWrites] = wrote{at: now, lease: l, witness: witness}
	p.count++
	if p.count-p.from > pastWrites {
		p.from = p.count - pastWrites
	}
}

// raised notes what the last write made of the witness.
func (p *past) raised(witness core.Epoch) { p.list[(p.count-1)%pastWrites].witness = witness }

// cut forgets every write after the first count ones and returns the keys as
// they were then. What lies further back than the memory is the oldest state
// that is known.
func (p *past) cut(count uint32) wrote {
	if count <= p.from && p.from > 0 {
		count = p.from + 1
	}
	p.count = count
	if count == 0 {
		return wrote{}
	}
	return p.list[(count-1)%pastWrites]
}

// Flush deletes every key: FLUSHALL, or a start without data.
func (r *Redis) Flush(now core.Time) {
	r.Expire(now)
	r.become(now, lease{})
	r.witness = 0
	r.past.add(now, lease{}, 0)
}

// LoseSince undoes every write made after that instant: a restart with an
// append-only file that was last synced then, or a failover to a replica that
// had received no more. Expiry is an instant, not a length: a key that comes
// back may have lapsed meanwhile.
func (r *Redis) LoseSince(now, since core.Time) {
	kept := r.past.count
	for kept > r.past.from && r.past.list[(kept-1)%pastWrites].at > since {
		kept--
	}
	r.lose(now, kept)
}

// LoseLast undoes the last writes, that many.
func (r *Redis) LoseLast(now core.Time, writes int) {
	kept := r.past.count - min(r.past.count, uint32(max(writes, 0)))
	r.lose(now, kept)
}

// lose goes back to the keys as they were after their first count writes.
func (r *Redis) lose(now core.Time, count uint32) {
	if count == r.past.count {
		return
	}
	r.Expire(now)
	before := r.past.cut(count)
	if before.lease.set && now >= before.lease.expiresAt {
		before.lease = lease{}
	}
	r.become(now, before.lease)
	r.witness = before.witness
}

// Adopt makes this server's keys those of another one: it was promoted in this
// one's place, or this one follows it from now on. What the other remembers of
// its past is this one's past.
func (r *Redis) Adopt(now core.Time, other *Redis) {
	r.Expire(now)
	next := other.lease
	if next.set && now >= next.expiresAt {
		next = lease{}
	}
	r.become(now, next)
	r.witness, r.past = other.witness, other.past
}

// Keys is what a server holds, for comparison.
type Keys struct {
	Holder  core.Token
	Until   core.Time
	Witness core.Epoch
}

// Keys returns what the server holds. It reads without looking at the time.
func (r *Redis) Keys() Keys {
	return Keys{Holder: r.Holder(), Until: r.NextExpiry(), Witness: r.witness}
}

// SetLease writes a token into the key, whoever has it: what a person or a bug
// might do.
func (r *Redis) SetLease(now core.Time, token core.Token, ttl time.Duration) {
	r.Expire(now)
	r.write(now, lease{token: token, expiresAt: now.Add(ttl), set: true})
}

// ShiftTTL changes the time that the key has left, as if the server's clock
// had jumped: a negative one brings the lapse nearer, or about at once.
func (r *Redis) ShiftTTL(now core.Time, by time.Duration) {
	r.Expire(now)
	if !r.lease.set {
		return
	}
	next := r.lease
	next.expiresAt = next.expiresAt.Add(by)
	if now >= next.expiresAt {
		next = lease{}
	}
	r.write(now, next)
}
