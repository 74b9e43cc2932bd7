package fencepost

import (
	"context"
	"math/rand/v2"
	"time"

	"fencepost/internal/pgledger"
)

const (
	// sealEvery is how often an instance seals the ledger's events while it finds some.
	sealEvery = time.Second
	// sealRest is the most that an instance lets pass which finds nothing to seal:
	// a large group would else ask more about its quiet ledger than it does in it.
	sealRest = 8 * time.Second
)

// seal closes blocks over what happened, until the context ends. Whoever is
// alive does it; who leads has no part in it. A failure is tried again: what is
// not sealed yet stays in its chains, and `fencepost verify` says how old it is.
func (k *Coordinator) seal(ctx context.Context) {
	rest := sealEvery
	timer := time.NewTimer(rest)
	defer timer.Stop()
	for measured := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		rest = nextSeal(rest, k.sealOnce(ctx))
		measured = measured || k.measureOnce(ctx)
		// Those that began together must not ask together for ever.
		timer.Reset(rest - rand.N(rest/4)) //nolint:gosec // no secret
	}
}

// nextSeal is how long an instance rests that has just tried to seal after such a
// rest. It doubles where nothing was found, another was sealing or the ledger did
// not answer.
func nextSeal(rest time.Duration, sealed bool) time.Duration {
	if sealed {
		return sealEvery
	}
	return min(2*rest, sealRest)
}

// sealOnce seals what is complete now, and tells whether there was something.
func (k *Coordinator) sealOnce(ctx context.Context) bool {
	bounded, cancel := context.WithTimeout(ctx, sealEvery)
	defer cancel()
	sealed, err := k.ledger.Seal(bounded)
	if err != nil && ctx.Err() == nil {
		k.observer.Log().Debug("events were not sealed; tried again", "error", err)
	}
	return sealed > 0
}

// measureOnce has the tables of a new ledger counted, and tells whether they are. A
// failure costs speed and nothing else.
func (k *Coordinator) measureOnce(ctx context.Context) bool {
	bounded, cancel := context.WithTimeout(ctx, sealEvery)
	defer cancel()
	known, err := k.ledger.Measure(bounded)
	if err != nil && ctx.Err() == nil {
		k.observer.Log().Debug("new tables were not counted; tried again", "error", err)
	}
	return known
}

// SealEvents closes blocks over what happened in the ledger, as every instance
// that runs does each second while there is something, and less often where there
// is nothing: for whoever looks at a ledger that nobody serves.
// It returns how many events it sealed; what a transaction that still runs may
// add to has to wait.
func (r *Reader) SealEvents(ctx context.Context) (int, error) {
	total := 0
	for {
		n, err := r.ledger.Seal(ctx)
		total += n
		if err != nil || n < pgledger.SealMost {
			return total, err
		}
	}
}
