package sim

import (
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/core/inbox"
	"fencepost/scenarios"
)

// host is the machine around one node.
type host struct {
	node   core.Node
	clock  clock
	up     bool
	paused bool
	// life counts the processes that ran here; it is part of the nonce.
	life uint32
	// inbox holds what arrived while the process stood still, deferred the
	// calls that it had decided on but not yet written: on waking they leave.
	inbox    []int32
	deferred []int32

	// said is the role that its announcements tell of.
	said core.Role
	// What was last told to the checkers.
	role      core.Role
	believes  bool
	until     int64
	deadline  core.Time // of its trust, and when its clock shows that
	ends      int64
	held      core.Token // the token that it led under last
	stopping  bool
	pauses    int32 // how many steps keep it paused
	downs     int32 // how many steps keep it down
	reach     uint8
	asleep    int32 // how many steps keep the machine asleep
	suspended int64 // when it went to sleep
	// old: in a split, the old primary of Redis serves it.
	old bool
	// next: its processes speak the next version of the protocol.
	next bool
}

// nonceOf makes the nonce of a node's process, and nodeOf finds its node.
func nonceOf(node int16, life uint32) core.Nonce {
	return core.Nonce(uint64(node+1)<<32 | uint64(life))
}

// nodeOf returns the node of a nonce, or history.None.
func nodeOf(nonce core.Nonce) int16 { return int16(nonce>>32) - 1 }

// start begins a process on the host.
func (w *World) start(node int16) {
	h := &w.hosts[node]
	if h.up {
		return
	}
	h.life++
	h.up, h.stopping, h.paused = true, false, h.pauses > 0
	config := w.program.config
	if h.next {
		config.Protocol++
	}
	h.node = core.New(config, nonceOf(node, h.life), h.clock.read(w.now))
	h.role, h.believes, h.until, h.held = core.Follower, false, 0, core.Token{}
	h.said = core.Follower
	w.setWake(node, w.wakeOf(h))
	if h.paused {
		w.setWake(node, never)
	}
	w.tell(&history.Record{Kind: history.NodeUp, Node: node})
	if h.paused {
		w.tell(&history.Record{Kind: history.NodePaused, Node: node})
	}
	w.reachChanged(node)
}

// crash ends a process without warning. What it had sent is on its way still.
func (w *World) crash(node int16) {
	h := &w.hosts[node]
	if !h.up {
		return
	}
	h.up = false
	w.setWake(node, never)
	w.dropAll(&h.inbox)
	w.dropAll(&h.deferred)
	w.leavePools(node)
	if h.believes {
		h.believes = false
		w.tell(&history.Record{Kind: history.BeliefEnded, Node: node})
	}
	w.tell(&history.Record{Kind: history.NodeDown, Node: node})
	w.reachChanged(node)
}

// dropAll frees the slots of a list.
func (w *World) dropAll(list *[]int32) {
	for _, i := range *list {
		w.slots.give(i)
	}
	*list = (*list)[:0]
}

// pause makes the process stand still.
func (w *World) pause(node int16) {
	h := &w.hosts[node]
	h.pauses++
	if !h.up || h.paused {
		return
	}
	h.paused = true
	w.setWake(node, never)
	w.tell(&history.Record{Kind: history.NodePaused, Node: node})
	w.reachChanged(node)
}

// resume lets it go on: calls that were decided leave, what arrived is read,
// and timers that fell due ring.
func (w *World) resume(node int16) {
	h := &w.hosts[node]
	h.pauses--
	if h.pauses > 0 || !h.up || !h.paused {
		return
	}
	h.paused = false
	w.tell(&history.Record{Kind: history.NodeResumed, Node: node})
	w.reachChanged(node)
	for len(h.deferred) > 0 {
		i := h.deferred[0]
		h.deferred = h.deferred[:copy(h.deferred, h.deferred[1:])]
		w.dispatch(i)
		if h.paused || !h.up {
			return // what was written has set off another fault
		}
	}
	w.poolTurn(node)
	gap := between(w.draw(siteWake, int(node)), 0, 300_000)
	w.setWake(node, w.now+gap/2)
	for _, i := range h.inbox {
		w.queue.push(w.now+gap, i)
		gap += 1_000
	}
	h.inbox = h.inbox[:0]
}

// wakeOf converts the node's wake into true time.
func (w *World) wakeOf(h *host) int64 {
	return max(h.clock.when(h.node.Wake()), w.now)
}

// setWake notes when the node wants a turn.
func (w *World) setWake(node int16, at int64) {
	was := w.wakes[node]
	w.wakes[node] = at
	switch {
	case at <= w.soonest:
		w.soonest = at
	case was == w.soonest:
		w.findSoonest()
	}
}

// findSoonest finds when some node wants a turn. Which one it is, of several the
// first in the cluster, is asked once the time has come.
func (w *World) findSoonest() {
	soonest := never
	for _, wake := range w.wakes {
		soonest = min(soonest, wake)
	}
	w.soonest = soonest
}

