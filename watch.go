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
	admitted := true
	for {
		admitted = k.tellAdmission(admitted)
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

// missing lists what keeps this instance from being ready: from storing a signal
// that a load balancer hands to it. Leading is no part of it, and neither is
// Redis, without which signals are stored, and executed under another kind of
// lease.
func (k *Coordinator) missing() []string {
	var list []string
	if !k.running.Load() {
		list = append(list, "not running")
	}
	if k.stopping.Load() {
		list = append(list, "stopping")
	}
	status := k.driver.Status()
	if status.Barred {
		list = append(list, barredWord)
	}
	if !status.LedgerFresh {
		list = append(list, core.Postgres.String())
	}
	return list
}

// reachable tells whether a store answered lately.
func (k *Coordinator) reachable(store core.Store) bool {
	return k.observer.AnsweredWithin(store, 3*k.protocol.Heartbeat)
}

// degraded lists what an instance that is ready works without. Redis is not
// missed while the group is led without it.
func (k *Coordinator) degraded() []string {
	status := k.driver.Status()
	if ledWithoutRedis(&status) || k.reachable(core.Redis) {
		return nil
	}
	return []string{core.Redis.String()}
}

// barredWord says that PostgreSQL went back in time, and nobody has accepted it.
const barredWord = "barred"

// ledWithoutRedis reports whether the group has a leader whose lease is in
// PostgreSQL: this instance, or the one that it last read of.
func ledWithoutRedis(s *core.Status) bool {
	if s.Believes {
		return s.Tenure == core.TenurePG
	}
	return s.View.Tenure == core.TenurePG && s.View.Flags.Has(core.Open|core.Live)
}
