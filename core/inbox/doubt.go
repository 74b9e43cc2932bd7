package inbox

import (
	"fencepost/core"
	"fencepost/core/word"
)

// Doubt is what intake finds odd about a signal whose form is right.
type Doubt uint8

// The doubts.
const (
	NoDoubt Doubt = iota
	Similar       // another signal of the same instrument, type and position came just before
	Ahead         // the sender's time lies further in the future than is tolerated
	doubtCount
)

var doubtNames = []string{NoDoubt: "none", Similar: "similar", Ahead: "ahead"}

// String returns the doubt's fixed word.
func (d Doubt) String() string { return word.Of(doubtNames, d) }

// ParseDoubt returns the doubt of that word, other than none.
func ParseDoubt(text string) (Doubt, bool) { return word.Find[Doubt](doubtNames, text) }

// Doubts lists every doubt but none.
func Doubts() []Doubt { return word.All(doubtCount) }

// Screening is what the ledger finds about a new signal, and what was
// configured for it. A signal whose key is known is not screened.
type Screening struct {
	// Similar and Ahead say which doubts there are.
	Similar, Ahead bool
	// RefuseSimilar answers a similar signal with a refusal instead of holding
	// it for a person.
	RefuseSimilar bool
}

// Begin decides in which state a new signal begins, and why in that one. A
// refusal goes before a hold: there is nothing left to hold.
func (s Screening) Begin() (core.SignalState, Doubt) {
	switch {
	case s.Similar && s.RefuseSimilar:
		return core.Rejected, Similar
	case s.Similar:
		return core.Held, Similar
	case s.Ahead:
		return core.Held, Ahead
	default:
		return core.Received, NoDoubt
	}
}

// Outcome is Tell for a signal that begins in that state.
// A signal that was refused when it came is remembered, and is a refusal all
// the same.
func (a Admission) Outcome(state core.SignalState) (Verdict, core.Reason) {
	if a == Fresh && state == core.Rejected {
		return Refused, core.NoReason
	}
	return a.Tell()
}
