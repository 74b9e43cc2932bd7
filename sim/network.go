package sim

import (
	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/scenarios"
)

// way is a direction of a link.
type way uint8

// The directions, as seen from the node.
const (
	out  way = iota // node to store
	back            // store to node
	ways
)

// replicaStore stands for the replica of Redis: a node that it serves reaches
// it over a link of its own.
const replicaStore = core.Broker + 1

// storeCount is the size of an array indexed by core.Store, the replica of
// Redis included.
const storeCount = int(replicaStore) + 1

// damage is what is wrong with one direction of one link. The zero value is a
// healthy one. Several faults may hit it at once; the latest wins, and the
// earlier ones come back when it heals.
type damage struct {
	effect scenarios.Effect
	delay  int64
	jitter int64
	// byteTime is how long one message of ordinary size takes on a narrow link,
	// free when the last one is through.
	byteTime int64
	free     int64
	cut      core.Op
	step     int32
	pulse    pulse
}

// pulse is when a fault that comes and goes does its harm: for the first part of
// each period, or once. One without a period does it all the time.
type pulse struct {
	began, period, lasts int64
	once                 bool
}

// strikes reports whether the harm is done at that instant.
func (p *pulse) strikes(now int64) bool {
	switch {
	case p.once:
		return now-p.began < p.lasts
	case p.period == 0:
		return true
	default:
		return (now-p.began)%p.period < p.lasts
	}
}

// spent reports whether the harm was done and will not be again.
func (p *pulse) spent(now int64) bool { return p.once && !p.strikes(now) }

// turns is after how long that changes. It is not asked of one that is spent.
func (p *pulse) turns(now int64) int64 {
	in := now - p.began
	if !p.once {
		in %= p.period
	}
	if in < p.lasts {
		return p.lasts - in
	}
	return p.period - in
}

// link is the connection of one node to one store.
type link struct {
	dir [ways][]damage
	// held are the slots that wait for the link to heal, oldest first.
	held []int32
}

// top returns the damage that counts, or nil. One that is spent uncovers what it lay
// upon.
func (l *link) top(w way, now int64) *damage {
	for n := len(l.dir[w]); n > 0; n-- {
		if d := &l.dir[w][n-1]; !d.pulse.spent(now) {
			return d
		}
	}
	return nil
}

// harmed reports whether harm is done in either direction at that instant.
func (l *link) harmed(now int64) bool {
	for w := range ways {
		if d := l.top(w, now); d != nil && d.pulse.strikes(now) {
			return true
		}
	}
	return false
}

// whole reports whether nothing is wrong in either direction.
func (l *link) whole() bool { return len(l.dir[out]) == 0 && len(l.dir[back]) == 0 }

// fate is what becomes of one message.
type fate uint8

// The fates.
const (
	arrives fate = iota
	vanishes
	waits   // until the link heals
	bounces // the sender learns at once that the connection failed
	resets  // as bounces, but the message may have arrived
)

// messageBytes is the size that a narrow link counts for each message.
const messageBytes = 512

// travel decides one message's fate and how long it is on its way. One draw is
// cut into all of it.
func (w *World) travel(l *link, dir way, op core.Op, bits uint64) (fate, int64) {
	delay := w.latency(bits)
	d := l.top(dir, w.now)
	if d == nil || !d.pulse.strikes(w.now) {
		return arrives, delay
	}
	switch d.effect {
	case scenarios.Drop, scenarios.Flap:
		return vanishes, 0
	case scenarios.Hold:
		return waits, 0
	case scenarios.Refuse:
		return bounces, delay
	case scenarios.Reset:
		return resets, delay
	case scenarios.Latency:
		return arrives, delay + d.delay + between(bits>>20, 0, d.jitter)
	case scenarios.Bandwidth:
		d.free = max(d.free, w.now) + d.byteTime
		return arrives, delay + d.free - w.now
	case scenarios.CutReply:
		if dir == back && d.cut == op {
			return resets, delay // it is lost with its connection, which both ends notice
		}
		return arrives, delay
	default:
		panic("sim: a link's damage has a known effect")
	}
}

