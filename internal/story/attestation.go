package story

import (
	"fmt"
	"strings"

	"fencepost/core"
	"fencepost/core/word"
)

// Attestation is what a person says became of an order that is in doubt.
type Attestation uint8

// The attestations. The zero value says nothing.
const (
	NoAttestation Attestation = iota
	// WasExecuted: the broker shows the order as executed.
	WasExecuted
	// WasRejected: the broker refused it; no order exists.
	WasRejected
	// WasCancelled: the order existed and was cancelled unfilled.
	WasCancelled
	// Stands: the order works at the broker and will be followed to its end.
	Stands
	// WasNotSent: the broker has no such order and never will have it. It alone
	// lets the signal be sent again.
	WasNotSent
	attestationCount
)

var attestationNames = []string{
	NoAttestation: "none", WasExecuted: "executed", WasRejected: "rejected", WasCancelled: "cancelled",
	Stands: "standing", WasNotSent: "not-sent",
}

// String returns the word.
func (a Attestation) String() string { return word.Of(attestationNames, a) }

// ParseAttestation returns the attestation of that word.
func ParseAttestation(text string) (Attestation, bool) {
	return word.Find[Attestation](attestationNames, text)
}

// Attestations lists every word.
func Attestations() []string {
	var words []string
	for a := NoAttestation + 1; a < attestationCount; a++ {
		words = append(words, a.String())
	}
	return words
}

// Outcome is what the ledger records of it.
func (a Attestation) Outcome() core.SignalState {
	switch a {
	case NoAttestation:
		return core.NoSignal
	case WasExecuted:
		return core.Executed
	case WasRejected:
		return core.Rejected
	case WasCancelled:
		return core.Cancelled
	case Stands:
		return core.Submitted
	case WasNotSent:
		return core.Void
	default:
		return core.NoSignal
	}
}

// Phrase is what a person types to confirm the attestation: it holds both the
// signal and what is said of it, so that neither is a slip of the hand.
func (a Attestation) Phrase(signal core.SignalID) string {
	switch a {
	case Stands:
		return fmt.Sprintf("signal %d stands at the broker", signal)
	case WasNotSent:
		return fmt.Sprintf("signal %d was not sent", signal)
	default:
		return fmt.Sprintf("signal %d was %v", signal, a)
	}
}

// ResumePhrase is what a person types to let orders be sent again. It holds the
// group, so that nobody resumes another one than they think.
func ResumePhrase(group string) string { return "resume " + group }

// Consequence says what follows from it.
func (a Attestation) Consequence() string {
	switch a {
	case WasNotSent:
		return "The signal will be sent again as a new order, at once. If an order exists after all, the " +
			"position is doubled."
	case Stands:
		return "The order is looked up at each review until it ends, where the broker can be asked."
	default:
		return "The signal is at its end. Nothing will be sent for it any more."
	}
}

// ErrAttestation is what is wrong with a word.
func ErrAttestation(text string) error {
	return fmt.Errorf("%q: must be one of %s", text, strings.Join(Attestations(), ", "))
}
