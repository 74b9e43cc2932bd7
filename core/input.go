package core

import (
	"time"

	"fencepost/core/order"
	"fencepost/core/word"
)

// InputKind names what happened to a node, in the past tense: a trace read
// aloud makes sentences.
type InputKind uint8

// The inputs. Which fields of Input each one fills stands beside it; fields
// that are not named are zero. An answer carries the request it answers in
// Req; one that nobody awaits any more is dropped by the node.
const (
	// TimePassed carries nothing: the clock reached the node's Wake.
	TimePassed InputKind = iota
	// StopRequested: finish what is in flight, hand over, do not come back.
	StopRequested
	// StepDownRequested: hand over; may be elected again.
	StepDownRequested
	// ReleaseHeard: somebody published that the lease is free.
	ReleaseHeard
	// WorkHeard: a signal was stored.
	WorkHeard
	// OutcomeUnknown (Op): the call failed, timed out or was cut. It may have been carried out.
	OutcomeUnknown

	// LeaseAcquired (Token, Epoch, Server): the key holds our token, with a full
	// ttl. Epoch is the witness, here and in the next three: zero if there is none.
	LeaseAcquired
	// LeaseDenied (Token, Age, Epoch, Server): the key holds another token, for Age more.
	LeaseDenied
	// LeaseRenewed (Token, Epoch, Server): the key held our token and has a full ttl.
	LeaseRenewed
	// LeaseWasLost (Token, Epoch, Server): the key is absent (zero token) or holds another.
	LeaseWasLost
	// LeaseWasReleased (Flag Done): the key no longer holds the token; Done: this call deleted it.
	LeaseWasReleased
	// LeaseWasEvicted (Flag Done): as LeaseWasReleased, of a stale leader's.
	LeaseWasEvicted

	// AuthorityObserved (Epoch, Token, Tenure, Age, Control, Protocol, Flags Open,
	// Live, Server; Lineage, Accepted): the authority row, the age of its holder's
	// heartbeat by the database's clock, and the control mode. Answers Observe, and
	// Heartbeat under epoch zero.
	AuthorityObserved
	// EpochWasTaken (Epoch, Control, Age, Flags Open; Token): the tenure is
	// ours. Open and Token tell of the predecessor: whether it had left its
	// tenure open, and who it was; Age is the age of its heartbeat.
	EpochWasTaken
	// EpochWasRefused (Epoch, Reason): the condition failed; Epoch is current.
	EpochWasRefused
	// HeartbeatConfirmed (Epoch, Control, Protocol, Server).
	HeartbeatConfirmed
	// HeartbeatWasRefused (Epoch, Reason, Lineage, Accepted): Epoch is the current one.
	HeartbeatWasRefused
	// TenureWasClosed (Epoch): the ledger holds our tenure as closed.
	TenureWasClosed
	// CloseWasRefused (Epoch): a younger epoch exists.
	CloseWasRefused

	// SignalFound (Signal, Attempt, Version, State, Epoch, Age, Flags Overdue,
	// Outdated, Alerted): one signal that needs work. Epoch is that of its attempt; Age
	// is the time since the attempt's send_by by the database's clock
	// (negative: still to come).
	SignalFound
	// WorkListed (Flag Done): the list ends; Done tells that nothing was left out for want of room.
	WorkListed
	// PermitWasGranted (Signal, Attempt, Version, Control).
	PermitWasGranted
	// PermitWasRefused (Signal, Reason, Epoch, Control, Lineage, Accepted).
	PermitWasRefused
	// AttemptRead (Signal, Attempt, Version, State, Epoch, Token, Age): the
	// newest attempt of the signal, if it has one, and the signal's state.
	AttemptRead
	// OutcomeWasRecorded (Signal, Attempt, State, Version, Flag Late): the signal's, from now on.
	OutcomeWasRecorded
	// RecordWasRefused (Signal, Attempt, State): there is no such arrow; State is the signal's.
	RecordWasRefused

	// OrderAnswered (Signal, Attempt, Answer): the broker's answer to Submit.
	OrderAnswered
	// OrderWithheld (Signal, Attempt): the deadline passed before the first
	// byte was written; for certain no order was sent.
	OrderWithheld
	// OrderLookedUp (Signal, Attempt, Answer): the broker's answer to Lookup.
	OrderLookedUp
	// InputKindTotal is the number of kinds.
	InputKindTotal
)

var inputNames = []string{
	TimePassed: "time passed", StopRequested: "stop requested", StepDownRequested: "step down requested",
	ReleaseHeard: "release heard", WorkHeard: "work heard", OutcomeUnknown: "outcome unknown",
	LeaseAcquired: "lease acquired", LeaseDenied: "lease denied", LeaseRenewed: "lease renewed",
	LeaseWasLost: "lease was lost", LeaseWasReleased: "lease was released",
	LeaseWasEvicted: "lease was evicted", AuthorityObserved: "authority observed",
	EpochWasTaken: "epoch was taken", EpochWasRefused: "epoch was refused",
	HeartbeatConfirmed: "heartbeat confirmed", HeartbeatWasRefused: "heartbeat was refused",
	TenureWasClosed: "tenure was closed", CloseWasRefused: "close was refused",
	SignalFound: "signal found", WorkListed: "work listed", PermitWasGranted: "permit was granted",
	PermitWasRefused: "permit was refused", AttemptRead: "attempt read",
	OutcomeWasRecorded: "outcome was recorded", RecordWasRefused: "record was refused",
	OrderAnswered: "order answered", OrderWithheld: "order withheld", OrderLookedUp: "order looked up",
}

// String returns the input's sentence.
func (k InputKind) String() string { return word.Of(inputNames, k) }

// Flags are the yes-or-no fields of an Input.
type Flags uint8

// The flags of an Input.
const (
	Open     Flags = 1 << iota // the tenure is not closed in the ledger
	Live                       // nobody may take over from it yet (PROTOCOL 4.6)
	Overdue                    // the attempt's send_by has passed, by the database's clock
	Outdated                   // the signal's validity has ended, by the database's clock
	Done                       // the call itself did it, or the list is complete
	Alerted                    // a person has been told of the signal's doubt
	Late                       // the outcome is of an attempt that was void: the alert is raised
)

// Has reports whether all of f are set.
func (g Flags) Has(f Flags) bool { return g&f == f }

// Input is one thing that happened to a node. It is a flat value of 80 bytes,
// so that it can be queued, hashed and recorded without allocating.
type Input struct {
	Kind    InputKind
	Op      Op
	Control Control
	State   SignalState
	Answer  order.Answer
	Reason  Reason
	Flags   Flags
	Tenure  TenureKind
	Req     uint32
	Attempt uint32
	Version uint32
	// Protocol is the range of protocol versions the authority row admits, the
	// lowest in the upper half; zero admits every version.
	Protocol uint32
	Epoch    Epoch
	Token    Token
	Signal   SignalID
	Age      time.Duration
	// Server is the answering store's own clock when it answered, zero if it
	// does not tell.
	Server Time
	// Lineage tells one server's data from another's and from its own other pasts
	// (system identifier and timeline), zero if the server does not tell. Accepted
	// counts how often a person has accepted the authority as it is.
	Lineage  uint32
	Accepted uint32
}
