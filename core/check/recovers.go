package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// recovers judges recovers: once everything has healed and some eligible node
// reaches both stores, somebody believes within 2 ttl, and every signal that is
// open becomes final or in doubt within the stated bound.
//
// It is judged in quiet times alone: no store, link or clock is disturbed, and
// for signals no broker either. A crash, a pause, a waking or a jump of a wall
// clock does not end the quiet for as long as it lasts, but its clock starts
// anew. A stall is legal
// only for one of the reasons that stall names.
//
// Counter-example: a leader dies between a permit and the send. Its successor
// lists only signals that were received in its own tenure; the predecessor's
// stays where it is for ever.
type recovers struct {
	// moved is when a node last crashed, slept or woke, or its clocks jumped.
	moved int64
	// running is since when the control mode has been run; never otherwise.
	running int64
	// off: a violation was reported.
	off bool
	due int64
}

// reset begins with nothing owed.
func (c *recovers) reset() { *c = recovers{moved: before, running: before, due: never} }

// quiet is since when nothing has been disturbed, with some node fit to lead;
// never while something is, or nobody can.
func (c *recovers) quiet(s *Suite) int64 {
	fit := s.scene.fittest(history.None)
	if fit == never {
		return never
	}
	last := s.excuses.last(quietFaults)
	if last == never {
		return never
	}
	// What a clock did outlasts it: a lease that it lengthened still stands.
	skew := s.excuses.last(clockExcuses) + s.excuses.grace
	return max(c.moved, fit, last, skew)
}

// leaderDue is by when somebody must believe.
func (c *recovers) leaderDue(s *Suite, quiet int64) int64 {
	if quiet == never {
		return never
	}
	return later(max(quiet, s.scene.coveredUntil()), 2*int64(s.cfg.TTL)+int64(s.cfg.HarnessStall))
}

// bound is how long a signal may be open in quiet times.
func (c *recovers) bound(s *Suite) int64 {
	return int64(s.cfg.RecoverSignals) + int64(s.cfg.HarnessStall)
}

// stall is since when an open signal has had no reason to wait; never while it
// has one: a received signal waits while an operator has paused or halted.
func (c *recovers) stall(g *signal, quiet int64) int64 {
	if g.state == core.Received {
		return max(quiet, g.since, c.running)
	}
	return max(quiet, g.since)
}

// overdue returns the signal that must end first, and by when.
func (c *recovers) overdue(s *Suite, quiet int64) (core.SignalID, int64) {
	last := s.excuses.last(faultSet(1 << history.BrokerFault))
	if quiet == never || last == never {
		return 0, never
	}
	quiet = max(quiet, last)
	bound := c.bound(s)
	first, due := core.SignalID(0), never
	for id := s.book.oldest; id != 0; {
		g := &s.book.signals[id]
		if max(quiet, g.since)+bound >= due {
			break
		}
		if from := c.stall(g, quiet); from != never && from+bound < due {
			first, due = id, from+bound
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
	quiet := c.quiet(s)
	_, signals := c.overdue(s, quiet)
	c.due = min(c.leaderDue(s, quiet), signals)
	s.plan(c.due)
}

// judge reports what is overdue.
func (c *recovers) judge(s *Suite, now int64) {
	quiet := c.quiet(s)
	leader := c.leaderDue(s, quiet)
	id, signals := c.overdue(s, quiet)
	switch {
	case now > leader && leader <= signals:
		s.breaks(finding{
			invariant: Recovers, at: leader, node: history.None,
			a: leader - max(quiet, s.scene.coveredUntil()), say: noLeader,
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
	if s.scene.nodes[r.Node].held {
		return
	}
	if covered := s.scene.coveredUntil(); covered < r.At && c.quiet(s) != never {
		s.marks[LeaderMet]++
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
	g.state = r.State
	open := r.State == core.Received || r.State == core.Submitting || r.State == core.Submitted
	switch {
	case open && !g.open:
		c.unseal(s, r)
	case !open && g.open:
		s.book.seal(r.Signal)
		s.marks[SignalMet]++
	case open && s.scene.control != core.Run:
		c.wait(s, g.since)
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
	c.wait(s, r.At)
}

// wait plans a look at a signal that is open since then. The look itself finds
// out what is owed.
func (c *recovers) wait(s *Suite, since int64) {
	if due := since + c.bound(s); !c.off && due < c.due {
		c.due = due
		s.plan(due)
	}
}

func noLeader(f *finding) string {
	return fmt.Sprintf("nobody has led for %s; nothing was disturbed and a node could have", seconds(f.a))
}

func signalOpen(f *finding) string {
	return fmt.Sprintf("signal %d has been open for %s (%s); nothing was disturbed",
		f.signal, seconds(f.a), core.SignalState(f.b))
}