// step gives the node one input and lets its effects out.
func (w *World) step(node int16, h *host, in *core.Input) {
	w.events++
	w.mixIn(uint64(node)<<8|1, in)
	w.traceInput(node, in)
	now := h.clock.read(w.now)
	w.marks.stepped(h.role, in.Kind)
	h.node.Step(now, in, &w.effects)
	w.observeBelief(node, h)
	if w.judge.Wants(scenarios.InFlight) {
		w.judge.Sample(scenarios.InFlight, node, float64(h.node.Status(now.Boot).InFlight), w.now)
	}
	effects := w.effects.All()
	for i := range effects {
		w.carryOut(node, h, &effects[i])
	}
	if h.up && !h.paused {
		w.setWake(node, w.wakeOf(h))
	}
}

// carryOut lets one effect out. A fault that an announcement sets off strikes
// at once: a paused process keeps the calls that it has not written yet, and a
// dead one has none, and says nothing any more.
func (w *World) carryOut(node int16, h *host, e *core.Effect) {
	if !h.up {
		return
	}
	if e.Op == core.NoOp {
		w.announce(node, e)
		return
	}
	i, s := w.slots.take(requestArrives, node)
	s.op, s.store, s.slowed, s.session, s.cut = e.Op, e.Op.Store(), false, false, false
	s.life, s.left = h.life, w.now
	s.effect = *e
	if h.paused {
		h.deferred = append(h.deferred, i)
		return
	}
	w.dispatch(i)
}

// dispatch writes a request to the wire.
func (w *World) dispatch(i int32) {
	s := w.slots.list[i]
	if s.store == core.Postgres && !w.openSession(i, s) {
		return
	}
	w.traceCall(s)
	if s.op == core.Submit {
		w.submit(i, s)
		return
	}
	w.route(i, s)
}

// submit writes an order to the wire. What waits for that strikes when it is on its
// way: a fault of the link may keep the answer from coming, and not the order.
func (w *World) submit(i int32, s *slot) {
	sent := history.Record{
		Kind: history.Announced, Event: event.OrderSent, Node: s.node, Subject: s.node,
		Signal: s.effect.Signal, Attempt: s.effect.Attempt, Epoch: s.effect.Epoch,
	}
	w.route(i, s)
	w.tell(&sent)
}

// route draws a request's fate and lets it happen.
func (w *World) route(i int32, s *slot) {
	bits := w.draw(siteRequests[s.op], int(s.node))
	l := w.link(s.node, s.store)
	f, delay := w.travel(l, out, s.op, bits)
	switch f {
	case arrives:
		w.queue.push(w.now+delay, i)
	case waits:
		l.held = append(l.held, i)
		w.endSession(s, sessionLost)
	case bounces:
		if s.op == core.Submit {
			w.redial(i, s)
			return
		}
		w.bounce(i, s, delay)
		w.endSession(s, sessionGone)
	case resets:
		if bits>>60&1 == 1 {
			w.duplicateRequest(i, delay)
		}
		w.bounce(i, s, delay/2)
		w.endSession(s, sessionGone)
	case vanishes:
		w.endSession(s, sessionLost)
		w.slots.give(i)
	}
}

// redialAfter is the pause between two attempts to reach a broker that lets nobody in:
// that of internal/broker.
const redialAfter = 50_000_000

// redial lets a node try again to reach the broker with an order, for as long as the
// order may be sent. Then it knows that nothing was.
func (w *World) redial(i int32, s *slot) {
	last := w.hosts[s.node].clock.when(s.effect.NotAfter)
	if again := w.now + redialAfter; again <= last {
		s.what = orderWaits
		w.queue.push(again, i)
		return
	}
	s.what = replyArrives
	s.input = core.Input{
		Kind: core.OrderWithheld, Op: core.Submit, Req: s.effect.Req,
		Signal: s.effect.Signal, Attempt: s.effect.Attempt,
	}
	w.queue.push(max(w.now, last), i)
}

// dialAgain is a node's next attempt to reach the broker with an order.
func (w *World) dialAgain(i int32, s *slot) {
	h := &w.hosts[s.node]
	switch {
	case !h.up || s.life != h.life:
		w.slots.give(i)
	case h.paused:
		h.inbox = append(h.inbox, i)
	case w.now > h.clock.when(s.effect.NotAfter):
		w.redial(i, s)
	default:
		s.what, s.left = requestArrives, w.now
		w.route(i, s)
	}
}

// duplicateRequest delivers a copy of a request whose reply nobody will get.
func (w *World) duplicateRequest(i int32, delay int64) {
	j, copied := w.slots.take(requestArrives, 0)
	*copied = *w.slots.list[i]
	copied.life, copied.session = 0, false
	w.queue.push(w.now+delay, j)
}

// bounce turns a request into the news that its connection failed.
func (w *World) bounce(i int32, s *slot, delay int64) {
	s.what = replyArrives
	s.input = core.Input{Kind: core.OutcomeUnknown, Op: s.op, Req: s.effect.Req}
	s.admit = inbox.AdmissionUnknown
	w.queue.push(w.now+delay, i)
}
