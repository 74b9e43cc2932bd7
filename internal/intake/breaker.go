package intake

import "sync"

// breaker keeps senders from waiting for a ledger that is away. After a failure
// one request at a time tries it; the others are turned away at once, as long
// as that one has not succeeded.
type breaker struct {
	most int

	mu      sync.Mutex
	trying  int
	tripped bool
}

// enter reports whether the request may try the ledger. If so, leave or abandon
// must be called.
func (b *breaker) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trying >= b.most || b.tripped && b.trying > 0 {
		return false
	}
	b.trying++
	return true
}

// leave says how the try ended.
func (b *breaker) leave(worked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying--
	b.tripped = !worked
}

// abandon says that the ledger was not tried after all.
func (b *breaker) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying--
}
