package cluster

import (
	"context"
	"fmt"
	"time"
)

// watchEvery is how often the cluster is looked at for changes.
const watchEvery = 50 * time.Millisecond

// Watch tells, in sentences, whenever leadership changes hands or a node's
// process ends, until ctx ends. The first sentence is about the first change.
func (c *Cluster) Watch(ctx context.Context, tell func(text string)) {
	before, _ := c.ledger.Authority(ctx)
	running := map[*Node]int{}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		for _, n := range c.nodes {
			pid := n.PID()
			switch last, known := running[n]; {
			case n.Running():
				running[n] = pid
			case known && last != 0:
				running[n] = 0
				tell(fmt.Sprintf("%s (process %d) has ended: %s", n.id, pid, n.current().How()))
			}
		}
		now, err := c.ledger.Authority(ctx)
		if err == nil && now != before {
			tell(changed(before, now))
			before = now
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// changed says what happened between two readings.
func changed(before, now Authority) string {
	switch {
	case now.Epoch == before.Epoch && !now.Open:
		return fmt.Sprintf("%s has closed its tenure of epoch %d", now.Holder, now.Epoch)
	case before.Open:
		return fmt.Sprintf("%s leads under epoch %d, after %s under epoch %d", now.Holder, now.Epoch,
			before.Holder, before.Epoch)
	default:
		return fmt.Sprintf("%s leads under epoch %d", now.Holder, now.Epoch)
	}
}
