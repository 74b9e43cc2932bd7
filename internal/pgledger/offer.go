package pgledger

import (
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
)

// Offer is a signal that came in, as it is to be stored.
type Offer struct {
	// Key makes the signal itself; a second offer with the same key is the same
	// signal. See inbox.SignalKey.
	Key string
	// SignalID is the sender's own id, if it gave one.
	SignalID string
	// Type, Instrument, Position and Timestamp are required, as the sender
	// wrote them.
	Type, Instrument, Position, Timestamp string
	// Price and the rest are decimal numbers in text form; empty means absent.
	Price, Stop, Lots, ATR, ER, Supertrend, ROC string
	// Reason is the sender's.
	Reason string
	// Payload is the whole body; its hash tells a duplicate from a conflict.
	Payload []byte
	// Source names where it came from.
	Source string
	// State is core.Received, core.Held or, for a refusal that is to be
	// remembered, core.Rejected; zero means core.Received. StateReason says why.
	State       core.SignalState
	StateReason string
	// ValidFor is how long the signal may wait from now; zero means for ever.
	ValidFor time.Duration
	// Screen says what is looked at before the signal is stored for the first
	// time, if its State leaves that open.
	Screen Screen
}

// Screen is what may be odd about a new signal. The zero value finds nothing
// odd.
type Screen struct {
	// Similar is for how long another signal of the same instrument, type and
	// position makes this one similar; zero looks for none. One that was refused
	// before it was sent does not count.
	Similar time.Duration
	// RefuseSimilar refuses a similar signal instead of holding it.
	RefuseSimilar bool
	// SentAt is the sender's time, zero if it is not known; Tolerance is how far it
	// may lie ahead of the database's clock.
	SentAt    time.Time
	Tolerance time.Duration
}

// Admitted is what the ledger did with an offer.
type Admitted struct {
	Admission inbox.Admission
	// Signal and State are those of the row that has the key.
	Signal     core.SignalID
	State      core.SignalState
	ReceivedAt time.Time
	// Doubt says why a fresh signal did not begin as received, and SimilarTo
	// which signal it is similar to.
	Doubt     inbox.Doubt
	SimilarTo core.SignalID
}

// begins is the state that the offer asks for.
func (o *Offer) begins() core.SignalState {
	if o.State == core.NoSignal {
		return core.Received
	}
	return o.State
}
