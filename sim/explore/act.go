package explore

import "fencepost/core"

// deed is a kind of thing that can happen next.
type deed uint8

// The deeds. Those from crash on are faults.
const (
	serve       deed = iota // a request reaches its store, and the answer its node
	serveBehind             // as serve, of a look-up whose book does not show the order yet
	refuse                  // the sender's own limit stops a request that waited in it
	deliver                 // a late answer, or a hint, reaches its node
	wake                    // a node's timer rings
	wakeAlone               // the timers of all nodes ring to which nothing else can happen first
	restart                 // a node that is down starts again
	resume                  // a node that stands still goes on
	admit                   // a signal is stored
	pass                    // time goes on to the next instant at which something is due
	passRestart             // as pass, and a node that is down starts again
	passResume              // as pass, and a node that stands still goes on
	crash
	pause
	handOver
	drop      // a request is lost
	loseReply // a request is carried out, and its answer lost
	delay     // a request arrives whenever it likes, its sender alive or not
	late      // a request is carried out, and its answer comes whenever it likes
	pauseAt   // a request is carried out, and its sender stands still before it hears the answer
	loseData
	deeds
)

// faultSet is a set of faults, one bit each.
type faultSet uint32

// has reports whether the fault may strike.
func (f faultSet) has(d deed) bool { return f>>d&1 != 0 }

// act is one thing that can happen next.
type act struct {
	deed deed
	// at is the message, or the node.
	at int8
}

// acts lists what can happen next without a fault.
func (w *world) acts(to []act) []act {
	if w.rules.reduced {
		for i := range w.nodes {
			if w.alone(i) {
				return append(to, act{wakeAlone, 0})
			}
		}
	}
	for i := range w.net {
		m := &w.net[i]
		switch {
		case m.stage == request && w.leaves(m) && w.first(i):
			to = append(to, act{serve, int8(i)})
			if m.op == core.Submit && !m.slow && w.now > m.body.effect.NotAfter {
				to = append(to, act{refuse, int8(i)})
			}
			if m.op == core.Lookup && w.rules.lags() && w.broker.Has(m.body.effect.Signal) {
				to = append(to, act{serveBehind, int8(i)})
			}
		case m.stage != request && w.listens(m):
			to = append(to, act{deliver, int8(i)})
		}
	}
	quiet := w.quiet()
	for i := range w.nodes {
		h := w.hosts[i]
		switch {
		case !h.up:
			to = w.comesBack(to, i, restart, passRestart, quiet)
		case h.paused:
			to = w.comesBack(to, i, resume, passResume, quiet)
		case w.rings(i):
			to = append(to, act{wake, int8(i)})
		}
	}
	if int(w.watch.admitted) < w.rules.signals && (quiet || w.rules.anyOrder) {
		to = append(to, act{admit, 0})
	}
	if quiet {
		to = append(to, act{pass, 0})
	}
	return to
}

// comesBack adds what brings a node back: when an instant begins, or at any time.
func (w *world) comesBack(to []act, i int, now, later deed, quiet bool) []act {
	if w.rules.anyOrder {
		return append(to, act{now, int8(i)})
	}
	if quiet {
		to = append(to, act{later, int8(i)})
	}
	return to
}

// rings reports whether a node's timer is due.
func (w *world) rings(i int) bool {
	h := w.hosts[i]
	return h.up && !h.paused && h.node.Wake() <= w.now
}

// alone reports whether a node's timer is due and nothing else can happen to it
// first, but for faults: no message is from it or for it. Whatever the others do
// meanwhile neither sees that it was woken nor changes what it does.
func (w *world) alone(i int) bool {
	if !w.rings(i) {
		return false
	}
	for k := range w.net {
		if int(w.net[k].node) == i {
			return false
		}
	}
	return true
}

// first reports whether a request is the next of its node's.
func (w *world) first(i int) bool {
	if w.rules.anyOrder || w.net[i].slow {
		return true
	}
	for k := range w.net[:i] {
		if m := &w.net[k]; m.node == w.net[i].node && m.stage == request && !m.slow {
			return false
		}
	}
	return true
}

// leaves reports whether a request is on the wire: that of a process that stands
// still has not left it yet.
func (w *world) leaves(m *message) bool { return m.slow || !w.hosts[m.node].paused }

// listens reports whether the node that a message is for takes it. A timer that
// is due rings before a hint is heard.
func (w *world) listens(m *message) bool {
	h := w.hosts[m.node]
	return h.up && !h.paused && h.life == m.life && (m.stage != hint || h.node.Wake() > w.now)
}

// quiet reports whether nothing has to happen before time goes on.
func (w *world) quiet() bool {
	for i := range w.net {
		m := &w.net[i]
		if m.slow || m.stage == hint {
			continue
		}
		if m.stage == request && w.leaves(m) || m.stage == reply && w.listens(m) {
			return false
		}
	}
	for i := range w.nodes {
		if w.rings(i) {
			return false
		}
	}
	return true
}

// faults lists the faults that can strike.
func (w *world) strikes(to []act) []act {
	f := w.rules.faults
	add := func(d deed, at int) {
		if f.has(d) {
			to = append(to, act{d, int8(at)})
		}
	}
	for i := range w.nodes {
		h := w.hosts[i]
		if !h.up {
			continue
		}
		add(crash, i)
		if !h.paused {
			add(pause, i)
		}
		if r := h.node.Role(); !h.paused && (r == core.Leader || r == core.Candidate) {
			add(handOver, i)
		}
	}
	for i := range w.net {
		m := &w.net[i]
		switch {
		case m.stage == request && !m.slow && w.first(i):
			add(drop, i)
			add(delay, i)
			if w.leaves(m) {
				add(loseReply, i)
				add(late, i)
				add(pauseAt, i)
			}
		default:
		}
	}
	if !w.redis.Holder().IsZero() {
		add(loseData, 0)
	}
	return to
}
