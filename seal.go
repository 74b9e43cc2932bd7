package fencepost

import (
	"context"
	"time"

	"fencepost/internal/pgledger"
)

// sealEvery is how often an instance seals the ledger's events. One that comes
// while another seals, or finds nothing, has asked one small question.
const sealEvery = time.Second

// seal closes blocks over what happened, until the context ends. Whoever is
// alive does it; who leads has no part in it. A failure is tried again: what is
// not sealed yet stays in its chains, and `fencepost verify` says how old it is.
func (k *Coordinator) seal(ctx context.Context) {
	ticker := time.NewTicker(sealEvery)
	defer ticker.Stop()
	for measured := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		k.sealOnce(ctx)
		measured = measured || k.measureOnce(ctx)
	}
}

// sealOnce seals what is complete now.
func (k *Coordinator) sealOnce(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, sealEvery)
	defer cancel()
	if _, err := k.ledger.Seal(bounded); err != nil && ctx.Err() == nil {
		k.observer.Log().Debug("events were not sealed; tried again", "error", err)
	}
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
// that runs does each second: for whoever looks at a ledger that nobody serves.
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
