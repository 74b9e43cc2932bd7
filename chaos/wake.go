package chaos

import (
	"context"
	"fmt"

	"fencepost/scenarios"
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
		{"postgres " + string(scenarios.PostgresStall), r.postgres.Resume},
		{"postgres " + string(scenarios.PostgresHangPostmaster), r.postgres.ResumePostmaster},
		{postgresDown, func() error { return r.postgres.Up(ctx) }},
	} {
		if !goesOn(wake.from) {
			continue
		}
		if err := wake.how(); err != nil {
			return fmt.Errorf("wake the stores: %w", err)
		}
	}
	return nil
}
