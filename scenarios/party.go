package scenarios

import (
	"strconv"

	"fencepost/core"
	"fencepost/core/history"
)

// Party is one side of a fault: a role among the nodes, one node, or a store.
// Roles are resolved when the step fires. The zero Party stands for an absent
// field.
type Party struct {
	Kind  PartyKind
	Index int    // of NodeParty: 1..99, the n in n1
	Name  string // of BoundParty: the name without its dollar sign
}

// PartyKind tells roles, nodes and stores apart.
type PartyKind uint8

// The kinds of party.
const (
	NoParty PartyKind = iota
	LeaderParty
	FollowerParty  // one follower, drawn by the seed
	FollowersParty // every follower
	CandidateParty
	AnyParty // one node, drawn by the seed
	AllParty // every node; on the far side of a link, every store
	NodeParty
	BoundParty
	RedisParty
	PostgresParty
	BrokerParty
	ReplicaParty
)

// IsZero tells whether the field was absent.
func (p Party) IsZero() bool { return p == Party{} }

// IsStore tells whether the party is Redis, its replica, PostgreSQL or the
// broker.
func (p Party) IsStore() bool {
	switch p.Kind {
	case RedisParty, PostgresParty, BrokerParty, ReplicaParty:
		return true
	case NoParty, LeaderParty, FollowerParty, FollowersParty, CandidateParty,
		AnyParty, AllParty, NodeParty, BoundParty:
		return false
	default:
		return false
	}
}

// IsRole tells whether the party is whoever has a role, and not a node that the file
// names.
func (k PartyKind) IsRole() bool {
	switch k {
	case LeaderParty, FollowerParty, FollowersParty, CandidateParty:
		return true
	case NoParty, AnyParty, AllParty, NodeParty, BoundParty,
		RedisParty, PostgresParty, BrokerParty, ReplicaParty:
		return false
	default:
		return false
	}
}

// Store returns the store that the party is, as the protocol knows it;
// core.NoStore where it is none, or the replica, to which no node speaks.
func (k PartyKind) Store() core.Store {
	switch k {
	case RedisParty:
		return core.Redis
	case PostgresParty:
		return core.Postgres
	case BrokerParty:
		return core.Broker
	case NoParty, LeaderParty, FollowerParty, FollowersParty, CandidateParty, AnyParty, AllParty, NodeParty,
		BoundParty, ReplicaParty:
		return core.NoStore
	default:
		return core.NoStore
	}
}

// Concerns tells whether a trigger that waits for this party waits for the
// node, which is history.None where nobody announced what happened. The engine
// says which node each name is bound to, and whether a node fits a role now.
func (p Party) Concerns(node int16, bound map[string]int16, fits func(PartyKind, int16) bool) bool {
	switch p.Kind {
	case NoParty, AnyParty, AllParty:
		return true
	case NodeParty:
		return int(node) == p.Index-1
	case BoundParty:
		named, ok := bound[p.Name]
		return ok && named == node
	default:
		return node != history.None && fits(p.Kind, node)
	}
}

// IsSeveral tells whether the party may stand for more than one node.
func (p Party) IsSeveral() bool { return p.Kind == FollowersParty || p.Kind == AllParty }

// String returns the party as it stands in a file.
func (p Party) String() string {
	switch p.Kind {
	case NoParty:
		return ""
	case NodeParty:
		return "n" + strconv.Itoa(p.Index)
	case BoundParty:
		return "$" + p.Name
	case LeaderParty, FollowerParty, FollowersParty, CandidateParty, AnyParty, AllParty,
		RedisParty, PostgresParty, BrokerParty, ReplicaParty:
		return roleText(p.Kind)
	default:
		return "party(?)"
	}
}

func roleText(k PartyKind) string {
	for _, r := range roles {
		if r.kind == k {
			return r.Name
		}
	}
	return "party(?)"
}

// Link is the connection between a node and a store, or between Redis and its
// replica. Near is the side that opens the connection.
type Link struct {
	Near  Party
	Far   Party
	Arrow Arrow
}

// Arrow tells which direction of a link is meant.
type Arrow uint8

// The arrows. NoArrow is the zero value of an absent link.
const (
	NoArrow Arrow = iota
	Both          // a <-> b
	Towards       // a -> b: from the near side to the far side
	Back          // a <- b: from the far side to the near side
)

// String returns the arrow as it stands in a file.
func (a Arrow) String() string {
	switch a {
	case NoArrow:
		return ""
	case Both:
		return "<->"
	case Towards:
		return "->"
	case Back:
		return "<-"
	default:
		return "arrow(?)"
	}
}

// Flip returns the arrow as seen from the other side.
func (a Arrow) Flip() Arrow {
	switch a {
	case Towards:
		return Back
	case Back:
		return Towards
	case NoArrow, Both:
		return a
	default:
		return a
	}
}

// IsZero tells whether the field was absent.
func (l Link) IsZero() bool { return l == Link{} }

// String returns the link as it stands in a file, such as `leader <-> redis`.
func (l Link) String() string {
	return l.Near.String() + " " + l.Arrow.String() + " " + l.Far.String()
}

// Stores lists the stores on the far side of the link; `all` means Redis,
// PostgreSQL and the broker.
func (l Link) Stores() []PartyKind {
	if l.Far.Kind == AllParty {
		return []PartyKind{RedisParty, PostgresParty, BrokerParty}
	}
	return []PartyKind{l.Far.Kind}
}
