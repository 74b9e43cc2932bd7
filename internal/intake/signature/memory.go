package signature

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// Found says what is remembered of an id.
type Found uint8

// What can be found.
const (
	// New: the id is not remembered. It is now being dealt with, and End must be
	// called.
	New Found = iota
	// Busy: another request with this id is being dealt with.
	Busy
	// Answered: the same body was answered before.
	Answered
	// Reused: another body was answered under this id before.
	Reused
)

// Memory remembers the ids of one source for as long as their signatures hold,
// and what each was answered. It holds a bounded number; the oldest are
// forgotten first. It saves work and keeps repetitions from the ledger, and
// nothing rests on it: a repetition that is not recognized, here or on another
// instance, says the same signal again, which the ledger knows.
type Memory[A any] struct {
	most int

	mu    sync.Mutex
	known map[string]*list.Element
	order list.List
}

// remembered is one id.
type remembered[A any] struct {
	id     string
	body   [sha256.Size]byte
	until  time.Time
	busy   bool
	answer A
}

// NewMemory returns a memory for that many ids.
func NewMemory[A any](most int) *Memory[A] {
	return &Memory[A]{most: most, known: map[string]*list.Element{}}
}

// Begin says what is remembered of the id, and what the request that it was, with
// this body or another, was answered. The id is remembered until then.
func (m *Memory[A]) Begin(id string, body []byte, now, until time.Time) (A, Found) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := sha256.Sum256(body)
	var none A
	if at, ok := m.known[id]; ok {
		r := m.at(at)
		over := !r.until.After(now)
		if until.After(r.until) {
			r.until = until
		}
		switch {
		case r.busy && r.body == sum:
			return none, Busy
		case over && !r.busy:
			m.drop(at)
		case r.body != sum:
			return r.answer, Reused
		default:
			return r.answer, Answered
		}
	}
	m.makeRoom(now)
	m.known[id] = m.order.PushBack(&remembered[A]{id: id, body: sum, until: until, busy: true})
	return none, New
}

// End says what the id was answered. Without an answer that holds, the next
// request with this id is a new one.
func (m *Memory[A]) End(id string, answer A, holds bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.known[id]
	if !ok {
		return
	}
	if !holds {
		m.drop(at)
		return
	}
	r := m.at(at)
	r.busy, r.answer = false, answer
}

// makeRoom drops what is over, as far as it stands in front, and the oldest that
// are too many.
func (m *Memory[A]) makeRoom(now time.Time) {
	for at := m.order.Front(); at != nil; at = m.order.Front() {
		if m.at(at).until.After(now) && len(m.known) < m.most {
			return
		}
		m.drop(at)
	}
}

func (m *Memory[A]) drop(at *list.Element) {
	m.order.Remove(at)
	delete(m.known, m.at(at).id)
}

// at returns the id at a place.
func (m *Memory[A]) at(place *list.Element) *remembered[A] {
	r, ok := place.Value.(*remembered[A])
	if !ok {
		panic("signature: a memory holds ids alone")
	}
	return r
}
