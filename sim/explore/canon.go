package explore

import (
	"unsafe"

	"fencepost/core"
	"fencepost/sim/model"
)

// section is a part of a state: a node, a message of a node, a store, or what
// the judge remembers.
type section struct {
	hash uint64
	// mixed is the hash with the head in it.
	mixed uint64
	// refs are whose the tokens of other nodes in it are.
	refs []byte
	// The codes, if the canon wrote them itself; number is that of the library's
	// section, or unknown.
	from, to int32
	refFrom  int32
	number   uint32
	// needs are what its codes refer to, and others the same with the nodes named.
	needs  needs
	others needs
	owner  int8
	// head is, of a message, what it is to its node: see headOf.
	head uint16
}

// sectionKind is the first code of a section.
type sectionKind uint16

// The kinds.
const (
	hostSection sectionKind = iota
	redisSection
	ledgerSection
	brokerSection
	watchSection
	messageSection
)

// commons is how many sections are everybody's. They follow those of the nodes;
// those of the messages come last.
const commons = 4

// canon writes states as codes and makes their fingerprints.
type canon struct {
	coder
	sections []section
}

// begin starts a section.
func (c *canon) begin(owner int8, kind sectionKind) {
	c.owner, c.needs = owner, needsTime
	c.sections = append(c.sections, section{
		owner: owner, number: unknown, from: int32(len(c.bytes)), refFrom: int32(len(c.refs)),
	})
	c.put(uint16(kind))
}

// end ends it.
func (c *canon) end() {
	s := &c.sections[len(c.sections)-1]
	s.to, s.needs, s.refs = int32(len(c.bytes)), c.needs, c.refs[s.refFrom:]
	s.others = s.needs.of(s.owner, s.refs)
	s.hash = hash(c.bytes[s.from:s.to])
	s.mixed = s.hash
}

// relate reads from a world what its codes are relative to.
func (r *relations) relate(w *world) {
	*r = relations{}
	was := w.touched
	w.touched = ^uint8(0)
	r.follow(w)
	w.touched = was
}

// follow reads what may have changed since, and tells which relations are others.
func (r *relations) follow(w *world) (others needs) {
	if r.now != w.now {
		r.now = w.now
		others |= needsTime
	}
	for i := range w.nodes {
		if w.touched>>i&1 != 0 && r.followHost(i, w.hosts[i]) {
			others |= needsNode << i
		}
	}
	if w.touched&touchedLedger == 0 {
		return others
	}
	if e := w.postgres.Authority().Epoch; r.epoch != e {
		r.epoch = e
		others |= needsEpoch
	}
	for i, s := range *inside[[]model.Signal](w.postgres, atSignals) {
		if r.versions[i] != s.Version {
			r.versions[i] = s.Version
			others |= needsVersion << i
		}
	}
	return others
}

// followHost reads what tokens of a node are relative to, and tells whether it
// has changed.
func (r *relations) followHost(i int, h *host) bool {
	newest := h.acqs[0]
	if h.up {
		newest = inside[core.Token](&h.node, atToken).Acquisition
	}
	if r.life[i] == h.life && r.acqs[i][0] == newest {
		return false // the older ones change with the life alone
	}
	r.life[i], r.acqs[i] = h.life, h.acqs
	r.acqs[i][0] = newest
	return true
}

// take writes a world and returns its fingerprint. Two worlds have the same if
// they are alike, up to the nodes' names when names do not count.
func (c *canon) take(w *world) uint64 {
	c.r.relate(w)
	return c.writeWorld(w, nil, 0)
}

// takeFrom does the same for a world that shares another's parts, which was
// taken by before: what was not touched is as it was, if what it refers to is.
func (c *canon) takeFrom(w *world, before *canon) uint64 {
	c.r = before.r
	others := c.r.follow(w)
	if others&needsTime != 0 {
		before = nil
	}
	return c.writeWorld(w, before, others)
}

