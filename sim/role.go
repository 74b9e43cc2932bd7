package sim

import (
	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// hasRole reports whether the node fits a role now. The leader is whoever
// believes; a paused node keeps what it was.
func (w *World) hasRole(kind scenarios.PartyKind, node int16) bool {
	return w.fits(kind, node, w.hosts[node].role)
}

// hasSaid reports whether a node fits a role as far as it has announced: that is what
// an event's node was when it said so. One that says why it will lead no more leads
// until it says that it has stepped down.
func (w *World) hasSaid(kind scenarios.PartyKind, node int16) bool {
	return w.fits(kind, node, w.hosts[node].said)
}

// fits reports whether a node in that role is one that the party may stand for.
func (w *World) fits(kind scenarios.PartyKind, node int16, role core.Role) bool {
	if !w.hosts[node].up {
		return false
	}
	switch kind {
	case scenarios.LeaderParty:
		return role == core.Leader && node == w.leader
	case scenarios.FollowerParty, scenarios.FollowersParty:
		return role == core.Follower
	case scenarios.CandidateParty:
		return role == core.Candidate
	default:
		return true
	}
}

// namesRoles are the events after which a node may say that it has another role.
var namesRoles = [event.Total]bool{
	event.LeaseAcquired: true, event.LeaderElected: true, event.LeaderSteppedDown: true,
	event.LeaseReleased: true, event.LeaseLost: true,
}

// says keeps the role that an announcement tells of; a leader that steps down is one
// until the steps that wait for that have struck.
func (w *World) says(r *history.Record) {
	if r.Node < 0 || r.By == core.StoreParty {
		return
	}
	h := &w.hosts[r.Node]
	switch r.Event {
	case event.LeaseAcquired:
		h.said = core.Candidate
	case event.LeaderElected:
		h.said = core.Leader
	case event.LeaseReleased, event.LeaseLost:
		if h.said != core.Leader {
			h.said = core.Follower
		}
	default:
	}
}

// resolve appends the nodes that a party stands for, in their order.
func (w *World) resolve(p scenarios.Party, into []int16) []int16 {
	switch p.Kind {
	case scenarios.NodeParty:
		return append(into, int16(p.Index-1))
	case scenarios.BoundParty:
		if node, ok := w.bound[p.Name]; ok {
			return append(into, node)
		}
		return into
	case scenarios.AllParty, scenarios.FollowersParty:
		for node := range w.hosts {
			if p.Kind == scenarios.AllParty || w.hasRole(p.Kind, int16(node)) {
				into = append(into, int16(node))
			}
		}
		return into
	case scenarios.LeaderParty:
		// An announcement of the leader may be what fired the step, from inside
		// the very step of the node in which it became one.
		if w.hitter != history.None && w.hitter == w.leader && w.hosts[w.hitter].up {
			return append(into, w.hitter)
		}
	default:
	}
	n := 0
	for node := range w.hosts {
		if w.hasRole(p.Kind, int16(node)) {
			n++
		}
	}
	if n == 0 {
		return into
	}
	k := int(w.draw(siteRole, int(w.acting)) % uint64(n))
	for node := range w.hosts {
		if w.hasRole(p.Kind, int16(node)) {
			if k == 0 {
				return append(into, int16(node))
			}
			k--
		}
	}
	return into
}

// bind gives the node that was hit a name.
func (w *World) bind(name string, hit []int16) {
	if name == "" || len(hit) == 0 {
		return
	}
	w.bound[name] = hit[0]
	w.judge.Bind(name, hit[0])
}
