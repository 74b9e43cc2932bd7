package sim

import (
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
	"fencepost/sim/model"
)

// replica is the second server of a replicated Redis. It receives what the
// primary writes, later and without being waited for: what it has missed is
// lost when it is promoted.
type replica struct {
	// link is its connection to the primary; the writes come back over it.
	link link
	// cut: no write reaches it now; kept is what it has.
	cut  bool
	kept model.Redis
	// split: it was promoted while the old primary still serves some nodes.
	// promoted is the new primary, for all others.
	split    bool
	promoted model.Redis
}

// reset begins with a replica that has everything.
func (r *replica) reset() {
	*r = replica{link: link{dir: [ways][]damage{out: r.link.dir[out][:0], back: r.link.dir[back][:0]}}}
}

// redisOf returns the server that the node talks to; whoever is no node talks
// to the primary.
func (w *World) redisOf(node int16) *model.Redis {
	if w.replica.split && (node < 0 || !w.hosts[node].old) {
		return &w.replica.promoted
	}
	return &w.redis
}

// primary is the server that an act upon Redis strikes: in a split, the new one.
func (w *World) primary() *model.Redis { return w.redisOf(history.None) }

// lag is how much later than the primary the replica gets a write.
func (r *replica) lag(now int64) int64 {
	d := r.link.top(back, now)
	switch {
	case d == nil:
		return 0
	case d.effect == scenarios.Latency:
		return d.delay
	case d.effect == scenarios.Bandwidth:
		return d.byteTime
	default:
		return 0
	}
}

// replicationChanged notes whether writes reach the replica from now on. One
// that can be reached again has everything at once.
func (w *World) replicationChanged() {
	r := &w.replica
	cut := false
	if d := r.link.top(back, w.now); d != nil {
		switch d.effect {
		case scenarios.Drop, scenarios.Hold, scenarios.Refuse, scenarios.Reset, scenarios.Flap:
			cut = d.pulse.strikes(w.now)
		case scenarios.Latency, scenarios.Bandwidth, scenarios.CutReply:
		default:
			panic("sim: a link's damage has a known effect")
		}
	}
	switch {
	case cut && !r.cut:
		w.lapseLease()
		r.kept = w.redis
	case r.cut && !cut && r.kept.Keys() != w.redis.Keys():
		// What was held back is delivered.
		w.released++
	}
	r.cut = cut
}

// fewWrites bounds how many writes a replica has missed of which the step says
// nothing.
const fewWrites = 5

// promote makes the server what the replica has: it missed what the step says,
// or a few writes; one that was cut off missed all since.
func (w *World) promote(r *model.Redis, missed scenarios.Loss) {
	now := core.Time(w.now)
	switch {
	case w.replica.cut:
		r.Adopt(now, &w.replica.kept)
	case missed.Window.IsZero() && missed.Writes.IsZero():
		few := w.draw(siteMissedWrites, int(w.acting)) % (fewWrites + 1)
		r.LoseLast(now, int(few))
	}
	w.loseLast(r, missed)
	if lag := w.replica.lag(w.now); lag > 0 {
		r.LoseSince(now, core.Time(w.now-lag))
	}
}

// loseLast undoes the writes that a step names.
func (w *World) loseLast(r *model.Redis, missed scenarios.Loss) {
	now := core.Time(w.now)
	if n := missed.Writes; !n.IsZero() {
		r.LoseLast(now, int(between(w.draw(siteLostWrites, int(w.acting)), int64(n.Min), int64(n.Max))))
	}
	if !missed.Window.IsZero() {
		r.LoseSince(now, core.Time(w.now-w.span(missed.Window)))
	}
}

// strikeFailover promotes the replica; meanwhile nobody is served. There is
// nobody to promote while it serves already.
func (w *World) strikeFailover(index int32, v *scenarios.Redis) bool {
	if w.replica.split {
		return false
	}
	w.fault(history.RedisFault, true, history.None)
	w.setServer(core.Redis, func(s *server) { s.down++ })
	w.redisLost(func() { w.promote(&w.redis, v.LoseLast) })
	// The server that was the primary is the replica from now on.
	w.replica.kept = w.redis
	w.downFor(index, v.Down)
	w.started(index)
	return true
}

// strikeSplit promotes the replica for all nodes but those that the old
// primary goes on serving: it has not noticed. Either of the two acknowledges
// writes that the other does not have.
func (w *World) strikeSplit(index int32, st *step, v *scenarios.Redis) bool {
	if w.replica.split {
		return false
	}
	for _, p := range v.Serves {
		st.hit = w.resolve(p, st.hit)
	}
	if len(st.hit) == 0 {
		return false
	}
	for _, node := range st.hit {
		w.hosts[node].old = true
	}
	w.fault(history.RedisDataLoss, true, history.None)
	w.lapseLease()
	before := w.redis.Keys()
	w.replica.promoted = w.redis
	w.promote(&w.replica.promoted, v.LoseLast)
	w.replica.split = true
	w.drain()
	w.tellLostWrite(before != w.replica.promoted.Keys())
	w.reachAllChanged()
	w.healLater(index, v.For)
	w.started(index)
	return true
}

// swapServers makes the new primary the server that serves everybody. What had been
// accepted by the old one, and waits there, is lost with its connections.
func (w *World) swapServers() {
	old, promoted := &w.servers[core.Redis], &w.servers[replicaStore]
	w.dropAll(&old.waiting)
	*old, *promoted = *promoted, *old
	for i := range w.steps {
		if st := &w.steps[i]; st.server == core.Redis {
			st.server = replicaStore
		} else if st.server == replicaStore {
			st.server = core.Redis
		}
	}
}

// healSplit ends the old primary's reign: it becomes a replica of the new one,
// and what it acknowledged is gone.
func (w *World) healSplit(st *step) {
	for _, node := range st.hit {
		w.hosts[node].old = false
	}
	w.lapseLease()
	before := w.redis.Keys()
	w.swapServers()
	w.replica.split = false
	w.redis.Adopt(core.Time(w.now), &w.replica.promoted)
	w.drain()
	w.replica.kept = w.redis
	w.tellLostWrite(before != w.redis.Keys())
	w.reachAllChanged()
	w.fault(history.RedisDataLoss, false, history.None)
}