// writeWorld writes the sections. Of those before, each is taken over that is
// not touched and needs none of the relations that are others now.
func (c *canon) writeWorld(w *world, before *canon, others needs) uint64 {
	c.bytes, c.refs, c.sections = c.bytes[:0], c.refs[:0], c.sections[:0]
	for i := range w.nodes {
		if w.touched>>i&1 != 0 || !c.same(before, i, others) {
			c.begin(int8(i), hostSection)
			c.putHost(w.hosts[i])
			c.end()
		}
	}
	if w.touched&touchedRedis != 0 || !c.same(before, w.nodes, others) {
		c.begin(everybodys, redisSection)
		c.write(redisLayout, unsafe.Pointer(w.redis))
		c.end()
	}
	if w.touched&touchedLedger != 0 || !c.same(before, w.nodes+1, others) {
		c.begin(everybodys, ledgerSection)
		c.putLedger(w.rules, w.postgres)
		c.end()
	}
	if w.touched&touchedBroker != 0 || !c.same(before, w.nodes+2, others) {
		c.begin(everybodys, brokerSection)
		c.putBroker(w.broker)
		c.end()
	}
	if w.touched&touchedWatch != 0 || !c.same(before, w.nodes+3, others) {
		c.begin(everybodys, watchSection)
		c.write(watchLayout, unsafe.Pointer(&w.watch))
		c.end()
	}
	c.writeMessages(w, before, others)
	return c.fingerprint(w.nodes, w.rules.symmetric)
}

// same adds a section as it was before, if there is one and it means the same.
func (c *canon) same(before *canon, place int, others needs) bool {
	if before == nil || before.sections[place].others&others != 0 {
		return false
	}
	c.sections = append(c.sections, before.sections[place])
	return true
}

// writeMessages writes those of the messages.
func (c *canon) writeMessages(w *world, before *canon, others needs) {
	var turns [maxNodes]uint16
	for i := range w.net {
		m := &w.net[i]
		if m.section == fresh || !c.same(before, int(m.section), others) {
			c.begin(m.node, messageSection)
			c.putMessage(w.rules, m)
			c.end()
		}
		turn := uint16(0)
		if m.stage == request && !m.slow && !w.rules.anyOrder {
			turn = turns[m.node]
			turns[m.node]++
		}
		s := &c.sections[len(c.sections)-1]
		s.head = headOf(w, m, turn)
		s.mixed = blend(s.hash, uint64(s.head>>ownerBits))
	}
}

// putHost adds a node.
func (c *canon) putHost(h *host) {
	c.put(uint16(bitOf(h.up) | bitOf(h.paused)<<1 | uint32(h.sending)<<2))
	if !h.up {
		return
	}
	n := &h.node
	flights := flying(n)
	c.starts = firstStart(nodeLayout, unsafe.Pointer(n), core.Never)
	for i := range flights {
		c.starts = firstStart(flightLayout, flightAt(n, i), c.starts)
	}
	c.write(nodeLayout, unsafe.Pointer(n))
	c.put(uint16(flights))
	for i := range flights {
		c.write(flightLayout, flightAt(n, i))
	}
}

// firstStart is the earliest start of the calls under way.
func firstStart(l *layout, base unsafe.Pointer, first core.Time) core.Time {
	for i, at := range l.requests {
		if *(*uint32)(unsafe.Add(base, at)) != 0 {
			first = min(first, *(*core.Time)(unsafe.Add(base, l.starts[i])))
		}
	}
	return first
}

// nobodys is the code of a request that nobody awaits.
const nobodys = 15

// awaited is which of its node's calls a message is about.
func awaited(w *world, m *message) uint16 {
	h := w.hosts[m.node]
	if !h.up || h.life != m.life || m.req == 0 {
		return nobodys
	}
	for i, at := range nodeLayout.requests {
		if *inside[uint32](&h.node, at) == m.req {
			return uint16(i)
		}
	}
	for i := range flying(&h.node) {
		if *(*uint32)(unsafe.Add(flightAt(&h.node, i), flightLayout.requests[0])) == m.req {
			return uint16(len(nodeLayout.requests) + i)
		}
	}
	return nobodys
}

