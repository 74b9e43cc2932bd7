package explore

import (
	"unsafe"

	"fencepost/core"
	"fencepost/sim/model"
)

// The sizes of the shelves: how many parts of each kind a worker keeps at hand.
const (
	hostShelf    = 1 << 11
	commonShelf  = 1 << 9
	messageShelf = 1 << 11
)

// shelf keeps parts of states as they were read, each in the place that its
// number says.
type shelf[T any] struct {
	keys  []uint32
	parts []T
}

// look returns the place of the part of that key, and whether it stands there.
// Otherwise it is to be read into the place, unless another is still needed.
func (s *shelf[T]) look(key uint32, size int) (at *T, there bool) {
	if s.parts == nil {
		s.keys, s.parts = make([]uint32, size), make([]T, size)
	}
	i := int(key) & (size - 1)
	return &s.parts[i], s.keys[i] == key+1
}

// take gives the place to the part of that key.
func (s *shelf[T]) take(key uint32) { s.keys[int(key)&(len(s.keys)-1)] = key + 1 }

// unpacker reads packed states. What it has read it keeps, as long as there is
// room: most states share most of their parts with others.
type unpacker struct {
	reader
	library *library
	hosts   [maxNodes]shelf[host]
	redis   shelf[model.Redis]
	ledgers shelf[model.Postgres]
	brokers shelf[model.Broker]
	watches shelf[watch]
	bodies  shelf[said]
	// turn counts the states that were read.
	turn uint64
}

// said is what a message says, and the last state in which it did.
type said struct {
	body  body
	stage stage
	op    core.Op
	count int8
	turn  uint64
}

// unpack makes w the state that was packed, and lets c be what has taken it. The
// parts of w are not its own: see world.share.
func (u *unpacker) unpack(from []uint32, w *world, c *canon) {
	w.now, w.broken, w.touched = startOfTime, Violation{}, 0
	c.sections = c.sections[:0]
	for i := range w.nodes {
		w.hosts[i] = u.host(w, i, from[i])
		c.from(u.library, int8(i), from[i])
	}
	for i, number := range from[w.nodes:][:commons] {
		u.common(w, sectionKind(i)+redisSection, number)
		c.from(u.library, everybodys, number)
	}
	w.net = w.net[:0]
	u.turn++
	for rest := from[w.nodes+commons:]; len(rest) > 0; rest = rest[2:] {
		w.net = append(w.net, u.message(w.rules, rest[0], rest[1], len(c.sections)))
		s := c.from(u.library, int8(rest[1]&(1<<ownerBits-1)), rest[0])
		s.head = uint16(rest[1])
	}
	c.r.relate(w)
}

// from adds a section out of a library.
func (c *canon) from(l *library, owner int8, number uint32) *section {
	c.sections = append(c.sections, l.volumes[number].section)
	s := &c.sections[len(c.sections)-1]
	s.owner, s.others = owner, s.needs.of(owner, s.refs)
	return s
}

// open begins to read a section.
func (u *unpacker) open(owner int8, number uint32) {
	v := &u.library.volumes[number]
	u.codes, u.refs, u.owner = v.codes, v.refs, owner
	u.next()
}

// host reads a node.
func (u *unpacker) host(w *world, i int, number uint32) *host {
	h, there := u.hosts[i].look(number, hostShelf)
	if !there {
		u.hosts[i].take(number)
		u.open(int8(i), number)
		u.readHost(w, i, h)
	}
	return h
}

// common reads what is everybody's.
func (u *unpacker) common(w *world, kind sectionKind, number uint32) {
	there := false
	switch kind {
	case redisSection:
		if w.redis, there = u.redis.look(number, commonShelf); !there {
			u.redis.take(number)
			u.open(everybodys, number)
			u.read(redisLayout, unsafe.Pointer(w.redis))
		}
	case ledgerSection:
		if w.postgres, there = u.ledgers.look(number, commonShelf); !there {
			u.ledgers.take(number)
			u.open(everybodys, number)
			w.postgres.CopyFrom(&w.own.postgres) // for what is constant
			u.readLedger(w.rules, w.postgres)
		}
	case brokerSection:
		if w.broker, there = u.brokers.look(number, commonShelf); !there {
			u.brokers.take(number)
			u.open(everybodys, number)
			w.broker.CopyFrom(&w.own.broker)
			u.readBroker(w.broker)
		}
	case watchSection:
		seen, there := u.watches.look(number, commonShelf)
		if !there {
			u.watches.take(number)
			u.open(everybodys, number)
			u.read(watchLayout, unsafe.Pointer(seen))
		}
		w.watch = *seen
	case hostSection, messageSection:
	default:
	}
}

