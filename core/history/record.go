package history

import (
	"fencepost/core"

	"fencepost/core/event"
	"fencepost/core/order"
)

// None is the node of a record that is about no node.
const None int16 = -1

// Kind says what a record reports.
type Kind uint8

// The kinds. Which fields each one fills stands beside it; At is always set.
const (
	// Announced (Event, Node, Subject, By, Epoch, Signal, Attempt, State,
	// Reason, Answer): a node, a store, the broker or a sender says that
	// something happened. Node is who says it, Subject who it is about.
	Announced Kind = iota

	// BeliefHeld (Node, Epoch, Until): from now the node believes that it leads,
	// up to Until at the latest. A later record of the same node replaces it.
	BeliefHeld
	// BeliefEnded (Node): the node has stopped believing.
	BeliefEnded

	// LeaseSet (Node, Token, Until): Redis holds the node's token until then.
	LeaseSet
	// LeaseGone (Node, Token, Op): Redis holds the token no more. Op is Release
	// or Evict if such a call deleted it, else NoOp: it was overwritten or lost,
	// or has expired.
	LeaseGone
	// Drained (Node, Token): the node has told Redis to release that token, or
	// has given up telling it: nothing more will come of this step-down.
	Drained

	// TenureOpened (Node, Epoch, Seq, Token, Tenure): the ledger committed a
	// takeover, by the node under that token; Tenure is its kind.
	TenureOpened
	// TenureEnded (Node, Epoch, Seq, Reason, Span, Until): the ledger closed the
	// tenure in its history with a reason and a duration of Span nanoseconds;
	// Until carries the duration that the database's clock really saw. Seq is the
	// place of what closed it, zero if that is not known.
	TenureEnded
	// HeartbeatSet (Node, Epoch): the ledger confirmed a leader's heartbeat.
	HeartbeatSet
	// Permitted (Node, Epoch, Seq, Signal, Attempt): the ledger granted a permit.
	Permitted
	// EffectAccepted (Node, Op, Epoch, Current): the ledger carried out a
	// heartbeat or a closing that named Epoch while Current was the authority's.
	EffectAccepted
	// EffectRefused (Node, Op, Epoch, Current, Logged): the ledger refused a
	// permit, heartbeat or closing; Logged tells whether a row in
	// fence_refusals says so.
	EffectRefused
	// Voided (Signal, Attempt): the ledger holds the attempt as void.
	Voided
	// StateSet (Signal, Attempt, State, Alerted): the ledger moved the signal.
	StateSet
	// Stored (Signal, Instrument, Exit, Span): the ledger committed the signal's
	// row; it may be sent for Span nanoseconds, for ever if that is zero.
	Stored
	// Missing (Signal): the row that was committed is not there any more.
	Missing
	// Acknowledged (Signal): a sender was told that the signal is stored.
	Acknowledged
	// OrderCreated (Signal, Attempt): an order exists at the broker.
	OrderCreated
	// OrderFilled (Signal, Attempt): it is executed.
	OrderFilled
	// Attested (Signal, Wrong): a person said what became of the signal.
	Attested

	// NodeUp, NodeDown, NodePaused, NodeResumed (Node): its process.
	NodeUp
	NodeDown
	NodePaused
	NodeResumed
	// Reach (Node, Stores): which stores the node can reach from now on, one bit
	// 1<<core.Store each; a store counts when it is up and both directions of
	// the link are undisturbed.
	Reach
	// FaultBegan, FaultEnded (Fault, Node): a disturbance of that kind; every
	// beginning has its end.
	FaultBegan
	FaultEnded
	// ControlSet (Control): the ledger committed another control mode.
	ControlSet
	// AuthorityAccepted (Epoch): a person has accepted the ledger as it is after
	// it lost rows, with that epoch; nodes that were barred may lead again.
	AuthorityAccepted
	kindCount
)

var kindNames = [kindCount]string{
	Announced: "announced", BeliefHeld: "belief held", BeliefEnded: "belief ended", LeaseSet: "lease set",
	LeaseGone: "lease gone", Drained: "drained", TenureOpened: "tenure opened", TenureEnded: "tenure ended",
	HeartbeatSet: "heartbeat set", Permitted: "permitted", EffectAccepted: "effect accepted",
	EffectRefused: "effect refused", Voided: "voided", StateSet: "state set", Stored: "stored",
	Missing: "missing", Acknowledged: "acknowledged", OrderCreated: "order created",
	OrderFilled: "order filled", Attested: "attested", NodeUp: "node up", NodeDown: "node down",
	NodePaused: "node paused", NodeResumed: "node resumed", Reach: "reach", FaultBegan: "fault began",
	FaultEnded: "fault ended", ControlSet: "control set", AuthorityAccepted: "authority accepted",
}

// String returns the kind's words.
func (k Kind) String() string {
	if k >= kindCount {
		return "kind(?)"
	}
	return kindNames[k]
}

// Fault classes disturbances by what they may break: an invariant's "holds
// when" speaks of them (PROTOCOL 6).
type Fault uint8

// The classes of disturbance.
const (
	NodeFault     Fault = iota // crash, stop, pause
	LinkFault                  // loss, delay, cut replies between a node and a store
	RedisFault                 // Redis is down or stalls
	RedisDataLoss              // Redis lost acknowledged writes
	PostgresFault              // PostgreSQL is down, slow or stalls
	PostgresLoss               // PostgreSQL lost committed rows
	BrokerFault                // the broker misbehaves
	ClockFault                 // a node's clock runs outside the drift bound, or (no node) a store's steps
	ControlFault               // an operator paused or halted execution
	ClockJump                  // a node's wall clock jumps, its machine sleeps: the protocol rests on neither
	faultCount
)

var faultNames = [faultCount]string{
	"node", "link", "redis", "redis data loss", "postgres", "postgres loss", "broker", "clock", "control",
	"clock jump",
}

// String returns the class's words.
func (f Fault) String() string {
	if f >= faultCount {
		return "fault(?)"
	}
	return faultNames[f]
}

// Faults is the number of classes of disturbance.
const Faults = int(faultCount)

// Record is one observation.
type Record struct {
	At      int64
	Kind    Kind
	Event   event.Event
	By      core.Party
	Op      core.Op
	State   core.SignalState
	Reason  core.Reason
	Answer  order.Answer
	Control core.Control
	Tenure  core.TenureKind
	Fault   Fault
	Stores  uint8
	Logged  bool
	Alerted bool
	Wrong   bool
	Node    int16
	Subject int16
	// Exit: a signal of type EXIT. Instrument stands for what it trades.
	Exit       bool
	Instrument int32
	Attempt    uint32
	Epoch      core.Epoch
	Current    core.Epoch
	Seq        uint64
	Signal     core.SignalID
	Token      core.Token
	Until      int64
	Span       int64
}
