package fencepost

import (
	"context"
	"errors"
	"time"

	"fencepost/core"
	"fencepost/internal/broker"
)

// comparing is what a leader remembers of its comparisons under one epoch.
type comparing struct {
	epoch core.Epoch
	// next is when to compare again, and last when the last comparison that was kept
	// began; zero if none was.
	next, last time.Time
}

// failedAgain is the most time until a comparison that failed is tried again.
const failedAgain = 15 * time.Second

// reconcile compares the broker's book with the ledger: when this instance begins to
// lead, and every interval while it does. Who does not lead does not act on it, and
// so does not compare.
func (k *Coordinator) reconcile(ctx context.Context) {
	if k.config.Reconcile.Interval == 0 {
		return
	}
	ticker := time.NewTicker(k.protocol.Heartbeat)
	defer ticker.Stop()
	var c comparing
	for {
		if status := k.driver.Status(); status.Believes {
			if status.Epoch != c.epoch {
				c = comparing{epoch: status.Epoch}
			}
			if !time.Now().Before(c.next) {
				k.compareUnder(ctx, &c)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// compareUnder compares once, as the leader of an epoch, and acts on it if it still is
// one by then.
func (k *Coordinator) compareUnder(ctx context.Context, c *comparing) {
	interval := time.Duration(k.config.Reconcile.Interval)
	bounded, cancel := context.WithTimeout(ctx, time.Duration(k.config.Reconcile.Timeout))
	defer cancel()
	began := time.Now()
	settings := &k.config.Reconcile
	report, err := k.reconciler.compare(bounded, c.window(settings.Window, settings.Settle))
	if ctx.Err() != nil {
		return // a comparison that the end of the process cut says nothing
	}
	status := k.driver.Status()
	if err == nil && status.Believes && status.Epoch == c.epoch {
		k.reconciler.keep(bounded, &report)
	}
	k.show(&report, err)
	c.next = time.Now().Add(interval)
	switch {
	case report.Kept:
		c.last = began
	case !errors.Is(err, broker.ErrNoBook):
		c.next = time.Now().Add(min(interval, failedAgain))
	}
}

// window is how far back to compare: all of it first, and then from a little before
// the last comparison, so that what had not settled by then is compared as well.
func (c *comparing) window(whole, settle Duration) time.Duration {
	if c.last.IsZero() {
		return time.Duration(whole)
	}
	return min(time.Duration(whole), time.Since(c.last)+2*time.Duration(settle))
}

// show tells of a comparison. That a broker cannot be asked is said once.
func (k *Coordinator) show(report *Reconciliation, err error) {
	k.compared.Store(report)
	if !errors.Is(err, broker.ErrNoBook) {
		k.observer.Reconciled(report)
		return
	}
	k.unlisted.Do(func() {
		k.observer.Log().Warn("this broker cannot list its orders: nothing is compared, and an order that "+
			"the ledger does not know goes unnoticed; look at the broker's own book",
			"event", "reconcile.impossible")
	})
}

// reconciling answers a person who asks for a comparison.
type reconciling struct{ k *Coordinator }

// Last returns this instance's last report.
func (r reconciling) Last() *Reconciliation { return r.k.compared.Load() }

// Compare compares the whole window now.
func (r reconciling) Compare(ctx context.Context, dry bool) Reconciliation {
	report, err := r.k.reconciler.run(ctx, dry)
	r.k.show(&report, err)
	return report
}
