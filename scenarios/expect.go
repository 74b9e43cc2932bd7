package scenarios

import (
	"fencepost/core/check"
	"fencepost/core/event"
)

// Expect is one entry of the list of expectations.
type Expect struct {
	// Class lists the broker classes under which it is expected; none means all. It is
	// empty in a scenario that was read, which has only what is meant for its class.
	Class []BrokerClass
	Claim Claim
	// Place tells where the entry and its fields stand: "detect.node" and so on.
	Place Place
}

// Claim is what one entry expects. Its dynamic type is one of Never, Detect,
// Elect, Recover, Sometimes, No, AtMost, Metric and Final, always as a value.
type Claim interface {
	// Word returns the claim's key in a file.
	Word() string
	// OverSeeds tells whether the claim is judged over all seeds of a call
	// instead of in each run.
	OverSeeds() bool
}

// Never names an invariant for which the file exists. Every invariant is judged
// in every run, named or not.
type Never struct {
	Invariant check.Invariant
}

// Detect wants one report of any of What about Node, from any party of By,
// caused after From and made within Within of it.
type Detect struct {
	What   []What
	Node   Party  // zero: about any node
	From   Moment // zero: since the run began
	Within Length
	By     []By // empty: by anybody
}

// What is the subject of a detection.
type What string

// The subjects of Detect.
const (
	StaleLeader         What = "stale_leader"
	GrayLeader          What = "gray_leader"
	LeaseLost           What = "lease_lost"
	SplitBrain          What = "split_brain"
	UnknownOutcome      What = "unknown_outcome"
	ClockDrift          What = "clock_drift"
	AuthorityRegression What = "authority_regression"
	Degradation         What = "degradation"
	LostWrite           What = "lost_write"
)

// Event returns the event by which the subject is reported.
func (w What) Event() event.Event {
	switch w {
	case StaleLeader:
		return event.LeaderStale
	case GrayLeader:
		return event.LeaderGray
	case LeaseLost:
		return event.LeaseLost
	case SplitBrain:
		return event.SplitBrainDetected
	case UnknownOutcome:
		return event.OutcomeUnknown
	case ClockDrift:
		return event.ClockDrift
	case AuthorityRegression:
		return event.AuthorityRegressed
	case Degradation:
		return event.Degraded
	case LostWrite:
		return event.RedisLostWrite
	default:
		return event.None
	}
}

// By is a party that can report a detection.
type By string

// The reporters: the node itself, a healthy peer, or the store that refused.
const (
	BySelf  By = "self"
	ByPeer  By = "peer"
	ByStore By = "store"
)

// Elect wants a leader.elected with an epoch above the highest at From.
type Elect struct {
	From   Moment
	Within Length
}

// Recover wants that the share of offered signals that are final or in_doubt
// reaches Rate in some whole window of one ttl that ends within Within of From.
type Recover struct {
	From   Moment
	Within Length
	Rate   Percent
}

// Sometimes wants that the event happened in the runs of the call taken
// together, at least so often; a zero AtLeast means once.
type Sometimes struct {
	Event   event.Event
	AtLeast int
}

// No wants that the event does not happen from From until Until.
type No struct {
	Event event.Event
	From  Moment // zero: since the run began
	Until Moment // zero: to the end
}

// AtMost wants that the event happens no more than Count times.
type AtMost struct {
	Event event.Event
	Count int
	From  Moment // zero: since the run began
	Until Moment // zero: to the end
}

// Metric wants that a metric stays on one side of a bound.
type Metric struct {
	Name  string
	Node  Party // zero: on every node
	Side  Side
	Bound float64
	From  Moment // zero: since the run began
	Until Moment // zero: to the end
}

// Side is the side of the bound on which a metric stays.
type Side string

// The sides of a bound.
const (
	Below Side = "below"
	Above Side = "above"
)

// Final wants that all of States hold when the run has settled.
type Final struct {
	States []FinalState
}

// FinalState is a state of the settled world.
type FinalState string

// The states of Final.
const (
	EverySignalTerminal FinalState = "every_signal_terminal"
	LedgerEqualsBroker  FinalState = "ledger_equals_broker"
)

// Word returns "never".
func (Never) Word() string { return "never" }

// Word returns "detect".
func (Detect) Word() string { return "detect" }

// Word returns "elect".
func (Elect) Word() string { return "elect" }

// Word returns "recover".
func (Recover) Word() string { return "recover" }

// Word returns "sometimes".
func (Sometimes) Word() string { return "sometimes" }

// Word returns "no".
func (No) Word() string { return "no" }

// Word returns "at_most".
func (AtMost) Word() string { return "at_most" }

// Word returns "metric".
func (Metric) Word() string { return "metric" }

// Word returns "final".
func (Final) Word() string { return "final" }

// OverSeeds returns false: an invariant is judged in each run.
func (Never) OverSeeds() bool { return false }

// OverSeeds returns false: a detection is judged in each run.
func (Detect) OverSeeds() bool { return false }

// OverSeeds returns false: an election is judged in each run.
func (Elect) OverSeeds() bool { return false }

// OverSeeds returns false: recovery is judged in each run.
func (Recover) OverSeeds() bool { return false }

// OverSeeds returns true: one run need not meet the danger.
func (Sometimes) OverSeeds() bool { return true }

// OverSeeds returns false: an event's absence is judged in each run.
func (No) OverSeeds() bool { return false }

// OverSeeds returns false: a bound on events is judged in each run.
func (AtMost) OverSeeds() bool { return false }

// OverSeeds returns false: a metric is judged in each run.
func (Metric) OverSeeds() bool { return false }

// OverSeeds returns false: the settled state is judged in each run.
func (Final) OverSeeds() bool { return false }
