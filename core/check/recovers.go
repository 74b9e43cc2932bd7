package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// recovers judges recovers: once everything has healed and some eligible node
// reaches both stores, somebody believes within 2 ttl, and every signal that is
// open becomes final or in doubt within the stated bound. What stays broken for
// good is no excuse: as long as some eligible node that nothing disturbs reaches
// PostgreSQL, somebody believes within 4 ttl of the last change, or within 3 ttl
// if it reaches Redis too; and if whoever believes reaches PostgreSQL and the
// broker, signals end within the bound.
//
// A crash, a pause, a waking, a jump of a wall clock, and any beginning or end
// of a fault, start the clock anew; a queue of signals takes its time. A stall is
// legal only for one of these reasons: the ledger, the broker (for signals) or a clock is disturbed; nobody
// is fit; for signals that were received, an operator has paused or halted, or another signal of the
// instrument has its turn.
//
// Counter-example: a leader dies between a permit and the send. Its successor
// lists only signals that were received in its own tenure; the predecessor's
// stays where it is for ever.
type recovers struct {
	// moved is when a node last crashed, slept or woke, or its clocks jumped,
	// changed when a fault last began or ended, or what a node reaches changed.
	moved   int64
	changed int64
	// running is since when the control mode has been run; never otherwise.
	running int64
	// off: a violation was reported.
	off bool
	due int64
}

// reset begins with nothing owed.
func (c *recovers) reset() {
	*c = recovers{moved: before, changed: before, running: before, due: never}
}

// quiet is since when nothing has been disturbed, with some node fit to lead;
// never while something is, or nobody can.
func (c *recovers) quiet(s *Suite) int64 {
	return c.undisturbed(s, s.scene.fittest(history.None), quietFaults)
}

// sound is since when nothing has changed, with both stores well and some node
// fit to lead, whatever disturbs the links of others; never while it is not so.
func (c *recovers) sound(s *Suite) int64 {
	return max(c.undisturbed(s, s.scene.fittest(history.None), storeFaults|clockExcuses), c.changed)
}

// steady is since when nothing has changed, with some node fit to lead without
// Redis; never while something stands in the way of everybody.
func (c *recovers) steady(s *Suite) int64 {
	steady := c.undisturbed(s, s.scene.alone(), steadyFaults)
	return max(steady, c.changed)
}

// undisturbed is since when no fault of the set has been active, with some node
// fit since then; never while one is, or none is fit.
func (c *recovers) undisturbed(s *Suite, fit int64, faults faultSet) int64 {
	last := s.excuses.last(faults)
	if fit == never || last == never {
		return never
	}
	// What a clock did outlasts it: a lease that it lengthened still stands.
	skew := s.excuses.last(clockExcuses) + s.excuses.grace
	return max(c.moved, fit, last, skew, s.scene.stretched)
}

// leaderDue is by when somebody must believe, and since when that is owed.
func (c *recovers) leaderDue(s *Suite) (due, since int64) {
	covered, ttl, stall := s.scene.coveredUntil(), int64(s.cfg.TTL), int64(s.cfg.HarnessStall)
	due, since = never, never
	for _, owed := range [...]struct{ from, within int64 }{
		{c.quiet(s), 2 * ttl}, {c.sound(s), 3 * ttl}, {c.steady(s), 4 * ttl},
	} {
		from := max(owed.from, covered)
		if at := later(from, owed.within+stall); at < due {
			due, since = at, from
		}
	}
	return due, since
}

// bound is how long a signal may be open in quiet times: the stated bound, and
// a turn for each lot of those that were open with it, as many as a leader works
// on at once.
func (c *recovers) bound(s *Suite, g *signal) int64 {
	return c.alone(s) + s.book.queue(g)/core.MaxFlights*int64(s.cfg.QueueTurn)
}

// alone is the bound of a signal that meets few others.
func (c *recovers) alone(s *Suite) int64 {
	return int64(s.cfg.RecoverSignals) + int64(s.cfg.HarnessStall)
}

// stall is since when an open signal has had no reason to wait; never while it
// has one: a received signal waits while an operator has paused or halted, and for
// its turn.
func (c *recovers) stall(s *Suite, id core.SignalID, working int64) int64 {
	g := &s.book.signals[id]
	if g.state == core.Received {
		return max(working, g.since, c.running, s.turns.turn(s, id, g))
	}
	return max(working, g.since)
}

// working is since when signals have had no reason to wait; never while they
// have one.
func (c *recovers) working(s *Suite) int64 {
	broker := s.excuses.last(faultSet(1 << history.BrokerFault))
	if broker == never {
		return never
	}
	working := c.quiet(s)
	if steady, served := c.steady(s), s.scene.served(); steady != never && served != never {
		working = min(working, max(steady, served))
	}
	return max(working, broker)
}

// overdue returns the signal that must end first, and by when.
func (c *recovers) overdue(s *Suite) (core.SignalID, int64) {
	working := c.working(s)
	if working == never {
		return 0, never
	}
	least := c.alone(s)
	first, due := core.SignalID(0), never
	for id := s.book.oldest; id != 0; {
		g := &s.book.signals[id]
		if max(working, g.since)+least >= due {
			break
		}
		if from := c.stall(s, id, working); from != never && from+c.bound(s, g) < due {
			first, due = id, from+c.bound(s, g)
		}
		id = g.next
	}
	return first, due
}

