package explore

import (
	"fmt"
	"time"
	"unsafe"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/core/order"
	"fencepost/sim/model"
)

// do lets one thing happen and judges it. An assertion that stops the process is
// a violation as well.
func (w *world) do(a act) {
	defer w.caught()
	switch a.deed {
	case serve, serveBehind, loseReply, late, pauseAt:
		w.serve(int(a.at), a.deed)
	case refuse:
		w.refuse(int(a.at))
	case deliver:
		w.deliver(int(a.at))
	case wake:
		w.wakeUp(int(a.at))
	case wakeAlone:
		var ring [maxNodes]bool
		for i := range w.nodes {
			ring[i] = w.alone(i)
		}
		for i := range w.nodes {
			if ring[i] {
				w.wakeUp(i)
			}
		}
	case restart:
		w.start(int(a.at))
	case resume:
		w.stand(int(a.at), false)
	case admit:
		w.admit()
	case pass:
		w.pass()
	case passRestart:
		w.pass()
		w.start(int(a.at))
	case passResume:
		w.pass()
		w.stand(int(a.at), false)
	case crash:
		w.crash(int(a.at))
	case pause:
		w.stand(int(a.at), true)
	case handOver:
		w.step(int(a.at), &core.Input{Kind: core.StepDownRequested})
	case drop:
		w.take(int(a.at))
	case delay:
		w.net[a.at].slow = true
	case loseData:
		w.lease().Flush(w.now)
		w.remember().excused = w.now.Add(w.rules.config.TTL)
		w.records.Reset()
	case deeds:
	default:
	}
}

// stand lets a node stand still, or go on.
func (w *world) stand(i int, still bool) {
	w.mine(i).paused = still
}

// caught turns a broken assertion into a violation.
func (w *world) caught() {
	if said := recover(); said != nil {
		w.broken = Violation{Invariant: Assertion, Detail: fmt.Sprint(said)}
		w.records.Reset()
	}
}

// take removes a message; the others keep their order.
func (w *world) take(i int) {
	copy(w.net[i:], w.net[i+1:])
	w.net = w.net[:len(w.net)-1]
}

// put adds a message and returns what it says, which may be anything yet.
func (w *world) put(s stage, node int8, life, req uint32, op core.Op, count int) *body {
	if len(w.net) == cap(w.net) {
		panic("explore: more messages than a world can hold")
	}
	bodies := &w.own.bodies
	if len(*bodies) == cap(*bodies) {
		panic("explore: more messages have come and gone than a world can hold")
	}
	*bodies = (*bodies)[:len(*bodies)+1]
	said := &(*bodies)[len(*bodies)-1]
	w.net = append(w.net, message{
		stage: s, node: node, op: op, count: int8(count), section: fresh, life: life, req: req, body: said,
	})
	return said
}

// step gives a node an input and takes its effects.
func (w *world) step(i int, in *core.Input) {
	h := w.mine(i)
	w.reached[h.node.Role()] |= 1 << in.Kind
	h.node.Step(w.clocks(), in, &w.effects)
	clear(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&h.node), atHealth)), healthSize))
	all := w.effects.All()
	for k := range all {
		e := &all[k]
		if e.Op == core.NoOp {
			w.judgeWord(i, e)
			continue
		}
		asks := w.put(request, int8(i), h.life, e.Req, e.Op, 0)
		asks.effect, asks.signed = *e, w.now
	}
	w.judgeBelief()
}

// mostRings is how often a node may want to be woken at one instant: giving up
// one thing may make another due.
const mostRings = 8

// wakeUp rings a node's timer until it is content. One that never is would never
// let time go on.
func (w *world) wakeUp(i int) {
	for range mostRings {
		w.step(i, &core.Input{Kind: core.TimePassed})
		if w.hosts[i].node.Wake() > w.now {
			return
		}
	}
	panic("a node that was woken wants to be woken at the same instant, again and again")
}

// deliver gives a node its answer, or a hint.
func (w *world) deliver(i int) {
	m := w.net[i]
	w.take(i)
	for k := range m.count {
		in := m.body.inputs[k]
		in.Req = m.req
		w.step(int(m.node), &in)
	}
}

// refuse lets the sender's own limit stop an order that had not left it.
func (w *world) refuse(i int) {
	m := w.net[i]
	w.take(i)
	of := &m.body.effect
	in := core.Input{
		Kind: core.OrderWithheld, Op: m.op, Req: m.req, Signal: of.Signal, Attempt: of.Attempt,
	}
	w.step(int(m.node), &in)
}

