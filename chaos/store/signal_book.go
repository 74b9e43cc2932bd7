package store

import (
	"maps"
	"slices"

	"fencepost/core"
	"fencepost/core/history"
)

// firstSpare is the first number for signals whose own was given away: above all that a run reaches, and
// within what a history can name.
const firstSpare core.SignalID = 1 << 22

// signalBook gives every signal a number of its own for the whole run. It is the ledger's, unless a rewind
// made the ledger give one number to two signals. The key is what a signal keeps.
type signalBook struct {
	byKey map[string]core.SignalID
	byID  map[int64]core.SignalID // what a number of the ledger means, or meant last
	rows  map[core.SignalID]SignalRow
	keyOf map[core.SignalID]string
	spare core.SignalID
	// instruments are numbered in the order in which they were seen.
	instruments map[string]int32
}

func newSignalBook() signalBook {
	return signalBook{
		byKey: map[string]core.SignalID{}, byID: map[int64]core.SignalID{},
		rows: map[core.SignalID]SignalRow{}, keyOf: map[core.SignalID]string{}, spare: firstSpare,
		instruments: map[string]int32{},
	}
}

// instrument returns the number of an instrument, from zero.
func (b *signalBook) instrument(name string) int32 {
	number, known := b.instruments[name]
	if !known {
		number = int32(len(b.instruments))
		b.instruments[name] = number
	}
	return number
}

// enter takes a row that was stored, and returns the signal's number.
func (b *signalBook) enter(s *SignalRow) core.SignalID {
	id, known := b.byKey[s.Key]
	if !known {
		id = core.SignalID(s.ID)
		if _, taken := b.keyOf[id]; taken {
			id = b.spare
			b.spare++
		}
		b.byKey[s.Key], b.keyOf[id] = id, s.Key
	}
	b.byID[s.ID], b.rows[id] = id, *s
	return id
}

// named returns the signal of a number of the ledger.
func (b *signalBook) named(id int64) core.SignalID {
	if named, ok := b.byID[id]; ok {
		return named
	}
	return core.SignalID(id) // stored before the audit
}

// Signal returns the number that records have for what the ledger calls id, or called so last. They differ
// only after a rewind.
func (h *Historian) Signal(id core.SignalID) core.SignalID { return h.book.named(int64(id)) }

// SignalOf returns the number of the signal with that key; zero if there never was one.
func (h *Historian) SignalOf(key string) core.SignalID { return h.book.byKey[key] }

// KeyOf returns the key of a number that records have; "" if none has it.
func (h *Historian) KeyOf(id core.SignalID) string { return h.book.keyOf[id] }

// Signals returns the numbers of all signals that ever had a row, in order.
func (h *Historian) Signals() []core.SignalID { return slices.Sorted(maps.Keys(h.book.keyOf)) }

// control returns the mode; without a row it is run.
func (a *AuthorityRow) control() core.Control {
	if mode, ok := core.ParseControl(a.ControlMode); ok {
		return mode
	}
	return core.Run
}

// Rewound returns what a restored ledger means: the signals that are missing, those that are what they were
// before, and the control mode if it is another; as of an instant of the database's wall clock. It comes
// after Tell with the last rows before the rewind, and before Tell with the first after it.
func (h *Historian) Rewound(at int64, left Ledger) []history.Record {
	h.list = nil
	if mode := left.Authority.control(); mode != h.authority.control() {
		h.add(history.ControlSet, at, core.Token{}).Control = mode
	}
	h.authority = left.Authority
	before := h.book.rows
	h.book.rows = map[core.SignalID]SignalRow{}
	for i := range left.Signals {
		h.book.enter(&left.Signals[i])
	}
	for _, id := range h.Signals() {
		was, had := before[id]
		now, has := h.book.rows[id]
		switch {
		case had && !has:
			h.add(history.Missing, at, core.Token{}).Signal = id
		case !had && has:
			h.stored(at, id, &now)
			h.stateSet(at, id, &now)
		case has && was.moved(&now):
			h.stateSet(at, id, &now)
		}
	}
	h.attempts = map[attemptKey]AttemptRow{}
	for _, a := range left.Attempts {
		h.attempts[attemptKey{a.Signal, a.Number}] = a
	}
	h.opened = map[int64]Row{}
	return h.list
}
