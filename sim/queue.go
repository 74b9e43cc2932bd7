package sim

// never is a true instant that does not come.
const never int64 = 1<<63 - 1

// entry is one thing that will happen: when, and where the rest of it lies.
type entry struct {
	at   int64
	slot int32
}

// queue holds what will happen, the latest first. Few entries are ever
// pending, and most new ones are near, so that an insertion from the end of a
// sorted array moves less than a heap would.
type queue struct {
	entries []entry
}

// reset empties the queue.
func (q *queue) reset() { q.entries = q.entries[:0] }

// next returns the instant of the earliest entry.
func (q *queue) next() int64 {
	if len(q.entries) == 0 {
		return never
	}
	return q.entries[len(q.entries)-1].at
}

// push adds an entry behind those of the same instant.
func (q *queue) push(at int64, slot int32) {
	entries := append(q.entries, entry{})
	i := len(entries) - 1
	for ; i > 0 && entries[i-1].at <= at; i-- {
		entries[i] = entries[i-1]
	}
	entries[i] = entry{at: at, slot: slot}
	q.entries = entries
}

// pop removes the earliest entry and returns its slot.
func (q *queue) pop() int32 {
	last := len(q.entries) - 1
	slot := q.entries[last].slot
	q.entries = q.entries[:last]
	return slot
}
