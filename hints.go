package fencepost

import (
	"context"
	"time"
)

// hintEvery is the least time between two hints of work. The first signal after a
// quiet moment is told of at once. Of a crowd each would have the leader list its
// work anew, which is there longer than it can be done.
const hintEvery = 10 * time.Millisecond

// hints say that signals were stored; several become one.
type hints struct {
	// here is told of one that this instance stored, elsewhere of one that another
	// did.
	here, elsewhere chan struct{}
}

func newHints() hints {
	return hints{here: make(chan struct{}, 1), elsewhere: make(chan struct{}, 1)}
}

// give gives a hint to one of the two. It does not wait.
func (hints) give(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// pass hands hints on until the context ends.
func (h hints) pass(ctx context.Context, on func(here bool)) {
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-h.here:
			on(true)
		case <-h.elsewhere:
			on(false)
		}
		rest.Reset(hintEvery)
	}
}
