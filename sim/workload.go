package sim

import (
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/core/inbox"
	"fencepost/scenarios"
)

// offer is one signal as its sender sees it. A duplicate delivery is an offer
// of its own with the same key.
type offer struct {
	key      int32
	payload  int64
	validFor time.Duration
	tries    int32
	round    int32 // of the current try, so that an old time-out is known
	settled  bool  // acknowledged, or given up
	// first marks the offer that stands for the signal in the statistics.
	first bool
	to    int16 // a fixed node, or history.None
	// malformed: the body is no signal. It has no key.
	malformed bool
}

// sent is a signal as the judge counts it.
type sent struct {
	signal    core.SignalID
	exit      bool
	concluded bool
}

// startWorkload begins to offer signals.
func (w *World) startWorkload() {
	if w.program.interval > 0 {
		w.schedule(signalOffered, between(w.draw(siteArrival, 0), 0, w.program.interval), 0)
	}
}

// nextSignal offers the workload's next signal and plans the one after it.
func (w *World) nextSignal() {
	p := w.program
	if w.ended || p.count > 0 && w.planned >= p.count {
		return
	}
	w.planned++
	w.offerNew()
	bits := w.draw(siteArrival, 0)
	gap := p.interval
	if !p.steady {
		gap = between(bits, p.interval/2, p.interval*3/2)
	} else if p.intervalMax > p.interval {
		gap = between(bits, p.interval, p.intervalMax)
	}
	w.schedule(signalOffered, gap, 0)
}

// offerNew offers one more signal, once or several times at once.
func (w *World) offerNew() {
	key := int32(len(w.signals))
	exit := false
	if exits := int64(w.program.exits); exits > 0 {
		exit = int64(w.draw(siteExit, 0)%million) >= million-exits
	}
	w.signals = append(w.signals, sent{exit: exit})
	w.judge.Offered(key, w.now)
	if w.program.to == scenarios.ToAll {
		for node := range w.hosts {
			w.newOffer(key, int16(node), node == 0, 0)
		}
		return
	}
	w.newOffer(key, history.None, true, 0)
	if bits := w.draw(siteDuplicate, 0); int64(bits%million) >= million-int64(w.program.duplicates) {
		w.newOffer(key, history.None, false, between(bits>>20, 0, w.program.reorder))
	}
}

// newOffer makes an offer and sends it after the delay.
func (w *World) newOffer(key int32, to int16, first bool, delay int64) {
	w.offers = append(w.offers, offer{
		key: key, payload: int64(key) + 1, validFor: w.program.validFor, first: first, to: to,
	})
	i := int32(len(w.offers) - 1)
	if reorder := w.program.reorder; reorder > 0 {
		delay += between(w.draw(siteReorder, 0), 0, reorder)
	}
	w.sendOffer(i, delay)
}

// offerMalformed sends a body that is no signal. It is none of the workload's.
func (w *World) offerMalformed(to int16) {
	w.offers = append(w.offers, offer{key: -1, to: to, malformed: true})
	w.sendOffer(int32(len(w.offers)-1), 0)
}

// sendOffer tries once to deliver an offer.
func (w *World) sendOffer(i int32, delay int64) {
	o := &w.offers[i]
	o.tries++
	o.round++
	node := o.to
	if node == history.None {
		node = w.target()
	}
	delay += w.latency(w.draw(siteOffer, 0))
	j, s := w.slots.take(offerArrives, node)
	s.index, s.life = i, 0
	w.queue.push(w.now+delay, j)
	j, s = w.slots.take(offerTimesOut, node)
	s.index, s.life = i, uint32(o.round)
	w.queue.push(w.now+delay+w.program.retryTimeout, j)
}

// target draws the instance that a sender talks to: a balancer in front of the
// cluster leaves out those that are down.
func (w *World) target() int16 {
	bits := w.draw(siteTarget, 0)
	switch w.program.to {
	case scenarios.ToLeader:
		if w.leader >= 0 {
			return w.leader
		}
	case scenarios.ToFollower:
		return w.pick(bits, func(h *host) bool { return h.up && h.role != core.Leader })
	case scenarios.ToAny, scenarios.ToAll:
	default:
	}
	return w.pick(bits, func(h *host) bool { return h.up })
}

