package check

import "fencepost/core"

// maxSignals bounds the ids of signals that a history can name: the book is an
// array.
const maxSignals = 1 << 23

// signal is what the history has told of one signal.
type signal struct {
	// since is when it was opened, while it is open.
	since int64
	// met is how many signals had been opened before it, less those that were open
	// then: what has been opened by now, less that, has been open with it.
	met int64
	// prev and next are its neighbours among the open ones, by id; zero is none.
	prev, next core.SignalID
	// live is the number of its one attempt that is not void, zero if it has
	// none; it counts only in the ledger's line of that number.
	live uint32
	line uint32
	// instrument is what it trades. It may be sent for validFor after it was stored,
	// for ever if that is zero.
	instrument int32
	storedAt   int64
	validFor   int64
	orders     uint16
	// own are those of its orders that the ledger's line of orderLine has permitted.
	own       uint16
	orderLine uint32
	// wrong counts the attestations in which a person was wrong, lies those of
	// them that a success without an order has used up.
	wrong uint16
	lies  uint16
	state core.SignalState
	// voided: an attempt of it has been void.
	voided bool
	stored bool
	// gone: its row went with a loss of PostgreSQL's.
	gone  bool
	acked bool
	open  bool
	// exit: it goes before the entries of its instrument.
	exit bool
}

// book is what the history has told of all signals. The open ones are a list
// in the order in which they were opened.
type book struct {
	signals []signal
	oldest  core.SignalID
	newest  core.SignalID
	// open counts the open ones, opened those that ever were.
	open   int64
	opened int64
}

// reset forgets everything and keeps the memory.
func (b *book) reset() { *b = book{signals: b.signals[:0]} }

// of returns the signal's page, or nil if the book cannot have one.
func (b *book) of(id core.SignalID) *signal {
	if uint64(id) < uint64(len(b.signals)) && id != 0 {
		return &b.signals[id]
	}
	return b.add(id)
}

// add makes room for a signal that was not seen before.
func (b *book) add(id core.SignalID) *signal {
	if id <= 0 || id >= maxSignals {
		return nil
	}
	for len(b.signals) <= int(id) {
		b.signals = append(b.signals, signal{})
	}
	return &b.signals[id]
}

// unseal puts a signal at the end of the open ones.
func (b *book) unseal(id core.SignalID, at int64) {
	g := &b.signals[id]
	g.open, g.since, g.prev, g.next = true, at, b.newest, 0
	if b.newest != 0 {
		b.signals[b.newest].next = id
	} else {
		b.oldest = id
	}
	b.newest = id
	g.met = b.opened - b.open
	b.open++
	b.opened++
}

// queue is how many signals have been open with that one, itself among them.
func (b *book) queue(g *signal) int64 { return b.opened - g.met }

// seal takes a signal out of the open ones.
func (b *book) seal(id core.SignalID) {
	g := &b.signals[id]
	g.open = false
	b.open--
	if g.prev != 0 {
		b.signals[g.prev].next = g.next
	} else {
		b.oldest = g.next
	}
	if g.next != 0 {
		b.signals[g.next].prev = g.prev
	} else {
		b.newest = g.prev
	}
}
