package chaos

import (
	"context"
	"fmt"
	"time"

	"fencepost/chaos/link"
	"fencepost/chaos/store"
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/internal/identity"
	"fencepost/scenarios"
)

// defaultDown is how long a store is away when the file does not say.
const defaultDown = 250 * time.Millisecond

// startRedis starts Redis, and its replica behind a link of its own.
func (r *run) startRedis(ctx context.Context) error {
	o := store.RedisOptions{
		Group: group, Replicated: r.program.replicated,
		Durability: r.program.scenario.Cluster.Redis.Durability,
	}
	if o.Replicated {
		o.Link = r.leadReplica
	}
	var err error
	r.redis, err = store.StartRedis(ctx, o)
	return err
}

// leadReplica leads the replica to a primary over the one link between them.
func (r *run) leadReplica(primary string) (string, error) {
	if r.replication == nil {
		l, err := r.engine.Open("redis-replica", link.Redis, primary)
		if err != nil {
			return "", err
		}
		r.replication = &cable{Link: l}
		return l.Addr(), nil
	}
	return r.replication.Addr(), r.replication.Retarget(primary)
}

// strikeRedis disturbs Redis.
func (r *run) strikeRedis(ctx context.Context, index int, v scenarios.Redis) (bool, error) {
	at := r.clock.now()
	if !r.redisTakes(v.Act) {
		return false, nil
	}
	switch v.Act {
	case scenarios.RedisRestart, scenarios.RedisLoseData, scenarios.RedisFailover:
		if v.Act == scenarios.RedisFailover && r.split {
			return false, nil // nobody is there to be promoted
		}
		return true, r.redisAway(ctx, index, v)
	case scenarios.RedisStall:
		r.fault(history.RedisFault, true, history.None, at)
		r.awayNow(core.Redis, 1)
		if err := r.enter(redisStall, r.redis.Stall); err != nil {
			return true, err
		}
		r.started(ctx, index, at)
		r.healLater(index, v.For, func() {
			at := r.clock.now()
			r.broke(r.leave(redisStall, r.redis.Resume))
			r.redisBack(ctx, index, at)
			r.tell(core.Redis)
		})
		return true, nil
	case scenarios.RedisFlush:
		return true, r.redisInstant(ctx, index, history.RedisDataLoss, func() error {
			before, err := r.redis.Keys(ctx)
			if err == nil {
				err = r.redis.Flush(ctx)
			}
			r.tellLoss(ctx, before, store.Keys{}, r.clock.now())
			return err
		})
	case scenarios.RedisShiftTTL:
		by := time.Duration(r.chance.span(v.By, r.program.ttl))
		return true, r.redisInstant(ctx, index, history.ClockFault, func() error {
			return r.redis.ShiftTTL(ctx, by)
		})
	case scenarios.RedisSetLease:
		hit := r.resolve(ctx, v.To)
		if len(hit) == 0 {
			return false, nil
		}
		token := r.foreignToken(r.nodes[hit[0]])
		return true, r.redisInstant(ctx, index, history.RedisDataLoss, func() error {
			return r.redis.SetLease(ctx, token, time.Duration(r.program.ttl))
		})
	case scenarios.RedisSplit:
		return r.strikeSplit(ctx, index, v)
	default:
		return true, fmt.Errorf("redis %s: real processes know no such act", v.Act)
	}
}

// redisTakes tells whether an act can strike Redis now: what is down or stands still
// cannot be told anything, and whoever is being told something must be able to
// answer.
func (r *run) redisTakes(act scenarios.RedisAct) bool {
	switch {
	case r.telling[core.Redis]:
		return false
	case act == scenarios.RedisRestart, act == scenarios.RedisLoseData:
		return true
	case act == scenarios.RedisStall:
		return r.redisIsUp()
	default:
		return r.redisAnswers()
	}
}

// foreignToken is a token of a node's present process that the node has not
// used: its name in the lease, written there by a person or a mistake.
func (r *run) foreignToken(n *instance) string {
	return identity.Text(n.name, core.Token{Nonce: n.nonce(), Acquisition: 1 << 30})
}

