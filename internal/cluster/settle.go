package cluster

import (
	"context"
	"time"

	"fencepost/internal/testbed/child"
)

// Settle waits until no signal is under way, and returns how many stand in each
// state. One in doubt is under way, as long as somebody may still find out. The
// error is child.ErrLate if the bound passes first.
func (c *Cluster) Settle(ctx context.Context, bound time.Duration) (map[string]int, error) {
	late := child.Poll(ctx, bound, answerPoll, func(ctx context.Context) (bool, error) {
		open, err := c.ledger.anyOpen(ctx, c.mayDoubt())
		return !open, err
	})
	// They are counted once, whatever ended the wait.
	counts, err := c.ledger.Counts(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	return counts, late
}

// Audit judges what is written in the ledger and in the broker's book, once the
// cluster has settled, against the keys that senders were told are stored.
func (c *Cluster) Audit(ctx context.Context, acknowledged []string) (*Evidence, []Finding, error) {
	records, err := c.ledger.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	orders, err := c.broker.Orders(ctx)
	if err != nil {
		return nil, nil, err
	}
	e := &Evidence{Ledger: records, Orders: orders, Acknowledged: acknowledged, MayDoubt: c.mayDoubt()}
	return e, Judge(e), nil
}

// mayDoubt tells whether the broker's class leaves doubts to a person.
func (c *Cluster) mayDoubt() bool { return c.options.Class == "C" || c.options.Class == "D" }