// serve lets a store carry out a request. The answer reaches its node at once;
// the faults are that it is lost, that it comes late, and that the node stands
// still before it hears it.
func (w *world) serve(i int, how deed) {
	m := w.net[i]
	w.take(i)
	answers := w.carryOut(&m)
	if how == serveBehind {
		answers[0].Answer = order.Absent
	}
	for k := range answers {
		answers[k].Req, answers[k].Op = m.req, m.op
	}
	w.judgeRecords()
	if how == pauseAt {
		w.stand(int(m.node), true)
	}
	h := w.hosts[m.node]
	switch {
	case how == loseReply || !h.up || h.life != m.life:
	case how == late || h.paused:
		said := w.put(reply, m.node, m.life, m.req, m.op, len(answers))
		w.net[len(w.net)-1].slow = how == late
		if copy(said.inputs[:], answers) < len(answers) {
			panic("explore: a longer answer than a message can hold")
		}
	default:
		for k := range answers {
			w.step(int(m.node), &answers[k])
		}
	}
}

// carryOut lets a store do what it is asked for.
func (w *world) carryOut(m *message) []core.Input {
	e := &m.body.effect
	switch m.op.Store() {
	case core.Redis:
		w.single[0] = w.script(e)
		in := &w.single[0]
		if (in.Kind == core.LeaseWasReleased || in.Kind == core.LeaseWasEvicted) && in.Flags.Has(core.Done) {
			w.publish(core.ReleaseHeard)
		}
	case core.Postgres:
		w.ledger().Do(w.now, e, nonceOf(int(m.node), m.life), &w.answer)
		answers := w.answer.All()
		for i := range answers {
			if in := &answers[i]; in.Kind == core.SignalFound || in.Kind == core.AttemptRead {
				// What is more than the broker's bound ago, if it has one, is all the same.
				in.Age = min(in.Age, time.Duration(w.rules.longAgo()))
			}
		}
		return answers
	case core.Broker:
		w.single[0] = core.Input{Kind: core.OrderLookedUp, Signal: e.Signal, Attempt: e.Attempt}
		in := &w.single[0]
		if m.op == core.Submit {
			in.Kind = core.OrderAnswered
			in.Answer, _ = w.book().Submit(w.now, e.Signal, e.Attempt, m.body.signed)
		} else {
			in.Answer, _ = w.book().Lookup(w.now, e.Signal, e.Attempt)
		}
	case core.NoStore:
		panic("explore: a request has a store")
	default:
		panic("explore: a request has a store")
	}
	return w.single[:]
}

// script lets Redis carry out a request.
func (w *world) script(e *core.Effect) core.Input {
	ttl := w.rules.config.TTL
	switch e.Op {
	case core.Acquire:
		return w.lease().Acquire(w.now, e.Token, ttl)
	case core.Renew:
		return w.lease().Renew(w.now, e.Token, ttl, e.Epoch)
	case core.Release:
		return w.lease().Release(w.now, e.Token)
	case core.Evict:
		return w.lease().Evict(w.now, e.Token)
	default:
		panic("explore: Redis has no such operation")
	}
}

// publish tells every node that hears; nobody has to.
func (w *world) publish(kind core.InputKind) {
	for i := range w.nodes {
		h := w.hosts[i]
		if !h.up || h.paused || kind == core.WorkHeard && h.node.Role() != core.Leader {
			continue
		}
		w.put(hint, int8(i), h.life, 0, core.NoOp, 1).inputs[0] = core.Input{Kind: kind}
	}
}

// admit stores the next signal.
func (w *world) admit() {
	w.remember().admitted++
	key := int64(w.watch.admitted)
	if was, _, _ := w.ledger().Admit(w.now, model.Offer{Key: key, Payload: key}); was != inbox.Fresh {
		panic("explore: a new signal is not known yet")
	}
	w.judgeRecords()
	w.publish(core.WorkHeard)
}

// crash ends a process. What it has not sent is gone, and so are answers to it.
func (w *world) crash(i int) {
	h := w.mine(i)
	h.acqs[0] = inside[core.Token](&h.node, atToken).Acquisition
	h.up, h.paused, h.sending = false, false, 0
	for k := len(w.net) - 1; k >= 0; k-- {
		if m := &w.net[k]; int(m.node) == i && (m.stage != request || !m.slow) {
			w.take(k)
		}
	}
}

// pass lets time go on to the next instant at which something is due. Hints that
// nobody has heard by then are lost.
func (w *world) pass() {
	for k := len(w.net) - 1; k >= 0; k-- {
		if w.net[k].stage == hint {
			w.take(k)
		}
	}
	next := core.Never
	for i := range w.nodes {
		if h := w.hosts[i]; h.up && !h.paused {
			next = min(next, h.node.Wake())
		} else {
			next = min(next, w.now+unit)
		}
	}
	for i := range w.net {
		if w.net[i].slow {
			next = min(next, w.now+unit)
		}
	}
	if lapse := w.redis.NextExpiry(); lapse > w.now {
		next = min(next, lapse)
	}
	if next == core.Never {
		next = w.now.Add(w.rules.config.StaleAfter)
	}
	w.now += (next - w.now + unit - 1) / unit * unit
	w.judgeBelief()
}