// redisInstant carries out an act that takes no time. What it may break is
// excused around it.
func (r *run) redisInstant(ctx context.Context, index int, class history.Fault, act func() error) error {
	at := r.clock.now()
	r.fault(class, true, history.None, at)
	r.started(ctx, index, at)
	if err := act(); err != nil {
		return err
	}
	at = r.clock.now()
	r.fault(class, false, history.None, at)
	r.finished(ctx, index, at)
	return nil
}

// outage is the time for which Redis is down, whatever number of acts keeps it
// down: what it held, what it loses, and whether its replica takes its place.
type outage struct {
	before, after store.Keys
	lost          store.Loss
	failsOver     bool
}

// redisAway takes Redis down and brings it back, or its replica in its place,
// without what is lost.
func (r *run) redisAway(ctx context.Context, index int, v scenarios.Redis) error {
	at := r.clock.now()
	r.fault(history.RedisFault, true, history.None, at)
	r.fault(history.RedisDataLoss, true, history.None, at)
	r.awayNow(core.Redis, 1)
	r.started(ctx, index, at)
	err := r.enter(redisDown, func() error {
		var err error
		if r.count(redisStall, 0) > 0 { // it does not say what it holds, and goes all the same
			r.outage.before = r.redis.Seen()
		} else if r.outage.before, err = r.redis.Keys(ctx); err != nil {
			return err
		}
		return r.redis.Down(ctx, store.Crash)
	})
	if err != nil {
		return err
	}
	r.outage.lost = r.outage.lost.And(r.lossOf(v))
	r.outage.failsOver = r.outage.failsOver || v.Act == scenarios.RedisFailover
	r.healLater(index, r.downOf(v.Down), func() { r.redisUp(ctx, index) })
	return nil
}

// redisUp brings Redis back, beside the conductor, unless another act keeps it
// down still.
func (r *run) redisUp(ctx context.Context, index int) {
	r.keepOut(core.Redis)
	was, isUp := r.outage, false
	if r.count(redisDown, 0) == 1 { // it is over: what follows is another one
		r.outage = outage{}
	}
	r.background(func() error {
		return r.leave(redisDown, func() error {
			isUp = true
			var err error
			if was.failsOver {
				err = r.failOver(ctx, was.lost)
			} else {
				err = r.redis.Up(ctx, was.lost)
			}
			if err != nil {
				return err
			}
			if was.after, err = r.redis.Keys(ctx); err != nil && r.count(redisDown, 0) > 0 {
				was.after, err = was.before, nil // it went down again before anybody could look
			}
			return err
		})
	}, func() {
		at := r.clock.now()
		if isUp {
			r.tellLoss(ctx, was.before, was.after, at)
		}
		if r.count(redisDown, 0) == 0 && r.count(redisStall, 0) > 0 {
			r.broke(r.redis.Stall()) // what stood still before stands still again
		}
		r.fault(history.RedisDataLoss, false, history.None, at)
		r.redisBack(ctx, index, at)
		r.letIn(core.Redis)
		r.tell(core.Redis)
	})
}

// downOf is how long a store is away.
func (r *run) downOf(down scenarios.Span) scenarios.Span {
	if down.IsZero() {
		return scenarios.Length{Nanos: int64(defaultDown)}.Span()
	}
	return down
}

// lossOf draws what is lost: what the step names, everything, or what the
// durability of the file loses.
func (r *run) lossOf(v scenarios.Redis) store.Loss {
	named := v.LoseLast != scenarios.Loss{}
	lost := store.Loss{
		All:    v.Act == scenarios.RedisLoseData && !named,
		Window: time.Duration(r.chance.span(v.LoseLast.Window, r.program.ttl)),
		Writes: int(r.chance.between(int64(v.LoseLast.Writes.Min), int64(v.LoseLast.Writes.Max))),
	}
	switch {
	case named || lost.All:
	case v.Act == scenarios.RedisFailover:
		lost.Writes = int(r.chance.between(0, fewWrites))
	case r.program.scenario.Cluster.Redis.Durability == scenarios.AOFEverySec:
		lost.Window = time.Duration(r.chance.between(0, int64(time.Second)))
	}
	return lost
}

// fewWrites bounds how many writes a replica has missed of which the step says
// nothing.
const fewWrites = 5

