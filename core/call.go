package core

import (
	"time"

	"fencepost/core/event"
)

// lane is room for one outstanding call. A new call takes the place of an older
// one, whose answer is then nobody's any more.
type lane struct {
	op Op
	// early: it began before something was known that its answer need not show.
	early    bool
	req      uint32
	started  Time
	deadline Time
}

// busy reports whether the lane awaits an answer.
func (l *lane) busy() bool { return l.req != 0 }

// due is when the lane's next call, planned for at, can start: while one is
// under way its own deadline comes first.
func (l *lane) due(at Time) Time {
	if l.busy() {
		return Never
	}
	return at
}

// answers reports whether in answers the lane's call; if so the lane is free
// again and what it held is returned: trust is counted from the start of that
// attempt, never from the answer (PROTOCOL 4.3).
func (l *lane) answers(in *Input) (asked lane, ok bool) {
	if l.req == 0 || in.Req != l.req {
		return lane{}, false
	}
	asked = *l
	l.clear()
	return asked, true
}

// clear frees the lane.
func (l *lane) clear() { *l = lane{deadline: Never} }

// call starts op in the lane and returns the effect to be completed.
func (n *Node) call(now Time, l *lane, op Op, timeout time.Duration, out *Effects) *Effect {
	n.reqs++
	*l = lane{op: op, req: n.reqs, started: now, deadline: now.Add(timeout)}
	effect := out.next()
	effect.Op, effect.Req, effect.Timeout = op, n.reqs, timeout
	return effect
}

// redis starts a call to Redis; a node has one at a time.
func (n *Node) redis(now Time, op Op, token Token, out *Effects) *Effect {
	effect := n.call(now, &n.lease, op, n.cfg.StoreTimeout, out)
	effect.Token = token
	return effect
}

// announce says that something happened to this node.
func (n *Node) announce(what event.Event, out *Effects) *Effect {
	effect := out.next()
	effect.Event, effect.Subject, effect.Epoch = what, n.self, n.epoch
	return effect
}

// jitter returns a part of span: a hash of the nonce and of a count, so that it
// differs from node to node and from call to call. A node whose configuration
// says that there is none has none anywhere.
func (n *Node) jitter(span time.Duration) time.Duration {
	if span <= 0 || n.cfg.RetryJitter == 0 {
		return 0
	}
	n.draws++
	return time.Duration(mix(uint64(n.self), uint64(n.draws)) % uint64(span))
}
