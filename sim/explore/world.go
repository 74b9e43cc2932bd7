package explore

import (
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/sim/model"
)

// The most that a world can hold.
const (
	maxNodes   = 3
	maxSignals = 2
)

// host is the machine around a node.
type host struct {
	node   core.Node
	up     bool
	paused bool
	// sending are the signals whose orders may be under way, one bit each.
	sending uint8
	// life counts the processes, acqs are the newest acquisitions of the last
	// ones; of one that is up the node knows.
	life uint32
	acqs [maxLives]uint32
}

// stage is where a message stands.
type stage uint8

// The stages.
const (
	request stage = iota
	reply
	hint
)

// message is on its way between a node and a store. Messages arrive in any
// order, before time goes on; those that are slow, whenever they like.
type message struct {
	stage stage
	node  int8
	slow  bool
	op    core.Op
	life  uint32
	req   uint32
	// effect is what is asked for, inputs the answer.
	effect core.Effect
	count  int
	inputs [maxSignals + 1]core.Input
}

// watch is what the judge remembers.
type watch struct {
	// greatest is the highest epoch that was ever taken, live the attempt of each
	// signal that is not void, open how many tenures the history has open.
	greatest core.Epoch
	live     [maxSignals + 1]uint32
	open     int32
	// excused is until when two may believe: Redis has lost what it acknowledged.
	excused core.Time
	// admitted counts the signals that have come.
	admitted int32
}

// touchedStores is the bit of the stores and of what the judge remembers.
const touchedStores = 1 << 7

// world is one state, in full.
type world struct {
	rules    *rules
	now      core.Time
	hosts    []host
	net      []message
	redis    model.Redis
	postgres model.Postgres
	broker   model.Broker
	watch    watch

	records model.Records
	answer  model.Reply
	single  [1]core.Input
	effects core.Effects
	// touched says what the last deed may have changed: a bit for each node, and
	// touchedStores.
	touched uint8
	// broken is the first invariant that the last act broke.
	broken Violation
	// reached are the inputs that each role was given, one bit each.
	reached *[core.Draining + 1]uint64
}

// rules are what a search does not change.
type rules struct {
	nodes, signals int
	config         core.Config
	// symmetric: names do not count; reduced: what commutes has one order;
	// anyOrder: what one node has sent is carried out in any order.
	symmetric bool
	reduced   bool
	anyOrder  bool
	faults    faultSet
}

// newWorld returns a world in which all nodes have just started.
func newWorld(r *rules) *world {
	w := &world{
		rules: r, now: startOfTime, hosts: make([]host, r.nodes), net: make([]message, 0, 24),
		reached: new([core.Draining + 1]uint64),
	}
	w.records.NodeOf = func(n core.Nonce) int16 { return int16(n>>32) - 1 }
	w.redis.Reset(&w.records)
	w.postgres.Reset(model.PostgresConfig{TTL: r.config.TTL, SendBy: r.config.SendBy}, &w.records)
	w.broker.Reset(model.BrokerConfig{Promise: r.config.Broker}, &w.records)
	for i := range w.hosts {
		w.start(i)
	}
	return w
}

// start begins a process.
func (w *world) start(i int) {
	h := &w.hosts[i]
	w.touched |= 1 << i
	copy(h.acqs[1:], h.acqs[:])
	h.life++
	h.up, h.paused, h.sending = true, false, 0
	h.node = core.New(w.rules.config, nonceOf(i, h.life), w.clocks())
}

// clocks reads the clocks of every machine: they agree.
func (w *world) clocks() core.Now { return core.Now{Boot: w.now, Mono: w.now, Wall: w.now} }

// become makes w the other world, in its own memory.
func (w *world) become(other *world) {
	w.now, w.watch, w.redis = other.now, other.watch, other.redis
	copy(w.hosts, other.hosts)
	w.net = append(w.net[:0], other.net...)
	w.postgres.CopyFrom(&other.postgres)
	w.broker.CopyFrom(&other.broker)
	redisRecords(&w.redis, &w.records)
	w.broken, w.touched = Violation{}, 0
}

// revert makes w the other world again, after a single deed.
func (w *world) revert(other *world) {
	w.now, w.broken = other.now, Violation{}
	for i := range w.hosts {
		if w.touched>>i&1 != 0 {
			w.hosts[i] = other.hosts[i]
		}
	}
	w.net = append(w.net[:0], other.net...)
	if w.touched&touchedStores != 0 {
		w.watch, w.redis = other.watch, other.redis
		redisRecords(&w.redis, &w.records)
		w.postgres.CopyFrom(&other.postgres)
		w.broker.CopyFrom(&other.broker)
	}
	w.touched = 0
}

// configOf is the configuration of every node: all intervals lie on a coarse
// grid, so that few instants are apart, and no jitter and no drift blur it.
func configOf(class order.Class) core.Config {
	const step = time.Duration(unit)
	c := core.Default()
	c.TTL, c.Margin, c.DriftPPM = 4*step, step/2, 0
	c.Renew, c.Heartbeat, c.Sweep, c.Review = step, step, step, 2*step
	c.Retry, c.RetryJitter = step, 0
	c.StoreTimeout, c.BrokerTimeout = step, step
	c.CandidateBudget, c.SendBy = 2*step, 2*step
	c.StaleAfter = horizon * step
	c.Broker = class.Capability()
	return c
}
