package explore

import (
	"time"
	"unsafe"

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
	count int8
	// section is which of its state's sections says what body says; fresh, none.
	section int8
	life    uint32
	req     uint32
	body    *body
}

// fresh is the section of a message that was not read from one.
const fresh = -1

// body is what a message says: what is asked for, or the answer. It does not
// change once the message is on its way; whatever says which call it belongs to
// stands in the message alone.
type body struct {
	effect core.Effect
	inputs [maxSignals + 1]core.Input
	// signed is the timestamp of an order, where the broker looks at it.
	signed core.Time
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

// The bits of what is touched: the nodes', and those of the stores and of what
// the judge remembers.
const (
	touchedRedis uint8 = 1 << (maxNodes + iota)
	touchedLedger
	touchedBroker
	touchedWatch
)

// world is one state, in full. Its parts may be those of another world, or of no
// world, as long as nothing touches them: mine, lease, ledger and book make them
// its own first.
type world struct {
	rules    *rules
	now      core.Time
	hosts    [maxNodes]*host
	nodes    int
	net      []message
	redis    *model.Redis
	postgres *model.Postgres
	broker   *model.Broker
	watch    watch
	own      parts

	records model.Records
	answer  model.Reply
	single  [1]core.Input
	effects core.Effects
	// touched says what the last deed may have changed, in bits.
	touched uint8
	// broken is the first invariant that the last act broke.
	broken Violation
	// reached are the inputs that each role was given, one bit each.
	reached *[core.Draining + 1]uint64
}

// parts are the memory of a world.
type parts struct {
	hosts    [maxNodes]host
	redis    model.Redis
	postgres model.Postgres
	broker   model.Broker
	bodies   []body
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

// most is how many messages a world can hold, mostBodies for how many messages it
// has room of its own, those included that have arrived meanwhile.
const (
	most       = 24
	mostBodies = 2 * most
)

// newWorld returns a world in which all nodes have just started.
func newWorld(r *rules) *world {
	w := &world{
		rules: r, now: startOfTime, nodes: r.nodes, net: make([]message, 0, most),
		reached: new([core.Draining + 1]uint64),
	}
	w.records.NodeOf = func(n core.Nonce) int16 { return int16(n>>32) - 1 }
	o := &w.own
	o.bodies = make([]body, 0, mostBodies)
	o.redis.Reset(&w.records)
	o.postgres.Reset(model.PostgresConfig{TTL: r.config.TTL, SendBy: r.config.SendBy}, &w.records)
	o.broker.Reset(model.BrokerConfig{Promise: r.config.Broker}, &w.records)
	w.redis, w.postgres, w.broker = &o.redis, &o.postgres, &o.broker
	for i := range w.nodes {
		w.hosts[i] = &o.hosts[i]
		w.start(i)
	}
	return w
}

// start begins a process.
func (w *world) start(i int) {
	h := w.mine(i)
	copy(h.acqs[1:], h.acqs[:])
	h.life++
	h.up, h.paused, h.sending = true, false, 0
	h.node = core.New(w.rules.config, nonceOf(i, h.life), w.clocks())
}

// mine returns a node that is about to be touched.
func (w *world) mine(i int) *host {
	h := &w.own.hosts[i]
	if w.hosts[i] != h {
		h.become(w.hosts[i])
		w.hosts[i] = h
	}
	w.touched |= 1 << i
	return h
}

// lease returns Redis, which is about to be touched.
func (w *world) lease() *model.Redis {
	r := &w.own.redis
	if w.redis != r {
		*r = *w.redis
		redisRecords(r, &w.records)
		w.redis = r
	}
	w.touched |= touchedRedis
	return r
}

// ledger returns PostgreSQL, which is about to be touched.
func (w *world) ledger() *model.Postgres {
	p := &w.own.postgres
	if w.postgres != p {
		p.CopyFrom(w.postgres)
		w.postgres = p
	}
	w.touched |= touchedLedger
	return p
}

// book returns the broker, which is about to be touched.
func (w *world) book() *model.Broker {
	b := &w.own.broker
	if w.broker != b {
		b.CopyFrom(w.broker)
		w.broker = b
	}
	w.touched |= touchedBroker
	return b
}

// remember returns what the judge remembers, which is about to be touched.
func (w *world) remember() *watch {
	w.touched |= touchedWatch
	return &w.watch
}

// clocks reads the clocks of every machine: they agree.
func (w *world) clocks() core.Now { return core.Now{Boot: w.now, Mono: w.now, Wall: w.now} }

// become makes w the other world, in its own memory.
func (w *world) become(other *world) {
	w.share(other)
	o := &w.own
	for i := range w.nodes {
		w.mine(i)
	}
	w.lease()
	w.ledger()
	w.book()
	o.bodies = o.bodies[:len(w.net)]
	for i := range w.net {
		m := &w.net[i]
		o.bodies[i] = *m.body
		m.body, m.section = &o.bodies[i], fresh
	}
	w.touched = 0
}

// share makes w the other world and leaves every part where it is: until w is
// made another again, nobody may touch the other world.
func (w *world) share(other *world) {
	w.now, w.watch, w.hosts = other.now, other.watch, other.hosts
	w.net = append(w.net[:0], other.net...)
	w.redis, w.postgres, w.broker = other.redis, other.postgres, other.broker
	w.own.bodies = w.own.bodies[:0]
	w.broken, w.touched = Violation{}, 0
}

// become makes h the other node. Flights that are over are left out: nobody
// looks at them.
func (h *host) become(other *host) {
	const size = unsafe.Sizeof(host{})
	to := unsafe.Slice((*byte)(unsafe.Pointer(h)), size)
	from := unsafe.Slice((*byte)(unsafe.Pointer(other)), size)
	flights := atFlights + uintptr(flying(&other.node))*flightType.Size()
	copy(to[:flights], from)
	copy(to[atFlying:], from[atFlying:])
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
	if c.Broker.LateArrivalBound > 0 {
		c.Broker.LateArrivalBound = 2 * step
	}
	return c
}

// signs reports whether orders carry a timestamp by which the broker refuses them.
func (r *rules) signs() bool { return r.config.Broker.LateArrivalBound > 0 }

// longAgo is since when send_by has to have passed for nobody to weigh how long:
// more than the bound of the broker, if it has one.
func (r *rules) longAgo() core.Time { return core.Time(r.config.Broker.LateArrivalBound) + unit }

// overdueFor is for how long an attempt's send_by has passed, up to longAgo; zero
// if it has not.
func (r *rules) overdueFor(now, sendBy core.Time) core.Time {
	return min(max(now-sendBy, 0), r.longAgo())
}

// lags reports whether the broker's book may not show an order that it has.
func (r *rules) lags() bool { return r.config.Broker.Class() == order.ClassC }
