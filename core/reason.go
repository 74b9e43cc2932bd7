package core

import "fencepost/core/word"

// Reason says why something ended or was refused. The words stand in the
// leadership history, in logs and in metrics.
type Reason uint8

// The reasons.
const (
	NoReason Reason = iota
	// Why a tenure ended.
	GracefulShutdown   // the process was asked to stop
	OperatorRequest    // a person asked the leader to step down
	LeaseExpired       // the trust deadline passed without a renewal
	LeaseLost          // Redis answered that the key is absent
	SplitBrain         // Redis names another holder
	HeartbeatLost      // the ledger did not confirm a heartbeat in time
	Superseded         // a younger epoch exists
	ClockGap           // the machine's clocks disagree by more than the margin
	Lapsed             // taken, but confirmed only after its own deadline
	AuthorityRegressed // the ledger went back in time
	// Why a permit was refused, or a gate stayed shut.
	TenureClosed  // the epoch is current but its tenure is closed
	ControlMode   // control mode is not run
	StateChanged  // the signal is no longer in the state that was read
	GateDeadline  // too late to send under this permit
	NoBelief      // the node does not believe that it leads
	AuthorityGone // authority row missing or not readable
	// Why an answer to a sender was a refusal.
	NotLeader      // intake mode leader-only, and this instance does not lead
	LostLeadership // as NotLeader, noticed at the second check
	Conflict       // same id, another payload
	Unavailable    // the ledger, or the store in question, does not answer
	// Why an instance says that something is amiss.
	SlowAnswer  // a store took more than half of its time limit
	ClockRate   // this machine's clock and a store's run apart by more than ρ
	Lost        // a person entered the epoch, or ended its tenure, after a regression
	NotAdmitted // the authority row admits other versions of the protocol
	reasonCount
)

var reasonNames = []string{
	NoReason: "none", GracefulShutdown: "graceful_shutdown", OperatorRequest: "operator_request",
	LeaseExpired: "lease_expired", LeaseLost: "lease_lost", SplitBrain: "split_brain",
	HeartbeatLost: "heartbeat_lost", Superseded: "superseded", ClockGap: "clock_gap", Lapsed: "lapsed",
	TenureClosed: "tenure_closed", ControlMode: "control_mode", StateChanged: "state_changed",
	GateDeadline: "gate_deadline", NoBelief: "no_belief", AuthorityGone: "authority_gone",
	NotLeader: "not_leader", LostLeadership: "lost_leadership", Conflict: "conflict",
	Unavailable: "unavailable", AuthorityRegressed: "authority_regressed", SlowAnswer: "slow_answer",
	ClockRate: "clock_rate", Lost: "lost", NotAdmitted: "not_admitted",
}

// String returns the reason's fixed word.
func (r Reason) String() string { return word.Of(reasonNames, r) }

// ParseReason returns the reason of that word, other than none.
func ParseReason(text string) (Reason, bool) { return word.Find[Reason](reasonNames, text) }
