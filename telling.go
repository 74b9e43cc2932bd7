package fencepost

import (
	"context"
	"sync"
	"time"

	"fencepost/core"
)

// complainEvery is how often it is said that something is still not told.
const complainEvery = time.Minute

// insist tells something again and again until it is told, or the context ends.
// That it fails is said at once, and then once a minute.
func insist(
	ctx context.Context, every time.Duration, tell func(context.Context) error, complain func(error),
) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var next time.Time
	for {
		err := tell(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if now := time.Now(); !now.Before(next) {
			complain(err)
			next = now.Add(complainEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tellRegressions writes into the outbox what no trigger can see: that the ledger
// went back in time. It tries until it is written, or the context ends.
func (k *Coordinator) tellRegressions(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case witness := <-k.sink.regressed:
			tell := func(ctx context.Context) error { return k.ledger.TellRegression(ctx, witness) }
			insist(ctx, k.protocol.Heartbeat, tell, func(err error) {
				k.observer.Log().Error("nobody is told yet that the ledger went back in time; tried again",
					"event", "notification.failed", "witness", uint64(witness), "error", err)
			})
		}
	}
}

// The bounds of what is remembered of conflicts: how many signals, and how many of
// which nobody was told yet.
const (
	mostConflicts = 4096
	mostWaiting   = 64
)

// conflicts are signals under whose keys other bodies came. Each is told once; the
// ledger remembers what this one has forgotten.
type conflicts struct {
	mu    sync.Mutex
	known map[core.SignalID]bool
	queue chan core.SignalID
}

func newConflicts() *conflicts {
	return &conflicts{known: map[core.SignalID]bool{}, queue: make(chan core.SignalID, mostWaiting)}
}

// add notes a signal, without waiting for anything. It reports false if too many
// wait already: nobody will be told of this one.
func (c *conflicts) add(signal core.SignalID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[signal] {
		return true
	}
	select {
	case c.queue <- signal:
	default:
		return false
	}
	if len(c.known) >= mostConflicts {
		clear(c.known)
	}
	c.known[signal] = true
	return true
}

// tellConflicts writes into the outbox which signals' senders say something else
// under the same key. No sender waits for it.
func (k *Coordinator) tellConflicts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case signal := <-k.sink.conflicts.queue:
			tell := func(ctx context.Context) error { return k.ledger.TellConflict(ctx, signal) }
			insist(ctx, k.protocol.Heartbeat, tell, func(err error) {
				k.observer.Log().Error("nobody is told yet of another body under a known id; tried again",
					"event", "notification.failed", "signal", int64(signal), "error", err)
			})
		}
	}
}
