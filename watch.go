package fencepost

import (
	"context"
	"sync"
	"time"

	"fencepost/core"
)

// leaders are the names that the stores gave when they were last asked.
type leaders struct {
	mu       sync.Mutex
	redis    *string
	postgres *string
}

func (l *leaders) set(redis, postgres *string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.redis, l.postgres = redis, postgres
}

func (l *leaders) get() (redis, postgres *string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.redis, l.postgres
}

// watch asks both stores who leads, as often as the node heartbeats. The
// metrics show it, and it tells whether Redis answers an instance that does not
// try for the lease.
func (k *Coordinator) watch(ctx context.Context) {
	ticker := time.NewTicker(k.protocol.Heartbeat)
	defer ticker.Stop()
	for {
		bounded, cancel := context.WithTimeout(ctx, k.protocol.StoreTimeout)
		found := k.Leader(bounded)
		cancel()
		k.leaders.set(found.RedisLeader, found.DBLeader)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// missing lists what keeps this instance from being ready. Leading is no part
// of it.
func (k *Coordinator) missing() []string {
	var list []string
	if !k.running.Load() {
		list = append(list, "not running")
	}
	if k.stopping.Load() {
		list = append(list, "stopping")
	}
	if !k.driver.Status().LedgerFresh {
		list = append(list, core.Postgres.String())
	}
	if !k.observer.AnsweredWithin(core.Redis, 3*k.protocol.Heartbeat) {
		list = append(list, core.Redis.String())
	}
	return list
}
