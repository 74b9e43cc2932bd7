package core

import "fencepost/core/word"

// SignalID is the signal's row in the ledger's inbox. Ids rise in the order of
// admission; zero is no signal.
type SignalID int64

// SignalState is where a signal stands (PROTOCOL 5.2).
type SignalState uint8

// The states of a signal. Void is the state of an attempt only: its signal
// goes back to Received.
const (
	NoSignal SignalState = iota
	Received
	Held
	Submitting
	Submitted
	InDoubt
	Executed
	Rejected
	Cancelled
	Expired
	Void
	stateCount
)

var stateNames = []string{
	NoSignal: "none", Received: "received", Held: "held", Submitting: "submitting",
	Submitted: "submitted", InDoubt: "in_doubt", Executed: "executed", Rejected: "rejected",
	Cancelled: "cancelled", Expired: "expired", Void: "void",
}

// String returns the state's word in the ledger.
func (s SignalState) String() string { return word.Of(stateNames, s) }

// ParseSignalState returns the state of that word.
func ParseSignalState(text string) (SignalState, bool) {
	return word.Find[SignalState](stateNames, text)
}

// Final reports whether nothing can happen to the signal any more.
func (s SignalState) Final() bool {
	return s == Executed || s == Rejected || s == Cancelled || s == Expired
}

// After returns the state of a signal in state s once the outcome of its
// current attempt is recorded, and whether that arrow exists. Recording the
// same outcome twice is no error: the arrow leads back to where it is.
// Arrows into Submitting are drawn by permits alone and have no outcome here.
func (s SignalState) After(outcome SignalState) (SignalState, bool) {
	switch outcome {
	case Expired:
		return Expired, s == Received || s == Held || s == Expired
	case Void:
		return Received, s == Submitting || s == InDoubt
	case InDoubt:
		return InDoubt, s == Submitting || s == InDoubt
	case Submitted:
		return Submitted, s == Submitting || s == InDoubt || s == Submitted
	case Executed, Rejected, Cancelled:
		return outcome, s == Submitting || s == Submitted || s == InDoubt || s == outcome
	default:
		return s, false
	}
}
