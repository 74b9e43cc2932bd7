package core

import (
	"time"

	"fencepost/core/event"
	"fencepost/core/order"
	"fencepost/core/word"
)

// Effect is one thing that a node wants done: a call to a store or to the
// broker when Op is set, else the announcement of Event. It is a flat value.
//
// What a call needs, by operation:
//
//	Acquire                    Token; TTL is the configuration's
//	Renew                      Token, Epoch (raises the witness)
//	Release, Evict             Token
//	Heartbeat                  Epoch, Token (both zero from a follower)
//	TakeEpoch                  Epoch (the one observed), Token, Tenure, Protocol
//	Resign                     Epoch, Token, Reason
//	Observe                    nothing
//	Fetch                      States, After (the cursor)
//	Permit                     Signal, Version, Attempt, Epoch, Token, Resend
//	Reread                     Signal
//	Record                     Signal, Attempt, State (the outcome), Version, Token, Alert, Reason
//	Submit                     Signal, Attempt, Epoch, NotAfter
//	Lookup                     Signal, Attempt
type Effect struct {
	Op    Op
	Event event.Event
	// About is the operation that an announcement speaks of.
	About  Op
	Reason Reason
	By     Party
	State  SignalState
	Answer order.Answer
	Tenure TenureKind
	// Resend asks to send the same attempt again (class A only).
	Resend bool
	// Alert asks a person to look at the signal.
	Alert bool
	// States selects the signals to list, one bit 1<<state each.
	States  uint16
	Req     uint32
	Attempt uint32
	// Version guards a decision that rests on a reading: it holds only while
	// the signal's row has that version. Zero, with Record, is no guard but the
	// attempt's: what a sender learned of its own order is a fact.
	Version uint32
	Epoch   Epoch
	Token   Token
	Signal  SignalID
	After   SignalID
	// Timeout bounds the call; then the node gives up by itself.
	Timeout time.Duration
	// NotAfter is the last instant of the boot clock at which the first byte
	// may leave; set for Submit alone.
	NotAfter Time
	// Subject is who an announcement is about, itself or another; Protocol is what the node speaks.
	Subject  Nonce
	Protocol uint16
}

// Party says by whom something was noticed.
type Party uint8

// The parties that notice.
const (
	Self Party = iota
	Peer
	StoreParty
	Gate
)

var partyNames = []string{Self: "self", Peer: "peer", StoreParty: "store", Gate: "gate"}

// String returns the party's fixed word.
func (p Party) String() string { return word.Of(partyNames, p) }

// MaxEffects is the most effects that one Step can have.
const MaxEffects = 96

// Effects is the caller's array that Step fills. It is reused from step to
// step; Step empties it first.
type Effects struct {
	count int
	list  [MaxEffects]Effect
}

// All returns the effects in the order in which they must be started.
func (e *Effects) All() []Effect { return e.list[:e.count] }

// next returns a cleared slot at the end of the list.
func (e *Effects) next() *Effect {
	assert(e.count < MaxEffects, "a step has at most MaxEffects effects")
	slot := &e.list[e.count]
	*slot = Effect{}
	e.count++
	return slot
}
