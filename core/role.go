package core

import "fencepost/core/word"

// Role is what a node is to its cluster, as the node itself sees it.
type Role uint8

// The roles, in the order in which a node passes through them.
const (
	Follower Role = iota
	Candidate
	Leader
	Draining
)

var roleNames = []string{Follower: "follower", Candidate: "candidate", Leader: "leader", Draining: "draining"}

// String returns the role's fixed name.
func (r Role) String() string { return word.Of(roleNames, r) }