// failOver leads everybody to the replica.
func (r *run) failOver(ctx context.Context, lost store.Loss) error {
	addr, err := r.redis.Failover(ctx, lost)
	if err != nil {
		return err
	}
	for _, wires := range r.links {
		if err := wires[core.Redis].Retarget(addr); err != nil {
			return err
		}
	}
	return r.redis.Rejoin(ctx)
}

// redisBack notes that Redis answers again.
func (r *run) redisBack(ctx context.Context, index int, at int64) {
	r.fault(history.RedisFault, false, history.None, at)
	r.awayNow(core.Redis, -1)
	r.finished(ctx, index, at)
}

// awayNow counts the faults that keep a store from answering.
func (r *run) awayNow(which core.Store, by int) {
	r.down[which] += by
	r.reachChanged()
}

// The acts of which several may go on at once: the first begins it, and the last
// ends it.
const (
	redisDown  = "redis down"
	redisStall = "redis stall"
)

// redisIsUp tells whether Redis has a process, and is not just coming up.
func (r *run) redisIsUp() bool { return r.count(redisDown, 0) == 0 && r.shut[core.Redis] == 0 }

// redisAnswers tells whether Redis can be told anything.
func (r *run) redisAnswers() bool { return r.redisIsUp() && r.count(redisStall, 0) == 0 }

// enter begins an act, unless it goes on already.
func (r *run) enter(act string, begin func() error) error {
	if r.count(act, 1) > 1 {
		return nil
	}
	return begin()
}

// leave ends an act, unless somebody else still wants it.
func (r *run) leave(act string, end func() error) error {
	if r.count(act, -1) > 0 {
		return nil
	}
	return end()
}

// count changes for how many an act goes on, and returns it.
func (r *run) count(act string, by int) int {
	r.acting.Lock()
	defer r.acting.Unlock()
	r.acts[act] += by
	return r.acts[act]
}

// strikeSplit promotes the replica for all nodes but those that the old primary
// goes on serving.
func (r *run) strikeSplit(ctx context.Context, index int, v scenarios.Redis) (bool, error) {
	if r.split {
		return false, nil
	}
	served := map[int16]bool{}
	for _, p := range v.Serves {
		for _, node := range r.resolve(ctx, p) {
			served[node] = true
		}
	}
	if len(served) == 0 {
		return false, nil
	}
	at := r.clock.now()
	r.split = true
	r.fault(history.RedisDataLoss, true, history.None, at)
	r.started(ctx, index, at)
	before, err := r.redis.Keys(ctx)
	if err != nil {
		return true, err
	}
	addr, err := r.redis.Split(ctx, r.lossOf(v))
	if err != nil {
		return true, err
	}
	after, err := r.redis.Keys(ctx)
	if err != nil {
		return true, err
	}
	r.tellLoss(ctx, before, after, r.clock.now())
	for node := range r.nodes {
		if !served[int16(node)] {
			if err := r.links[node][core.Redis].Retarget(addr); err != nil {
				return true, err
			}
		}
	}
	r.healLater(index, v.For, func() {
		r.onceAnswers(core.Redis, errand{
			tell: func() error { return r.unsplit(ctx, served, addr) },
			then: func() {
				r.split = false
				at := r.clock.now()
				r.fault(history.RedisDataLoss, false, history.None, at)
				r.finished(ctx, index, at)
			},
		})
	})
	return true, nil
}

// unsplit leads the nodes that the old primary served to the new one, and ends its
// reign.
func (r *run) unsplit(ctx context.Context, served map[int16]bool, addr string) error {
	for node := range served {
		if err := r.links[node][core.Redis].Retarget(addr); err != nil {
			return err
		}
	}
	return r.redis.Unsplit(ctx)
}

// tellLoss says that a loss of acknowledged writes changed what Redis held, if it
// did. What had expired meanwhile was not lost.
func (r *run) tellLoss(ctx context.Context, before, after store.Keys, at int64) {
	if !before.Lost(after, r.clock.toWall(at)) {
		return
	}
	r.book.add(at, history.Record{
		Kind: history.Announced, Event: event.RedisLostWrite, Node: history.None, Subject: history.None,
	})
	r.trigger(ctx, event.RedisLostWrite, history.None)
}
