package explore

import (
	"unsafe"

	"fencepost/core"
	"fencepost/sim/model"
)

// section is a part of a state: a node, a message of a node, or all that is
// everybody's.
type section struct {
	owner    int8
	from, to int
	// The references in it.
	refFrom, refTo int
	hash           uint64
}

// canon writes states as codes and makes their fingerprints.
type canon struct {
	coder
	sections []section
	messages int
}

// begin starts a section.
func (c *canon) begin(owner int8) {
	c.owner = owner
	c.sections = append(c.sections, section{owner: owner, from: len(c.codes), refFrom: len(c.refs)})
}

// end ends it.
func (c *canon) end() {
	s := &c.sections[len(c.sections)-1]
	s.to, s.refTo = len(c.codes), len(c.refs)
	for i := s.refFrom; i < s.refTo; i++ {
		c.refs[i].at -= uint16(s.from)
	}
	s.hash = hash(c.codes[s.from:s.to])
}

// relate reads from a world what its codes are relative to.
func (r *relations) relate(w *world) {
	r.now, r.epoch = w.now, w.postgres.Authority().Epoch
	signals := *inside[[]model.Signal](&w.postgres, atSignals)
	for i := range r.versions {
		r.versions[i] = 0
		if i < len(signals) {
			r.versions[i] = signals[i].Version
		}
	}
	for i := range w.hosts {
		h := &w.hosts[i]
		r.life[i], r.acqs[i] = h.life, h.acqs
		if h.up {
			r.acqs[i][0] = inside[core.Token](&h.node, atToken).Acquisition
		}
	}
}

// take writes a world and returns its fingerprint. Two worlds have the same if
// they are alike, up to the nodes' names when names do not count.
func (c *canon) take(w *world) uint64 {
	c.r.relate(w)
	return c.writeWorld(w, nil)
}

// takeFrom does the same for a world that came of another, which was taken by
// before: what did not change is copied, if it is still relative to the same.
func (c *canon) takeFrom(w *world, before *canon) uint64 {
	c.r.relate(w)
	if c.r != before.r {
		before = nil
	}
	return c.writeWorld(w, before)
}

// writeWorld writes the sections.
func (c *canon) writeWorld(w *world, before *canon) uint64 {
	c.codes, c.refs, c.sections = c.codes[:0], c.refs[:0], c.sections[:0]
	for i := range w.hosts {
		if before != nil && w.touched>>i&1 == 0 {
			c.again(before, i)
			continue
		}
		c.begin(int8(i))
		c.putHost(&w.hosts[i])
		c.end()
	}
	if before != nil && w.touched&touchedStores == 0 {
		c.again(before, len(w.hosts))
	} else {
		c.begin(everybodys)
		c.putShared(w)
		c.end()
	}
	c.messages = len(w.net)
	for i := range w.net {
		m := &w.net[i]
		c.begin(m.node)
		c.putMessage(w, m)
		c.end()
	}
	return c.fingerprint(len(w.hosts), w.rules.symmetric)
}

// again adds a section as it was before.
func (c *canon) again(before *canon, i int) {
	old := &before.sections[i]
	from, refs := len(c.codes), len(c.refs)
	c.codes = append(c.codes, before.codes[old.from:old.to]...)
	c.refs = append(c.refs, before.refs[old.refFrom:old.refTo]...)
	c.sections = append(c.sections, section{
		owner: old.owner, from: from, to: len(c.codes), refFrom: refs, refTo: len(c.refs), hash: old.hash,
	})
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
	h := &w.hosts[m.node]
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

// turnOf is how many requests its node has sent before, where that counts.
func turnOf(w *world, m *message) (turn uint16) {
	if w.rules.anyOrder || m.stage != request || m.slow {
		return 0
	}
	for k := range w.net {
		other := &w.net[k]
		if other == m {
			return turn
		}
		if other.node == m.node && other.stage == request && !other.slow {
			turn++
		}
	}
	return turn
}

// putMessage adds a message.
func (c *canon) putMessage(w *world, m *message) {
	c.put(turnOf(w, m))
	c.put(uint16(m.stage) | uint16(bitOf(m.slow))<<2 | uint16(m.count)<<3 | uint16(m.op)<<8)
	c.put(awaited(w, m) | uint16(min(w.hosts[m.node].life-m.life, maxLives-1))<<8)
	if m.stage == request {
		c.write(effectLayout, unsafe.Pointer(&m.effect))
		return
	}
	for i := range m.inputs[:m.count] {
		c.write(inputLayout, unsafe.Pointer(&m.inputs[i]))
	}
}

// putShared adds the stores and what the judge remembers.
func (c *canon) putShared(w *world) {
	c.write(redisLayout, unsafe.Pointer(&w.redis))
	c.write(postgresLayout, unsafe.Pointer(&w.postgres))
	tenures := *inside[[]model.Tenure](&w.postgres, atTenures)
	putAll(c, tenureLayout, tenures[max(len(tenures)-keptTenures, 0):])
	putAll(c, signalLayout, *inside[[]model.Signal](&w.postgres, atSignals))
	putAll(c, attemptLayout, *inside[[]model.Attempt](&w.postgres, atAttempts))
	putNumbers(c, *inside[[]core.SignalID](&w.postgres, atKeys))
	c.write(brokerLayout, unsafe.Pointer(&w.broker))
	putAll(c, orderLayout, *inside[[]model.Order](&w.broker, atOrders))
	putNumbers(c, *inside[[]int32](&w.broker, atNewest))
	c.write(watchLayout, unsafe.Pointer(&w.watch))
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
		c.putNumber(int64(v))
	}
}

// fingerprint folds the sections. A node's part is summed with the others', so
// that their names do not count; whom a token refers to is told by what that
// node is, not by its name.
func (c *canon) fingerprint(nodes int, symmetric bool) uint64 {
	var kind, whole [maxNodes]uint64
	for i := range c.sections {
		if s := &c.sections[i]; s.owner >= 0 {
			kind[s.owner] += s.hash
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
		h := s.hash
		for _, r := range c.refs[s.refFrom:s.refTo] {
			h += blend(uint64(r.at)+0x1234567, kind[r.target])
		}
		if s.owner >= 0 {
			whole[s.owner] += blend(h, 0x51ed270b)
		} else {
			shared = h
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
