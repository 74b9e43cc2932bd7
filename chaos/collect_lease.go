package chaos

import (
	"context"

	"fencepost/chaos/store"
)

// collectLease tells what became of the lease, on whichever server.
func (r *run) collectLease(ctx context.Context, end int64) error {
	watch := r.redis.Watch()
	if err := watch.Drain(ctx); err != nil {
		return err
	}
	writes := watch.Writes(0)
	for _, h := range store.LeaseHistory(writes, r.clock.toWall(end), r.clock.ofWall, r.nodeOf) {
		r.book.add(h.At, h)
	}
	return nil
}
