package sim

import (
	"slices"

	"fencepost/core"
	"fencepost/scenarios"
)

// kindOfWork divides the ledger's operations as the service's pools do: what
// leadership hangs on never waits for signals.
type kindOfWork uint8

// The kinds of work.
const (
	leadership kindOfWork = iota
	ordinaryWork
	kindsOfWork = 2
)

// ofLeadership are the operations that leadership hangs on.
var ofLeadership = [core.OpCount]bool{
	core.Heartbeat: true, core.Observe: true, core.TakeEpoch: true, core.Resign: true,
}

// kindOf returns the pool of an operation.
func kindOf(op core.Op) kindOfWork {
	if ofLeadership[op] {
		return leadership
	}
	return ordinaryWork
}

// leadershipSessions is how many sessions a node may have for leadership, as
// in the service.
const leadershipSessions = 3

// ordinarySessions is how many it may have for ordinary work unless the
// scenario says otherwise.
const ordinarySessions = 8

// pool is one node's sessions with PostgreSQL for one kind of work.
type pool struct {
	idle, busy int
	// lost are sessions whose answer does not come: when their callers give up
	// they are closed.
	lost []int64
	// waiting are the calls for which there is no session.
	waiting []int32
}

// reset closes everything and keeps the memory.
func (p *pool) reset() { *p = pool{lost: p.lost[:0], waiting: p.waiting[:0]} }

// poolOf returns the node's pool for the operation.
func (w *World) poolOf(node int16, op core.Op) *pool {
	return &w.ledger.pools[int(node)*kindsOfWork+int(kindOf(op))]
}

// most is how many sessions a node may have for the operation.
func (w *World) most(op core.Op) int {
	if kindOf(op) == leadership {
		return leadershipSessions
	}
	return w.program.conns
}

// sessionEnd says what became of a call's session.
type sessionEnd uint8

// The ends.
const (
	sessionFree sessionEnd = iota // answered: it serves the next call
	sessionGone                   // the connection broke
	sessionLost                   // no answer: it is closed when the caller gives up
)

// endOf translates the fate of a message into that of the session.
func endOf(f fate) sessionEnd {
	switch f {
	case arrives:
		return sessionFree
	case bounces, resets:
		return sessionGone
	case vanishes, waits:
		return sessionLost
	default:
		return sessionGone
	}
}

// openSession finds a session for a call. It reports false if the call cannot
// leave now: it waits for a session, or hangs while one is opened.
func (w *World) openSession(i int32, s *slot) bool {
	p := w.poolOf(s.node, s.op)
	w.closeLost(p)
	switch {
	case p.idle > 0:
		p.idle--
	case p.busy >= w.most(s.op):
		p.waiting = append(p.waiting, i)
		w.wakePool(s.node, p)
		return false
	case w.ledger.hung > 0:
		// Nobody answers the connection's first message: the call ends by its
		// own limit.
		w.slots.give(i)
		return false
	case w.ledger.full > 0 && kindOf(s.op) == leadership:
		// There is no room for another session, and the server says so.
		w.bounce(i, s, w.latency(0))
		return false
	default:
	}
	s.session = true
	p.busy++
	w.samplePool(s.node)
	return true
}

// endSession gives a call's session back, if it still has one.
func (w *World) endSession(s *slot, end sessionEnd) {
	if s.session {
		w.leaveSession(s, end)
	}
}

func (w *World) leaveSession(s *slot, end sessionEnd) {
	s.session = false
	node := s.node
	if s.life != w.hosts[node].life {
		return
	}
	p := w.poolOf(node, s.op)
	if p.busy == 0 {
		return // all sessions were ended meanwhile
	}
	limit := s.left + w.limitOf(s)
	switch {
	case end == sessionLost && w.now < limit:
		p.lost = append(p.lost, limit)
		return
	case end == sessionFree && w.now < limit:
		p.idle++
	default:
	}
	p.busy--
	w.samplePool(node)
	if len(p.waiting) > 0 {
		w.poolTurn(node)
	}
}

// closeLost closes the sessions whose callers have given up.
func (w *World) closeLost(p *pool) {
	for k := 0; k < len(p.lost); {
		if p.lost[k] > w.now {
			k++
			continue
		}
		p.lost[k] = p.lost[len(p.lost)-1]
		p.lost = p.lost[:len(p.lost)-1]
		p.busy = max(p.busy-1, 0)
	}
}

// wakePool plans to look again when the next lost session is closed.
func (w *World) wakePool(node int16, p *pool) {
	if len(p.lost) == 0 {
		return
	}
	i, s := w.slots.take(storeReady, node)
	s.index, s.life = poolsOpen, 0
	w.queue.push(slices.Min(p.lost), i)
}

// poolTurn lets the calls leave for which there are sessions now. Those whose
// callers have given up never do.
func (w *World) poolTurn(node int16) {
	if w.hosts[node].paused {
		return
	}
	for kind := range kindsOfWork {
		p := &w.ledger.pools[int(node)*kindsOfWork+kind]
		w.closeLost(p)
		for len(p.waiting) > 0 {
			i := p.waiting[0]
			s := w.slots.list[i]
			late := w.now >= s.left+w.limitOf(s)
			if !late && p.idle == 0 && p.busy >= w.most(s.op) {
				w.wakePool(node, p)
				break
			}
			p.waiting = append(p.waiting[:0], p.waiting[1:]...)
			if late {
				w.slots.give(i)
				continue
			}
			w.dispatch(i)
		}
	}
}

// endSessions ends a node's sessions: the process is new, its connections
// broke, or the server has ended them all.
func (w *World) endSessions(node int16) {
	for kind := range kindsOfWork {
		p := &w.ledger.pools[int(node)*kindsOfWork+kind]
		p.idle, p.busy, p.lost = 0, 0, p.lost[:0]
	}
	w.samplePool(node)
}

// endEverySession is what a server does that goes down. What waited in it
// fails; what waited for a session asks for a new one.
func (w *World) endEverySession() {
	w.dropKept()
	for node := range w.hosts {
		w.endSessions(int16(node))
	}
	for node := range w.hosts {
		w.poolTurn(int16(node))
	}
}

// leavePools drops the calls of a process that ended.
func (w *World) leavePools(node int16) {
	w.endSessions(node)
	for kind := range kindsOfWork {
		w.dropAll(&w.ledger.pools[int(node)*kindsOfWork+kind].waiting)
	}
}

// samplePool shows the judge how many sessions the node uses, if a file asks.
func (w *World) samplePool(node int16) {
	if w.judge.Wants(scenarios.PoolInUse) {
		w.countPool(node)
	}
}

func (w *World) countPool(node int16) {
	used := 0
	for kind := range kindsOfWork {
		used += w.ledger.pools[int(node)*kindsOfWork+kind].busy
	}
	w.judge.Sample(scenarios.PoolInUse, node, float64(used), w.now)
}
