package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// waking is what a node owes that woke up after its belief had run out.
type waking struct {
	due   int64
	epoch core.Epoch
}

// staleLeader judges stale-leader-detected. By a peer: when the open tenure's
// lease was not renewed, somebody reports it, closes it or succeeds it within
// 1.5 ttl of the last renewal; when its heartbeat stands still, within
// stale_after + 0.5 ttl of the last one. By itself: a node that wakes up after
// its belief ran out, under an epoch whose lease lapsed, was taken or was
// superseded, reports itself, is refused by the store, or stops believing
// within 0.5 ttl.
//
// It holds while some healthy peer reaches both stores. Without one, while a
// store is disturbed, and while the key is held by somebody else's token (a
// candidate that will give it back), the clock stands; it starts anew after.
//
// Counter-example: a leader loses PostgreSQL and goes on renewing its lease.
// Nobody can take the lease, so nobody looks at the ledger, and no signal is
// executed for as long as the link is cut.
type staleLeader struct {
	// leaseAt and beatAt are when the open tenure's lease and heartbeat were
	// last set.
	leaseAt int64
	beatAt  int64
	// set is the last LeaseSet of all: a tenure's lease is older than itself.
	set history.Record
	// foreign is up to when a token other than the tenure's holds the key.
	foreign      int64
	foreignToken core.Token
	// told: a peer has reported the open tenure. Peers do so once.
	told   bool
	waking []waking
	due    int64
}

// reset begins without a tenure and keeps the memory.
func (c *staleLeader) reset(nodes int) {
	list := c.waking
	if cap(list) < nodes {
		list = make([]waking, nodes)
	}
	*c = staleLeader{waking: list[:nodes], foreign: before, due: never}
	for i := range c.waking {
		c.waking[i] = waking{due: never}
	}
}

// rewound forgets the tenure: the ledger may have forgotten it too.
func (c *staleLeader) rewound() { c.told, c.foreign = false, before }

// tenureOpened begins a tenure's account; it is in the scene already.
func (c *staleLeader) tenureOpened(s *Suite, r *history.Record) {
	c.told, c.foreign, c.beatAt, c.leaseAt = false, before, r.At, r.At
	if c.set.Kind == history.LeaseSet && c.ours(s, &c.set) {
		c.leaseAt = c.set.At
	}
	c.watch(s)
}

// over counts an open tenure that ends, or is taken over, as one that was owed
// a report. It is in the scene still.
func (c *staleLeader) over(s *Suite, at int64) {
	t := &s.scene.tenure
	if !t.open {
		return
	}
	if calm := c.calm(s, t.node); calm != never && at > max(c.leaseAt, calm)+int64(s.cfg.TTL) {
		s.marks[StaleOwed]++
	}
}

// ours reports whether a lease is that of the open tenure.
func (c *staleLeader) ours(s *Suite, r *history.Record) bool {
	t := &s.scene.tenure
	if t.token.IsZero() {
		return r.Node == t.node
	}
	return r.Token == t.token
}

// leaseSet takes a write of the key.
func (c *staleLeader) leaseSet(s *Suite, r *history.Record) {
	c.set = *r
	if c.ours(s, r) {
		// A clock of Redis that stepped may have lengthened it: as if it had been
		// renewed later.
		c.leaseAt = max(r.At, r.Until-int64(s.cfg.TTL))
		c.foreign = min(c.foreign, r.At)
		return
	}
	c.foreign, c.foreignToken = r.Until, r.Token
}

// leaseGone takes the end of the key's value.
func (c *staleLeader) leaseGone(s *Suite, r *history.Record) {
	if r.Token == c.foreignToken && r.At < c.foreign {
		c.foreign = r.At
		c.watch(s)
	}
}

// heartbeatSet takes a leader's heartbeat. It renews a tenure of kind pg.
func (c *staleLeader) heartbeatSet(s *Suite, r *history.Record) {
	if r.Epoch != s.scene.tenure.epoch {
		return
	}
	c.beatAt = r.At
	if s.scene.tenure.kind == core.TenurePG {
		c.leaseAt = r.At
	}
}

// reported takes a report, by whomever.
func (c *staleLeader) reported(s *Suite, r *history.Record) {
	if r.By == core.Peer {
		s.marks[StaleReported]++
		c.told = c.told || r.Epoch == s.scene.tenure.epoch
		return
	}
	subject := r.Subject
	if subject < 0 {
		subject = r.Node
	}
	c.noticed(s, subject)
}

