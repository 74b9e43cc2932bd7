package sim

import (
	"fencepost/core"
	"fencepost/sim/model"
)

// ledger is PostgreSQL as its clients meet it: their sessions, and what can
// hinder a statement although the server is up.
type ledger struct {
	// How many faults make it refuse writes, open no new session, give every
	// connection to somebody else, or keep the rows of signals locked.
	readOnly, hung, full, locked int32
	// pools are each node's sessions, by node and kind of work.
	pools []pool
	// kept are the statements that wait on the server's side, permits how many
	// of them are permits: those hold the group's lock meanwhile.
	kept    []keptBack
	permits int

	// losses is how often committed rows were lost since a person last accepted
	// what is left.
	losses int
	// paged is the highest epoch that a node has told of when it was barred.
	paged  core.Epoch
	copies copies
}

// hindrance is what a statement waits for.
type hindrance uint8

// The hindrances.
const (
	noConnection hindrance = iota // work's connections are all taken
	lockedRow                     // somebody else has locked the signal's row
	lockedGroup                   // a permit has locked the group and waits for a row
)

// keptBack is a statement that waits.
type keptBack struct {
	slot int32
	what hindrance
	// until is when the server ends the wait, or the caller gives up.
	until  int64
	failed bool // by then the server answers, with an error
}

// reset begins with a healthy server and no sessions.
func (g *ledger) reset(nodes int) {
	pools := sized(g.pools, nodes*kindsOfWork)
	for i := range pools {
		pools[i].reset()
	}
	*g = ledger{pools: pools, kept: g.kept[:0], copies: copies{ring: g.copies.ring}}
}

// troubled reports whether something hinders statements.
func (g *ledger) troubled() bool { return g.readOnly|g.hung|g.full|g.locked != 0 }

// writes reports whether the operation changes the ledger. The node's
// heartbeat does even without an epoch: it is a row.
func writes(op core.Op) bool {
	return op != core.Observe && op != core.Fetch && op != core.Reread
}

// hinder lets a statement wait or fail if something is in its way, and reports
// whether it did.
func (w *World) hinder(i int32) bool {
	g := &w.ledger
	s := w.slots.list[i]
	limit := s.left + w.limitOf(s)
	locked := min(w.now+w.lockTimeout(), limit)
	switch {
	case g.full > 0 && kindOf(s.op) == ordinaryWork:
		w.keep(keptBack{slot: i, what: noConnection, until: limit})
	case g.readOnly > 0 && writes(s.op):
		w.refuse(i)
	case g.locked > 0 && (s.op == core.Permit || s.op == core.Record):
		w.keep(keptBack{slot: i, what: lockedRow, until: locked, failed: locked < limit})
	case g.permits > 0 && (s.op == core.TakeEpoch || s.op == core.Resign):
		w.keep(keptBack{slot: i, what: lockedGroup, until: locked, failed: locked < limit})
	default:
		return false
	}
	return true
}

// lockTimeout is how long the server lets a statement wait for a lock, as the
// service sets it.
func (w *World) lockTimeout() int64 {
	const least = 300_000_000
	return max(least, int64(w.program.config.StoreTimeout)*6/10)
}

// limitOf is after how long the caller gives up.
func (w *World) limitOf(s *slot) int64 {
	if s.effect.Timeout > 0 {
		return int64(s.effect.Timeout)
	}
	return int64(w.program.config.StoreTimeout)
}

// keep lets a statement wait.
func (w *World) keep(k keptBack) {
	g := &w.ledger
	g.kept = append(g.kept, k)
	if w.slots.list[k.slot].op == core.Permit && k.what == lockedRow {
		g.permits++
	}
	w.storeTurnAt(k.until, waitsEnd)
}

// endWaits ends the waits that have lasted too long: the server answers with
// an error, or the caller has given up and hears nothing.
func (w *World) endWaits() {
	g := &w.ledger
	for k := 0; k < len(g.kept); {
		b := g.kept[k]
		if w.now < b.until {
			k++
			continue
		}
		w.unkeep(k)
		if b.failed {
			w.refuse(b.slot)
		} else {
			w.endSession(w.slots.list[b.slot], sessionGone)
			w.slots.give(b.slot)
		}
	}
	if g.permits == 0 {
		w.letGo(lockedGroup)
	}
}

// unkeep takes a statement off the list.
func (w *World) unkeep(k int) {
	g := &w.ledger
	b := g.kept[k]
	if w.slots.list[b.slot].op == core.Permit && b.what == lockedRow {
		g.permits--
	}
	g.kept = append(g.kept[:k], g.kept[k+1:]...)
}

// letGo lets the statements go on that waited for that.
func (w *World) letGo(what hindrance) {
	gap := int64(0)
	for k := 0; k < len(w.ledger.kept); {
		b := w.ledger.kept[k]
		if b.what != what {
			k++
			continue
		}
		w.unkeep(k)
		gap += 10_000
		w.queue.push(w.now+gap, b.slot)
	}
}

// dropKept fails every statement that waits: the server is gone.
func (w *World) dropKept() {
	for len(w.ledger.kept) > 0 {
		b := w.ledger.kept[0]
		w.unkeep(0)
		w.bounceBack(b.slot)
	}
}

// refuse answers with the server's error. The session lives on.
func (w *World) refuse(i int32) {
	w.endSession(w.slots.list[i], sessionFree)
	w.bounceBack(i)
}

// The turns of a store that come by themselves.
const (
	poolsOpen int32 = iota // of one node: sessions that were lost may be replaced
	waitsEnd
	copyTaken
)

// storeTurnAt plans a turn.
func (w *World) storeTurnAt(at int64, turn int32) { w.schedule(storeReady, at-w.now, turn) }

// storeTurn carries out a turn.
func (w *World) storeTurn(turn int32, node int16) {
	switch turn {
	case poolsOpen:
		w.poolTurn(node)
	case waitsEnd:
		w.endWaits()
	case copyTaken:
		w.takeCopy()
	default:
		panic("sim: a turn of a store is known")
	}
}

// copies are the states of the ledger that a rewind may go back to.
type copies struct {
	ring  []model.Postgres
	at    [mostCopies]int64
	taken int
	// every is the time between two copies; zero if none is ever needed.
	every int64
	size  int
}
