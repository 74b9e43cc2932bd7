package check

import (
	"fmt"

	"fencepost/core/history"
)

// singleBeliever judges single-believer: at no instant do two nodes believe
// that they lead. A node believes from its election until its trust deadline
// or its step-down, whichever is first, also while it is paused. A node that
// asks for a permit or sends an order shows that it believes, whatever it says.
//
// It holds while the rates of any two clocks differ by no more than ρ, the
// stores' clocks do not step, and both stores keep what they acknowledged.
// An overlap that outlasts the excuse is judged from the excuse's end. On real
// processes only overlaps longer than the observer's own stall are seen.
//
// Counter-example: trust is counted from the reply to a renewal instead of the
// attempt's start. The reply is slow; the lease lapses, another node is
// elected, and the first still believes.
type singleBeliever struct {
	// top is whose belief was recorded last, rest when the belief of the last
	// of all others ends.
	top  int16
	rest int64
	// since is where the part of the present overlap begins that was not judged
	// yet; never if nobody overlaps.
	since int64
	// excused: this overlap was counted as excused.
	excused bool
	due     int64
}

// reset begins with nobody believing.
func (c *singleBeliever) reset() {
	*c = singleBeliever{top: history.None, rest: before, since: never, due: never}
}

// held takes a node's belief.
func (c *singleBeliever) held(s *Suite, r *history.Record) {
	s.marks[BeliefJudged]++
	if r.Node != c.top {
		if c.top != history.None {
			s.marks[BeliefHandedOver]++
		}
		c.top = r.Node
		c.rest = c.others(s)
	}
	c.look(s, r.At)
}

// ended takes the end of some node's belief.
func (c *singleBeliever) ended(s *Suite, at int64) {
	c.rest = c.others(s)
	c.look(s, at)
}

// others is when the belief of the last node besides top ends.
func (c *singleBeliever) others(s *Suite) int64 {
	rest := before
	for i := range s.scene.nodes {
		if n := &s.scene.nodes[i]; n.held && int16(i) != c.top {
			rest = max(rest, n.until)
		}
	}
	return rest
}

// end is when the present overlap ends, if nothing else happens.
func (c *singleBeliever) end(s *Suite) int64 {
	if c.top == history.None || !s.scene.nodes[c.top].held {
		return c.secondOfRest(s)
	}
	return max(min(s.scene.nodes[c.top].until, c.rest), c.secondOfRest(s))
}

// secondOfRest is up to when two nodes besides top believe. There are none but
// in a cluster that is broken already.
func (c *singleBeliever) secondOfRest(s *Suite) int64 {
	if c.rest == before {
		return before
	}
	first, second := before, before
	for i := range s.scene.nodes {
		n := &s.scene.nodes[i]
		if !n.held || int16(i) == c.top {
			continue
		}
		if n.until > first {
			first, second = n.until, first
		} else {
			second = max(second, n.until)
		}
	}
	return second
}

// look notes where an overlap begins, goes on, or ends.
func (c *singleBeliever) look(s *Suite, at int64) {
	switch {
	case c.rest <= at || c.end(s) <= at: // an overlap has its end with the rest at the latest
		c.since, c.due = never, never
	case c.since == never:
		c.since, c.excused = at, false
		c.due = at + int64(s.cfg.HarnessStall)
		s.plan(c.due)
	}
}

// faultChanged looks again at an overlap that is excused.
func (c *singleBeliever) faultChanged(s *Suite) {
	if c.since != never && c.due == never {
		c.due = s.excuses.until(beliefExcuses)
		s.plan(c.due)
	}
}

// judge weighs the overlap once it is longer than the observer's stall. Two
// records of one instant do not overlap: the due instant must have passed.
func (c *singleBeliever) judge(s *Suite, now int64) {
	end := c.end(s)
	if until := s.excuses.until(beliefExcuses); c.since <= until {
		if !c.excused && end > c.since+int64(s.cfg.HarnessStall) {
			c.excused = true
			s.excuse(SingleBeliever)
		}
		if until == never {
			c.due = never
			return
		}
		c.since = until + 1
	}
	stall := int64(s.cfg.HarnessStall)
	switch {
	case min(end, now)-c.since > stall:
		c.report(s, c.since)
		c.since, c.due = never, never
	case end-c.since <= stall:
		c.since, c.due = never, never
	default:
		c.due = c.since + stall
	}
}

// report finds two believers to name.
func (c *singleBeliever) report(s *Suite, at int64) {
	f := finding{invariant: SingleBeliever, at: at, node: history.None, a: -1, say: twoBelieve}
	for i := range s.scene.nodes {
		n := &s.scene.nodes[i]
		switch {
		case !n.believes(at):
		case f.node == history.None:
			f.node, f.epoch = int16(i), n.epoch
		case f.a < 0:
			f.a, f.b = int64(i), int64(n.epoch)
		}
	}
	s.breaks(f)
}

// acted takes a deed that needs belief. The other's belief must have begun
// before this instant, and the doer's have ended before it: within one instant
// any order is lawful.
func (c *singleBeliever) acted(s *Suite, r *history.Record) {
	if r.Node < 0 {
		return
	}
	stall := int64(s.cfg.HarnessStall)
	doer := &s.scene.nodes[r.Node]
	if r.At <= doer.covered+stall {
		return
	}
	for i := range s.scene.nodes {
		other := &s.scene.nodes[i]
		if int16(i) == r.Node || !other.believes(r.At) || other.heldSince+stall >= r.At {
			continue
		}
		s.breaksUnless(beliefExcuses, finding{
			invariant: SingleBeliever, at: r.At, node: r.Node, signal: r.Signal, epoch: r.Epoch,
			a: int64(i), b: int64(other.epoch), say: actsBeside,
		})
		return
	}
}

func twoBelieve(f *finding) string {
	return fmt.Sprintf("%s (epoch %d) and %s (epoch %d) believe at once",
		name(f.node), f.epoch, name(int16(f.a)), f.b)
}

func actsBeside(f *finding) string {
	return fmt.Sprintf("%s acts on signal %d without trust left (epoch %d), and %s believes (epoch %d)",
		name(f.node), f.signal, f.epoch, name(int16(f.a)), f.b)
}