// watch plans the next look.
func (c *recovers) watch(s *Suite) {
	if c.off {
		return
	}
	leader, _ := c.leaderDue(s)
	_, signals := c.overdue(s)
	c.due = min(leader, signals)
	s.plan(c.due)
}

// judge reports what is overdue.
func (c *recovers) judge(s *Suite, now int64) {
	leader, since := c.leaderDue(s)
	id, signals := c.overdue(s)
	switch {
	case now > leader && leader <= signals:
		s.breaks(finding{
			invariant: Recovers, at: leader, node: history.None,
			a: leader - since, say: noLeader,
		})
		c.off = true
	case now > signals:
		g := &s.book.signals[id]
		s.breaks(finding{
			invariant: Recovers, at: signals, node: history.None, signal: id,
			a: signals - g.since, b: int64(g.state), say: signalOpen,
		})
		c.off = true
	}
	if c.off {
		c.due = never
		return
	}
	c.due = min(leader, signals)
}

// disturbed starts the clock anew.
func (c *recovers) disturbed(at int64) { c.moved = max(c.moved, at) }

// shifted starts the clock of what stays broken anew.
func (c *recovers) shifted(at int64) { c.changed = max(c.changed, at) }

// controlSet takes another control mode.
func (c *recovers) controlSet(s *Suite, r *history.Record) {
	if r.Control != core.Run {
		c.running = never
	} else if c.running == never {
		c.running = r.At
	}
	c.watch(s)
}

// elected takes a belief; the scene does not know of it yet.
func (c *recovers) elected(s *Suite, r *history.Record) {
	if !s.scene.nodes[r.Node].held {
		c.met(s, r)
	}
}

// met counts a leader that was owed.
func (c *recovers) met(s *Suite, r *history.Record) {
	switch covered := s.scene.coveredUntil(); {
	case covered >= r.At:
	case c.quiet(s) != never:
		s.marks[LeaderMet]++
	case min(c.sound(s), c.steady(s)) != never:
		s.marks[BrokenMet]++
	}
}

// served takes a belief that the scene knows of: from now on signals may be owed.
func (c *recovers) served(s *Suite, r *history.Record) {
	if s.scene.nodes[r.Node].heldSince == r.At {
		c.refitted(s, r.At)
	}
}

// stored takes a signal's row.
func (c *recovers) stored(s *Suite, g *signal, r *history.Record) {
	if g.state == core.NoSignal {
		g.state = core.Received
		c.unseal(s, r)
	}
}

// stateSet takes a signal's new state.
func (c *recovers) stateSet(s *Suite, g *signal, r *history.Record) {
	waited := g.since < c.running || s.cfg.OneOpen
	if g.open && g.state == core.Received && r.State != core.Received && waited {
		// It had a reason to wait; what it does now begins now.
		s.book.seal(r.Signal)
		c.unseal(s, r)
	}
	g.state = r.State
	open := r.State == core.Received || r.State == core.Submitting || r.State == core.Submitted
	switch {
	case open && !g.open:
		c.unseal(s, r)
	case !open && g.open:
		s.book.seal(r.Signal)
		s.marks[SignalMet]++
	case open && s.scene.control != core.Run:
		c.wait(s, g)
	}
	c.turned(s, r.At)
}

// turned plans a look at the signal whose turn it may have become.
func (c *recovers) turned(s *Suite, at int64) {
	if !s.cfg.OneOpen || c.off {
		return
	}
	if due := at + c.alone(s); due < c.due {
		c.due = due
		s.plan(due)
	}
}

// missing takes a row that is not there any more.
func (c *recovers) missing(s *Suite, g *signal, r *history.Record) {
	if g.open {
		s.book.seal(r.Signal)
	}
	g.state = core.NoSignal
}

// unseal opens a signal.
func (c *recovers) unseal(s *Suite, r *history.Record) {
	s.book.unseal(r.Signal, r.At)
	c.wait(s, &s.book.signals[r.Signal])
}

// wait plans a look at an open signal. The look itself finds out what is owed.
func (c *recovers) wait(s *Suite, g *signal) {
	if due := g.since + c.bound(s, g); !c.off && due < c.due {
		c.due = due
		s.plan(due)
	}
}

// refitted plans a look after a change: nothing that was not owed before it can
// be overdue sooner. The look itself finds out what is owed.
func (c *recovers) refitted(s *Suite, at int64) {
	soonest := at + min(2*int64(s.cfg.TTL), int64(s.cfg.RecoverSignals)) + int64(s.cfg.HarnessStall)
	if !c.off && soonest < c.due {
		c.due = soonest
		s.plan(soonest)
	}
}

func noLeader(f *finding) string {
	return fmt.Sprintf("nobody has led for %s; nothing changed and a node could have", seconds(f.a))
}

func signalOpen(f *finding) string {
	return fmt.Sprintf("signal %d has been open for %s (%s); nothing stood in its way",
		f.signal, seconds(f.a), core.SignalState(f.b))
}