// latency is the way's ordinary delay: mostly a fraction of a millisecond, and
// once in 64 up to a few.
func (w *World) latency(bits uint64) int64 {
	delay := 50_000 + int64(bits&0x3ffff) // 50 to 312 µs
	if bits>>18&63 == 63 {
		delay += int64(bits >> 24 & 0x3fffff) // up to 4 ms more
	}
	return delay
}

// link returns the connection between a node and the server that it talks to. What is
// wrong with its way to Redis is wrong wherever the node is led to; one that the new
// primary serves may have its own trouble with that server.
func (w *World) link(node int16, store core.Store) *link {
	l := w.wire(node, store)
	if store == core.Redis && w.replica.split && !w.hosts[node].old && !l.harmed(w.now) {
		return w.wire(node, replicaStore)
	}
	return l
}

// whole reports whether nothing is wrong between a node and a store.
func (w *World) whole(node int16, store core.Store) bool {
	if store == core.Redis && w.replica.split && !w.hosts[node].old && !w.wire(node, replicaStore).whole() {
		return false
	}
	return w.wire(node, store).whole()
}

// wire returns the connection between a node and a store, or, of no node, that
// between Redis and its replica.
func (w *World) wire(node int16, store core.Store) *link {
	if node < 0 {
		return &w.replica.link
	}
	return &w.links[int(node)*storeCount+int(store)]
}

// wireChanged tells what follows from another state of a connection.
func (w *World) wireChanged(node int16) {
	if node < 0 {
		w.replicationChanged()
		return
	}
	w.reachChanged(node)
}

// damageLink adds a fault to the directions of a link.
func (w *World) damageLink(node int16, store core.Store, dirs [ways]bool, d damage) {
	l := w.wire(node, store)
	for dir := range dirs {
		if dirs[dir] {
			l.dir[dir] = append(l.dir[dir], d)
		}
	}
	w.wireChanged(node)
}

// healLink removes a step's faults from a link and lets go of what it held.
func (w *World) healLink(node int16, store core.Store, step int32) {
	l := w.wire(node, store)
	for dir := range l.dir {
		kept := l.dir[dir][:0]
		for _, d := range l.dir[dir] {
			if d.step != step {
				kept = append(kept, d)
			}
		}
		l.dir[dir] = kept
	}
	w.releaseHeld(l)
	w.wireChanged(node)
}

// breakOpen breaks what is open between a node and a store: the calls under way
// get no answer but that, and the sessions are gone. What was asked may have
// arrived.
func (w *World) breakOpen(node int16, store core.Store) {
	for k := range w.queue.entries {
		i := w.queue.entries[k].slot
		s := w.slots.list[i]
		if s.node != node || s.store != store || s.life == 0 || w.hosts[node].life != s.life {
			continue
		}
		switch s.what {
		case replyArrives:
			if s.input.Kind == core.OrderWithheld {
				continue // the node knows it by itself
			}
			s.input = core.Input{Kind: core.OutcomeUnknown, Op: s.op, Req: s.input.Req}
			s.admit = inbox.AdmissionUnknown
		case requestArrives:
			s.cut = true
		default:
		}
	}
	if store == core.Postgres {
		w.endSessions(node)
		w.poolTurn(node)
	}
}

// releaseHeld delivers what waited, in its order, once the direction is open.
// The connections that carried it break right after: what is asked that late is
// answered to nobody.
func (w *World) releaseHeld(l *link) {
	kept := l.held[:0]
	gap := int64(0)
	for _, i := range l.held {
		s := w.slots.list[i]
		dir := back
		if s.what == requestArrives {
			dir = out
		}
		if d := l.top(dir, w.now); d != nil && d.effect == scenarios.Hold {
			kept = append(kept, i)
			continue
		}
		s.cut = s.cut || dir == out
		gap += 20_000
		w.queue.push(w.now+gap, i)
		w.released++
	}
	l.held = kept
}