// woke takes a node's waking.
func (c *staleLeader) woke(s *Suite, r *history.Record) {
	n := &s.scene.nodes[r.Node]
	if !n.held || n.until > r.At || n.skewed > 0 {
		return
	}
	if c.stands(s, n, r.At) && !s.executor.youngest.Supersedes(n.epoch) {
		return
	}
	s.marks[WakingOwed]++
	due := r.At + int64(s.cfg.TTL)/2 + int64(s.cfg.HarnessStall)
	c.waking[r.Node] = waking{due: due, epoch: n.epoch}
	c.due = min(c.due, due)
	s.plan(due)
}

// stands reports whether the lease of the node's tenure has not lapsed.
func (c *staleLeader) stands(s *Suite, n *node, at int64) bool {
	if t := &s.scene.tenure; t.kind == core.TenurePG && t.epoch == n.epoch {
		return t.open && at < c.leaseAt+int64(s.cfg.TTL)
	}
	return n.tenureEpoch == n.epoch && s.scene.key.holds(n.tenure, at)
}

// noticed ends what a waking node owes.
func (c *staleLeader) noticed(s *Suite, node int16) {
	if node < 0 || int(node) >= len(c.waking) || c.waking[node].due == never {
		return
	}
	s.marks[WakingNoticed]++
	c.waking[node].due = never
}

// gone drops what a node owes that sleeps again or is down.
func (c *staleLeader) gone(node int16) { c.waking[node].due = never }

// calm is since when a peer of the holder has been able to notice.
func (c *staleLeader) calm(s *Suite, holder int16) int64 {
	peer := s.scene.fittest(holder)
	if peer == never {
		return never
	}
	return max(peer, s.excuses.last(storeFaults), s.scene.skewUntil(s.cfg.grace()))
}

// deadlines are by when a peer must have noticed that the lease lapsed, and
// that the heartbeat stands still.
func (c *staleLeader) deadlines(s *Suite) (lease, beat int64) {
	t := &s.scene.tenure
	if !t.open || c.told {
		return never, never
	}
	calm := c.calm(s, t.node)
	if calm == never {
		return never, never
	}
	ttl, stall := int64(s.cfg.TTL), int64(s.cfg.HarnessStall)
	lease = later(max(c.leaseAt, calm, c.foreign), ttl+ttl/2+stall)
	beat = later(max(c.beatAt, calm), int64(s.cfg.StaleAfter)+ttl/2+stall)
	return lease, beat
}

// refitted plans a look after a change of what peers can notice: no deadline that
// it brings is sooner. The look itself finds the deadlines.
func (c *staleLeader) refitted(s *Suite, at int64) {
	ttl := int64(s.cfg.TTL)
	soonest := at + min(ttl, int64(s.cfg.StaleAfter)) + ttl/2 + int64(s.cfg.HarnessStall)
	if soonest < c.due {
		c.due = soonest
		s.plan(soonest)
	}
}

// watch plans the next look.
func (c *staleLeader) watch(s *Suite) {
	lease, beat := c.deadlines(s)
	c.due = min(lease, beat)
	for i := range c.waking {
		c.due = min(c.due, c.waking[i].due)
	}
	s.plan(c.due)
}

// judge reports what is overdue.
func (c *staleLeader) judge(s *Suite, now int64) {
	t := &s.scene.tenure
	lease, beat := c.deadlines(s)
	if now > min(lease, beat) {
		f := finding{
			invariant: StaleLeaderDetected, at: lease, node: t.node, epoch: t.epoch,
			a: c.leaseAt, say: leaseUnnoticed,
		}
		if beat < lease {
			f.at, f.a, f.say = beat, c.beatAt, heartbeatUnnoticed
		}
		s.breaks(f)
		c.told = true
	}
	for i := range c.waking {
		w := &c.waking[i]
		if now > w.due {
			s.breaks(finding{
				invariant: StaleLeaderDetected, at: w.due, node: int16(i), epoch: w.epoch,
				say: wakingUnnoticed,
			})
			w.due = never
		}
	}
	c.watch(s)
}

func leaseUnnoticed(f *finding) string {
	return fmt.Sprintf("no peer noticed that %s, whose tenure of epoch %d is open, renewed its lease %s ago",
		name(f.node), f.epoch, seconds(f.at-f.a))
}

func heartbeatUnnoticed(f *finding) string {
	return fmt.Sprintf("no peer noticed that the last heartbeat of %s, leader of epoch %d, is %s old",
		name(f.node), f.epoch, seconds(f.at-f.a))
}

func wakingUnnoticed(f *finding) string {
	return fmt.Sprintf("%s woke up after its belief in epoch %d had run out and did not notice",
		name(f.node), f.epoch)
}
