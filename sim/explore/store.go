package explore

import (
	"encoding/binary"
	"unsafe"

	"fencepost/core"
	"fencepost/sim/model"
)

// pack appends the state that was taken last, in as few bytes as its codes need:
// the most are zero.
func (c *canon) pack(to []byte) []byte {
	messages := c.sections[len(c.sections)-c.messages:]
	to = append(to, byte(len(messages)), byte(len(c.refs)))
	for i := range messages {
		to = append(to, byte(messages[i].owner))
	}
	for _, r := range c.refs {
		to = append(to, byte(r.target))
	}
	to = binary.AppendUvarint(to, uint64(len(c.codes)))
	codes := c.codes
	for len(codes) > 0 {
		group := codes[:min(8, len(codes))]
		mask := len(to)
		to = append(to, 0)
		for i, code := range group {
			if code != 0 {
				to[mask] |= 1 << i
				to = binary.AppendUvarint(to, uint64(code))
			}
		}
		codes = codes[len(group):]
	}
	return to
}

// unpacker reads packed states.
type unpacker struct {
	reader
	all    []uint16
	people []ref
}

// unpack makes w the state that was packed.
func (u *unpacker) unpack(from []byte, w *world) {
	owners := from[2 : 2+from[0]]
	targets := from[2+len(owners):][:from[1]]
	from = from[2+len(owners)+len(targets):]
	u.people = u.people[:0]
	for _, target := range targets {
		u.people = append(u.people, ref{target: int8(target)})
	}
	count, size := binary.Uvarint(from)
	from = from[size:]
	u.all = u.all[:0]
	for len(u.all) < int(count) {
		mask := from[0]
		from = from[1:]
		for i := 0; i < 8 && len(u.all) < int(count); i++ {
			code := uint64(0)
			if mask>>i&1 != 0 {
				code, size = uint64(from[0]), 1
				if code >= 0x80 {
					code, size = binary.Uvarint(from)
				}
				from = from[size:]
			}
			u.all = append(u.all, uint16(code))
		}
	}
	u.codes, u.refs = u.all, u.people
	u.readWorld(w, owners)
}

// readWorld reads the sections; owners are those of the messages.
func (u *unpacker) readWorld(w *world, owners []byte) {
	w.now, w.broken = startOfTime, Violation{}
	for i := range w.hosts {
		u.readHost(w, i)
	}
	u.owner = everybodys
	u.readShared(w)
	w.net = w.net[:len(owners)]
	for i := range w.net {
		u.readMessage(&w.net[i], int8(owners[i]))
	}
}

// readHost reads a node.
func (u *unpacker) readHost(w *world, i int) {
	h := &w.hosts[i]
	u.owner = int8(i)
	flags := u.next()
	h.up, h.paused, h.sending = flags&1 != 0, flags&2 != 0, uint8(flags>>2)
	h.life = lifeBase
	for k := range h.acqs {
		h.acqs[k] = acqBase
	}
	if !h.up {
		return
	}
	n := &h.node
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

// readMessage reads a message.
func (u *unpacker) readMessage(m *message, owner int8) {
	u.owner = owner
	_, head, about := u.next(), u.next(), u.next()
	m.stage, m.slow, m.count, m.op = stage(head&3), head&4 != 0, int(head>>3&31), core.Op(head>>8)
	m.node, m.life = owner, lifeBase-uint32(about>>8)
	m.req = uint32(about&0xff) + 1
	if about&0xff == nobodys {
		m.req = nobodysReq
	}
	if m.stage == request {
		m.effect = core.Effect{Req: m.req}
		u.read(effectLayout, unsafe.Pointer(&m.effect))
		return
	}
	for i := range m.inputs[:m.count] {
		m.inputs[i] = core.Input{Req: m.req}
		u.read(inputLayout, unsafe.Pointer(&m.inputs[i]))
	}
}

// readShared reads the stores and what the judge remembers.
func (u *unpacker) readShared(w *world) {
	u.read(redisLayout, unsafe.Pointer(&w.redis))
	u.read(postgresLayout, unsafe.Pointer(&w.postgres))
	readAll(u, tenureLayout, inside[[]model.Tenure](&w.postgres, atTenures))
	signals := inside[[]model.Signal](&w.postgres, atSignals)
	readAll(u, signalLayout, signals)
	for i := range *signals {
		(*signals)[i].Version = versionBase
	}
	readAll(u, attemptLayout, inside[[]model.Attempt](&w.postgres, atAttempts))
	readNumbers(u, inside[[]core.SignalID](&w.postgres, atKeys))
	u.read(brokerLayout, unsafe.Pointer(&w.broker))
	readAll(u, orderLayout, inside[[]model.Order](&w.broker, atOrders))
	readNumbers(u, inside[[]int32](&w.broker, atNewest))
	u.read(watchLayout, unsafe.Pointer(&w.watch))
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
