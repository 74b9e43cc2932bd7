package fencepost

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"fencepost/internal/pgledger"
)

// Spread makes the instances of a group prefer one of them by Placement, another
// for another group, so that the leaderships of several groups are spread over the
// same instances. It has no part in safety: the preferred one asks for the lease a
// little sooner, and a leader that has nothing in flight hands over to one that is
// preferred to it, once for each process. All instances of a group should have it.
func Spread() Option { return func(o *options) { o.spread = true } }

// Placement sorts instance ids by the order in which they are preferred as the
// leader of a group, by rendezvous hashing: every instance computes the same order
// without asking anybody, and an instance that joins or leaves moves nothing but
// what it leads itself.
func Placement(group string, instances []string) []string {
	return slices.SortedFunc(slices.Values(instances), func(a, b string) int {
		return cmp.Or(cmp.Compare(distance(group, a), distance(group, b)), cmp.Compare(a, b))
	})
}

// distance is how little an instance is preferred, evenly spread over all numbers.
func distance(group, instance string) uint64 {
	sum := sha256.Sum256([]byte(group + "\x00" + instance))
	return binary.BigEndian.Uint64(sum[:8])
}

// handicap is how much later than the most preferred of all instances this one asks
// for the lease: up to half of what the call may take, so that it can still be
// answered.
func (k *Coordinator) handicap() time.Duration {
	if !k.placed {
		return 0
	}
	share := float64(distance(k.config.Group, k.config.InstanceID)) / math.MaxUint64
	return time.Duration(share * float64(k.protocol.StoreTimeout) / 2)
}

// giveWay hands over to an instance that is preferred to this one, if it leads. To
// each process it does so once: one that does not take what it is given, because it
// may not lead or has no Redis, is not given it again.
func (k *Coordinator) giveWay(ctx context.Context) {
	ticker := time.NewTicker(k.protocol.Heartbeat)
	defer ticker.Stop()
	given := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if s := k.driver.Status(); !s.Believes || s.InFlight > 0 {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, k.protocol.StoreTimeout)
		list, err := k.Instances(bounded)
		cancel()
		if err != nil {
			continue // heartbeats say so
		}
		to := k.preferred(list)
		if to == nil || given[to.Nonce] {
			continue
		}
		given[to.Nonce] = true
		k.observer.Log().Info("hands over to an instance that is preferred for this group",
			"event", "placement.gives_way", "to", to.InstanceID)
		bounded, cancel = context.WithTimeout(ctx, time.Duration(k.config.ShutdownTimeout))
		if err := k.Resign(bounded); err != nil && ctx.Err() == nil {
			k.observer.Log().Warn("leadership was not handed over", "error", err)
		}
		cancel()
	}
}

// preferred returns the most preferred of the instances that live and have lived
// for a ttl, if it is another one.
func (k *Coordinator) preferred(list []pgledger.Instance) *pgledger.Instance {
	ttl, self := k.protocol.TTL, distance(k.config.Group, k.config.InstanceID)
	var best *pgledger.Instance
	for i := range list {
		one := &list[i]
		fresh := one.SecondsSinceHeartbeat < ttl.Seconds() && one.Status == "follower"
		if !fresh || one.LastHeartbeat.Sub(one.StartedAt) < ttl {
			continue
		}
		if d := distance(k.config.Group, one.InstanceID); d < self {
			self, best = d, one
		}
	}
	return best
}