// readHost reads a node's codes.
func (u *unpacker) readHost(w *world, i int, h *host) {
	flags := u.next()
	h.up, h.paused, h.sending = flags&1 != 0, flags&2 != 0, uint8(flags>>2)
	h.life = lifeBase
	for k := range h.acqs {
		h.acqs[k] = acqBase
	}
	n := &h.node
	*inside[int32](n, atFlying) = 0
	if !h.up {
		return
	}
	u.requests = 0
	*inside[core.Nonce](n, atSelf) = nonceOf(i, lifeBase)
	*inside[core.Config](n, atConfig) = w.rules.config
	*inside[uint32](n, atReqs) = nobodysReq + 1
	*inside[core.Now](n, atLast) = core.Now{Boot: startOfTime, Mono: startOfTime, Wall: startOfTime}
	u.read(nodeLayout, unsafe.Pointer(n))
	flights := int(u.next())
	*inside[int32](n, atFlying) = int32(flights)
	for k := range flights {
		u.read(flightLayout, flightAt(n, k))
	}
}

// message reads a message: what it says from its section, the rest from its
// head. One that says something else and wants the same place on the shelf has
// to do without, within one state.
func (u *unpacker) message(r *rules, number, head uint32, section int) message {
	owner := int8(head & (1<<ownerBits - 1))
	key := number<<ownerBits | uint32(owner)
	what, there := u.bodies.look(key, messageShelf)
	if !there {
		if what.turn == u.turn {
			what = new(said)
		} else {
			u.bodies.take(key)
		}
		u.open(owner, number)
		u.readBody(r, what)
	}
	what.turn = u.turn
	m := message{
		stage: what.stage, node: owner, slow: head>>ownerBits&1 != 0, op: what.op, count: what.count,
		section: int8(section), life: lifeBase - head>>12, req: head>>8&nobodys + 1, body: &what.body,
	}
	if m.req == nobodys+1 {
		m.req = nobodysReq
	}
	return m
}

// readBody reads what a message says.
func (u *unpacker) readBody(r *rules, what *said) {
	first := u.next()
	what.stage, what.count, what.op = stage(first&3), int8(first>>2), core.Op(u.next())
	if what.stage == request {
		what.body.signed = startOfTime // as good as any, where nobody looks at it
		if what.op == core.Submit && r.signs() {
			what.body.signed = u.instant()
		}
		what.body.effect = core.Effect{}
		u.read(effectLayout, unsafe.Pointer(&what.body.effect))
		return
	}
	for i := range what.count {
		what.body.inputs[i] = core.Input{}
		u.read(inputLayout, unsafe.Pointer(&what.body.inputs[i]))
	}
}

// readLedger reads PostgreSQL.
func (u *unpacker) readLedger(r *rules, p *model.Postgres) {
	u.read(postgresLayout, unsafe.Pointer(p))
	readAll(u, tenureLayout, inside[[]model.Tenure](p, atTenures))
	signals := inside[[]model.Signal](p, atSignals)
	readAll(u, signalLayout, signals)
	for i := range *signals {
		(*signals)[i].Version = versionBase
	}
	attempts := inside[[]model.Attempt](p, atAttempts)
	readAll(u, attemptLayout, attempts)
	if r.signs() {
		for i := range *attempts {
			if over := u.next(); over > 0 {
				(*attempts)[i].SendBy = startOfTime - core.Time(over)*unit
			}
		}
	}
	readNumbers(u, inside[[]core.SignalID](p, atKeys))
}

// readBroker reads the broker.
func (u *unpacker) readBroker(b *model.Broker) {
	u.read(brokerLayout, unsafe.Pointer(b))
	readAll(u, orderLayout, inside[[]model.Order](b, atOrders))
	readNumbers(u, inside[[]int32](b, atNewest))
}

// readAll reads what putAll wrote.
func readAll[T any](u *unpacker, l *layout, list *[]T) {
	count := int(u.next())
	*list = (*list)[:0]
	for range count {
		var zero T
		*list = append(*list, zero)
		u.read(l, unsafe.Pointer(&(*list)[len(*list)-1]))
	}
}

// readNumbers reads what putNumbers wrote.
func readNumbers[T ~int32 | ~int64](u *unpacker, list *[]T) {
	count := int(u.next())
	*list = (*list)[:0]
	for range count {
		*list = append(*list, T(u.number()))
	}
}