// ownerBits is how many bits of a head name the node.
const ownerBits = 2

// headOf is what a message is to its node: the node, whether it is slow, how many
// requests the node has sent before, where that counts, which call it is about,
// and how many processes ago. The node is in the lowest bits.
func headOf(w *world, m *message, turn uint16) uint16 {
	lives := uint16(min(w.hosts[m.node].life-m.life, maxLives-1))
	return uint16(m.node) | uint16(bitOf(m.slow))<<ownerBits | turn<<3 | awaited(w, m)<<8 | lives<<12
}

// putMessage adds what a message says.
func (c *canon) putMessage(r *rules, m *message) {
	c.put(uint16(m.stage) | uint16(m.count)<<2)
	c.put(uint16(m.op))
	if m.stage == request {
		if m.op == core.Submit && r.signs() {
			c.put(c.instant(m.body.signed))
		}
		c.write(effectLayout, unsafe.Pointer(&m.body.effect))
		return
	}
	for i := range m.count {
		c.write(inputLayout, unsafe.Pointer(&m.body.inputs[i]))
	}
}

// putLedger adds PostgreSQL.
func (c *canon) putLedger(r *rules, p *model.Postgres) {
	c.write(postgresLayout, unsafe.Pointer(p))
	tenures := *inside[[]model.Tenure](p, atTenures)
	putAll(c, tenureLayout, tenures[max(len(tenures)-keptTenures, 0):])
	putAll(c, signalLayout, *inside[[]model.Signal](p, atSignals))
	attempts := *inside[[]model.Attempt](p, atAttempts)
	putAll(c, attemptLayout, attempts)
	if r.signs() {
		for i := range attempts {
			c.put(uint16(r.overdueFor(c.r.now, attempts[i].SendBy) / unit))
		}
	}
	putNumbers(c, *inside[[]core.SignalID](p, atKeys))
}

// putBroker adds the broker.
func (c *canon) putBroker(b *model.Broker) {
	c.write(brokerLayout, unsafe.Pointer(b))
	putAll(c, orderLayout, *inside[[]model.Order](b, atOrders))
	putNumbers(c, *inside[[]int32](b, atNewest))
}

// keptTenures is how many rows of the history the ledger's operations can look
// at: the present one and its predecessor.
const keptTenures = 2

// putAll adds the elements of a slice.
func putAll[T any](c *canon, l *layout, list []T) {
	c.put(uint16(len(list)))
	for i := range list {
		c.write(l, unsafe.Pointer(&list[i]))
	}
}

// putNumbers adds a slice of numbers.
func putNumbers[T ~int32 | ~int64](c *canon, list []T) {
	c.put(uint16(len(list)))
	for _, v := range list {
		c.bytes = appendNumber(c.bytes, int64(v))
	}
}

// fingerprint folds the sections. A node's part is summed with the others', so
// that their names do not count; whom a token refers to is told by what that
// node is, not by its name.
func (c *canon) fingerprint(nodes int, symmetric bool) uint64 {
	var kind, whole [maxNodes]uint64
	for i := range c.sections {
		if s := &c.sections[i]; s.owner >= 0 {
			kind[s.owner] += s.mixed
		}
	}
	if !symmetric {
		for i := range nodes {
			kind[i] = blend(kind[i], uint64(i)+1)
		}
	}
	shared := uint64(0)
	for i := range c.sections {
		s := &c.sections[i]
		h := s.mixed
		for k, node := range s.refs {
			h += blend(uint64(k)+0x1234567, kind[node])
		}
		if s.owner >= 0 {
			whole[s.owner] += blend(h, 0x51ed270b)
		} else {
			shared = blend(shared, h)
		}
	}
	sum := uint64(0)
	for i := range nodes {
		if symmetric {
			sum += blend(whole[i], 0x7f4a7c15)
		} else {
			sum += blend(whole[i], uint64(i)+0x7f4a7c16)
		}
	}
	return max(blend(shared, sum), 1)
}
