package core

import (
	"time"

	"fencepost/core/event"
)

// health is how the stores answer, and how often leadership was lost.
type health struct {
	// paces compare our clock with each store's, degradedAt and driftedAt are
	// when we last complained: once a ttl is enough.
	paces      [Broker]pace
	degradedAt [Broker]Time
	driftedAt  Time
	// electedAt is when we last led, flaps how often in a row we lost that soon.
	electedAt Time
	flaps     uint8
}

// pace remembers one answer of a store: what its clock showed, and between
// which two instants of ours.
type pace struct {
	server      Time
	sent, heard Time
}

// heard takes what an answer tells of the store itself: a slow one is degraded,
// and its clock shows whether ours runs at a lawful rate.
func (n *Node) heard(t Time, asked *lane, in *Input, out *Effects) {
	if t.Sub(asked.started) > n.cfg.StoreTimeout/2 {
		n.degraded(t, asked.op, SlowAnswer, out)
	}
	if in.Server == 0 {
		return
	}
	p := &n.health.paces[asked.op.Store()]
	theirs, least, most := in.Server.Sub(p.server), asked.started.Sub(p.heard), t.Sub(p.sent)
	lawful := n.cfg.Shrink(least) <= theirs && n.cfg.Shrink(theirs) <= most
	if p.server != 0 && !lawful && t >= n.health.driftedAt.Add(n.cfg.TTL) {
		n.health.driftedAt = t
		n.announce(event.ClockDrift, out).Reason = ClockRate
	}
	if p.server == 0 || !lawful || least > 2*n.cfg.TTL {
		*p = pace{server: in.Server, sent: asked.started, heard: t}
	}
}

// degraded says, at most once a ttl for each store, that it serves badly.
func (n *Node) degraded(t Time, about Op, reason Reason, out *Effects) {
	at := &n.health.degradedAt[about.Store()]
	if *at != 0 && t.Sub(*at) < n.cfg.TTL {
		return
	}
	*at = t
	said := n.announce(event.Degraded, out)
	said.About, said.Reason = about, reason
}

// rest is for how long a former leader does not stand. Whoever loses leadership
// again and again leaves it to others for longer each time, up to a ttl.
func (n *Node) rest(t Time) time.Duration {
	h := &n.health
	if t.Sub(h.electedAt) >= 4*n.cfg.TTL {
		h.flaps = 0
	}
	if n.leaving == GracefulShutdown || n.leaving == OperatorRequest {
		return n.cfg.Retry
	}
	h.flaps = min(h.flaps+1, 4)
	return min(n.cfg.Retry<<(h.flaps-1), n.cfg.TTL)
}
