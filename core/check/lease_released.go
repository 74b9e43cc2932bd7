package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// debt is a lease that a node should have given up.
type debt struct {
	token core.Token
	due   int64
	// disturbed: a store may not have answered.
	disturbed bool
	// released is the last token of the node's that a release deleted, releasedAt
	// when that was.
	released   core.Token
	releasedAt int64
}

// leaseReleased judges lease-released: within 0.2 ttl after a node has drained,
// the key does not hold its token.
//
// It holds while both stores answer. A lease that still stands is excused if a
// store or the node's links were disturbed at some moment between the two last
// calls of the step-down, each bounded by the store's time-out, and the
// deadline: a release that was lost is not repeated. It is excused too if the
// release was carried out, and an acquisition of the same token that had been
// under way since before came after it: nobody holds that lease, and it lapses.
//
// Counter-example: a step-down clears the flag "I hold the lease" first, and
// the release that follows looks at the flag and returns. Expiry hides it, at
// the price of a ttl without a leader at every handover.
type leaseReleased struct {
	debts []debt
	due   int64
}

// reset begins without debts and keeps the memory.
func (c *leaseReleased) reset(nodes int) {
	list := c.debts
	if cap(list) < nodes {
		list = make([]debt, nodes)
	}
	*c = leaseReleased{debts: list[:nodes], due: never}
	for i := range c.debts {
		c.debts[i] = debt{due: never}
	}
}

// drained takes the end of a step-down.
func (c *leaseReleased) drained(s *Suite, r *history.Record) {
	if r.Token.IsZero() {
		return
	}
	n := &s.scene.nodes[r.Node]
	from := r.At - 2*int64(s.cfg.StoreTimeout)
	due := r.At + int64(s.cfg.TTL)/5 + int64(s.cfg.HarnessStall)
	d := &c.debts[r.Node]
	*d = debt{
		token: r.Token, due: due, released: d.released, releasedAt: d.releasedAt,
		disturbed: s.excuses.last(storeFaults) >= from || n.cut > 0 || n.cutEnded >= from || s.scene.cut > 0,
	}
	if d.releasedAt < from {
		d.released = core.Token{} // in an earlier step-down
	}
	c.due = min(c.due, due)
	s.plan(due)
}

// leaseGone takes the end of a lease.
func (c *leaseReleased) leaseGone(r *history.Record) {
	if r.Op == core.Release && r.Node >= 0 {
		c.debts[r.Node].released, c.debts[r.Node].releasedAt = r.Token, r.At
	}
}

// faultChanged notes a disturbance that begins while a debt is open.
func (c *leaseReleased) faultChanged(r *history.Record) {
	if r.Kind != history.FaultBegan || c.due == never {
		return
	}
	link := r.Fault == history.LinkFault
	if !link && storeFaults&(1<<r.Fault) == 0 {
		return
	}
	for i := range c.debts {
		if !link || r.Node < 0 || r.Node == int16(i) {
			c.debts[i].disturbed = true
		}
	}
}

// judge looks at the key when a debt has fallen due.
func (c *leaseReleased) judge(s *Suite, now int64) {
	c.due = never
	for i := range c.debts {
		d := &c.debts[i]
		if d.due >= now {
			c.due = min(c.due, d.due)
			continue
		}
		switch {
		case !s.scene.key.holds(d.token, d.due):
			s.marks[ReleaseJudged]++
		case d.disturbed || d.released == d.token:
			s.excuse(LeaseReleased)
		default:
			s.marks[ReleaseJudged]++
			s.breaks(finding{
				invariant: LeaseReleased, at: d.due, node: int16(i),
				a: int64(d.token.Acquisition), b: s.scene.key.until - d.due, say: stillHeld,
			})
		}
		d.due = never
	}
}

func stillHeld(f *finding) string {
	return fmt.Sprintf("%s has drained and the key still holds its acquisition %d, for %s more",
		name(f.node), f.a, seconds(f.b))
}
