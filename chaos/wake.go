package chaos

import (
	"context"
	"fmt"
)

// wakeStores has the stores answer, whatever a fault that is never healed left them
// in: the run is over, the nodes are gone, and what the stores saw must be read.
func (r *run) wakeStores(ctx context.Context) error {
	goesOn := func(act string) bool { return r.count(act, 0) > 0 }
	for _, wake := range []struct {
		from string
		how  func() error
	}{
		{redisStall, r.redis.Resume},
		{redisDown, func() error { return r.redis.Up(ctx, r.outage.lost) }},
		{postgresStall, r.postgres.Resume},
		{postgresHang, r.postgres.ResumePostmaster},
		{postgresDown, func() error { return r.postgres.Up(ctx) }},
	} {
		if !goesOn(wake.from) {
			continue
		}
		if err := wake.how(); err != nil {
			return fmt.Errorf("wake the stores: %w", err)
		}
	}
	return r.closePast(ctx)
}

// closePast reads what a rewind has left of the ledger, if the run was over before
// the conductor heard that the server is back.
func (r *run) closePast(ctx context.Context) error {
	gone := r.past
	if gone == nil {
		return nil
	}
	if gone.at == 0 {
		gone.at = r.clock.toWall(r.clock.now())
		if err := gone.read(ctx, r.postgres); err != nil {
			return fmt.Errorf("read what a rewind has left: %w", err)
		}
	}
	r.past, r.rewound = nil, append(r.rewound, *gone)
	return nil
}
