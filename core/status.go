package core

import "time"

// Status is what others may know of a node at one instant.
type Status struct {
	Role     Role
	Believes bool
	Epoch    Epoch
	Token    Token
	// Tenure is the kind that the node stands for, leads or drains under.
	Tenure TenureKind
	// Barred: the ledger has gone back in time; only a person's acceptance ends it.
	Barred bool
	// TrustLeft is for how long belief lasts without another confirmation.
	TrustLeft time.Duration
	Control   Control
	// View is the ledger's authority as it was last read.
	View View
	// InFlight counts the signals that the node works on.
	InFlight int
	// LedgerFresh: the ledger answered within the last three heartbeat intervals.
	LedgerFresh bool
	// Idle reports that a stopping node has nothing left to do.
	Idle     bool
	Eligible bool
}

// Status returns what others may know, at that instant of the boot clock.
func (n *Node) Status(now Time) Status {
	s := Status{
		Role: n.role, Believes: n.Believes(now), Epoch: n.epoch, Token: n.token,
		Tenure: n.tenure, Barred: n.past.barred,
		Control: n.control, View: n.view, InFlight: int(n.flying), Eligible: n.mayStand(),
	}
	s.Idle = n.stopping && n.role == Follower && n.flying == 0 && !n.lease.busy() && !n.ledger.busy() &&
		(!n.claimed || now >= n.notBefore)
	if s.Believes {
		s.TrustLeft = n.trust().Sub(now)
	}
	read := max(n.view.At, n.beatTrust.Add(-n.cfg.Window()))
	s.LedgerFresh = read > 0 && now.Sub(read) <= 3*n.cfg.Heartbeat
	return s
}

// Role returns the node's role. A leader may have ceased to believe: ask Believes.
func (n *Node) Role() Role { return n.role }

// TrustDeadline is the instant on the boot clock at which belief ends, if
// nothing extends it. It is zero on a node that does not lead.
func (n *Node) TrustDeadline() Time {
	if n.role != Leader {
		return 0
	}
	return n.trust()
}

// Epoch returns the epoch that the node leads or drains under, else zero.
func (n *Node) Epoch() Epoch { return n.epoch }
