package chaos

import (
	"context"
	"net/http"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// hasRole reports whether a node fits a role now, as far as it has said. A
// paused node keeps what it was.
func (r *run) hasRole(kind scenarios.PartyKind, node int16) bool {
	n := r.nodes[node]
	if !n.up {
		return false
	}
	switch kind {
	case scenarios.LeaderParty:
		return n.role == leader && node == r.leader
	case scenarios.FollowerParty, scenarios.FollowersParty:
		return n.role == follower
	case scenarios.CandidateParty:
		return n.role == candidate
	default:
		return true
	}
}

// roleBound is how long a node may take to say what it is.
const roleBound = 300 * time.Millisecond

// askRoles asks the nodes what they are: not every change of role is announced.
// Who stands still, or does not answer, keeps what it said last.
func (r *run) askRoles(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, roleBound)
	defer cancel()
	var asking sync.WaitGroup
	for _, n := range r.nodes {
		if !n.listens() {
			continue
		}
		asking.Go(func() {
			var status struct {
				Role string `json:"role"`
			}
			if n.ask(ctx, http.MethodGet, "/v1/status", nil, &status) != nil {
				return
			}
			switch status.Role {
			case core.Follower.String():
				n.role = follower
			case core.Candidate.String():
				n.role = candidate
			case core.Leader.String():
				n.role = leader
			case core.Draining.String():
				n.role = draining
			}
		})
	}
	asking.Wait()
}

// resolve returns the nodes that a party stands for, in their order.
func (r *run) resolve(ctx context.Context, p scenarios.Party) []int16 {
	switch p.Kind {
	case scenarios.FollowerParty, scenarios.FollowersParty, scenarios.CandidateParty:
		r.askRoles(ctx)
	case scenarios.NodeParty:
		if p.Index > len(r.nodes) {
			return nil
		}
		return []int16{int16(p.Index - 1)}
	case scenarios.BoundParty:
		if node, ok := r.bound[p.Name]; ok {
			return []int16{node}
		}
		return nil
	default:
	}
	var fit []int16
	for _, n := range r.nodes {
		if p.Kind == scenarios.AllParty || r.hasRole(p.Kind, n.index) {
			fit = append(fit, n.index)
		}
	}
	if p.Kind == scenarios.AllParty || p.Kind == scenarios.FollowersParty || len(fit) == 0 {
		return fit
	}
	return []int16{fit[r.chance.IntN(len(fit))]}
}

// bind gives the node that was hit a name.
func (r *run) bind(name string, hit []int16, at int64) {
	if name == "" || len(hit) == 0 {
		return
	}
	node := hit[0]
	r.bound[name] = node
	r.book.tell(at, func(j *scenarios.Judge, _ int64) { j.Bind(name, node) })
}

// fault writes down that a disturbance of a class begins or has ended.
func (r *run) fault(class history.Fault, began bool, node int16, at int64) {
	kind := history.FaultEnded
	if began {
		kind = history.FaultBegan
	}
	r.book.add(at, history.Record{Kind: kind, Fault: class, Node: node})
}