// pick draws one of the nodes that fit, or any if none does.
func (w *World) pick(bits uint64, fits func(*host) bool) int16 {
	n := 0
	for i := range w.hosts {
		if fits(&w.hosts[i]) {
			n++
		}
	}
	if n == 0 {
		return int16(bits % uint64(len(w.hosts)))
	}
	k := int(bits % uint64(n))
	for i := range w.hosts {
		if fits(&w.hosts[i]) {
			if k == 0 {
				return int16(i)
			}
			k--
		}
	}
	return 0
}

// takeIn is an instance receiving a signal: it asks the core, stores the
// signal, and only then answers.
func (w *World) takeIn(i int32) {
	s := w.slots.list[i]
	h := &w.hosts[s.node]
	node, index := s.node, s.index
	if !h.up {
		w.slots.give(i)
		return
	}
	if h.paused {
		h.inbox = append(h.inbox, i)
		return
	}
	w.slots.give(i)
	if w.offers[index].malformed {
		// What cannot be read is refused for good, before anything is asked.
		w.answerSender(node, index, inbox.Refused)
		return
	}
	boot := h.clock.boot(w.now)
	for _, second := range [...]bool{false, true} {
		if _, ok := h.node.MayTakeIn(boot, second); !ok {
			w.answerSender(node, index, inbox.Refused)
			return
		}
	}
	j, r := w.slots.take(requestArrives, node)
	r.op, r.store, r.life, r.left, r.slowed, r.index = core.Admit, core.Postgres, h.life, w.now, false, index
	r.session, r.cut = false, false
	r.effect = core.Effect{Op: core.Admit}
	w.dispatch(j)
}

// admitted is the ledger's answer reaching the instance.
func (w *World) admitted(i int32) {
	s := w.slots.list[i]
	h := &w.hosts[s.node]
	node, index, admission := s.node, s.index, s.admit
	w.slots.give(i)
	verdict, _ := admission.Tell()
	w.answerSender(node, index, verdict)
	if admission != inbox.Fresh {
		return
	}
	if h.node.Role() == core.Leader {
		in := core.Input{Kind: core.WorkHeard}
		w.step(node, h, &in)
		return
	}
	if w.whole(node, core.Redis) && w.serverOf(node, core.Redis).up() {
		w.publishFrom(node, core.WorkHeard)
	}
}

// answerSender sends the verdict to the sender.
func (w *World) answerSender(node int16, offer int32, verdict inbox.Verdict) {
	i, s := w.slots.take(answerArrives, node)
	s.index, s.verdict = offer, verdict
	w.queue.push(w.now+w.latency(w.draw(siteVerdict, 0)), i)
}

// answered is the sender reading its answer. A refusal is final; nothing but
// an acknowledgement promises anything.
func (w *World) answered(i int32) {
	s := w.slots.list[i]
	o := &w.offers[s.index]
	verdict := s.verdict
	w.slots.give(i)
	if o.settled {
		return
	}
	switch verdict {
	case inbox.Accepted, inbox.AlreadyKnown:
		o.settled = true
		w.tell(&history.Record{
			Kind: history.Acknowledged, Node: history.None, Signal: w.signals[o.key].signal,
		})
	case inbox.Refused, inbox.Contradicts:
		o.settled = true
		if o.first && w.signals[o.key].signal == 0 {
			w.conclude(o.key)
		}
	case inbox.Retry:
		// The time-out tries again.
	default:
	}
}

// timedOut is the sender trying again, as long as it has tries left.
func (w *World) timedOut(i int32) {
	s := w.slots.list[i]
	o := &w.offers[s.index]
	index, round := s.index, int32(s.life)
	w.slots.give(i)
	if o.settled || round != o.round || o.tries >= w.program.retryAttempts {
		return
	}
	w.sendOffer(index, 0)
}

// bindSignal remembers which row the ledger gave the signal.
func (w *World) bindSignal(signal core.SignalID, key int32) {
	for int(signal) >= len(w.keyOf) {
		w.keyOf = append(w.keyOf, -1)
	}
	w.keyOf[signal], w.signals[key].signal = key, signal
}

// signalMoved counts a signal as concluded once it is final or in doubt.
func (w *World) signalMoved(r *history.Record) {
	if (r.State.Final() || r.State == core.InDoubt) && int(r.Signal) < len(w.keyOf) {
		w.conclude(w.keyOf[r.Signal])
	}
}

// conclude tells the judge once.
func (w *World) conclude(key int32) {
	if key >= 0 && !w.signals[key].concluded {
		w.signals[key].concluded = true
		w.judge.Concluded(key, w.now)
	}
}
