package verify

import (
	"fmt"

	"fencepost/core/check"
)

// Invariant names what has to hold.
type Invariant string

// The invariants of PROTOCOL 6 that a ledger can show.
var (
	SingleExecutor   = Invariant(check.SingleExecutor.String())
	NoStaleEffect    = Invariant(check.NoStaleEffect.String())
	NoLostSignal     = Invariant(check.NoLostSignal.String())
	NoPhantomSuccess = Invariant(check.NoPhantomSuccess.String())
	EpochMonotonic   = Invariant(check.EpochMonotonic.String())
	HistoryComplete  = Invariant(check.HistoryComplete.String())
)

// The invariants of a ledger alone (PROTOCOL 4.9.8).
const (
	// SchemaIntact: the triggers and unique indexes that hold the rules are there
	// and in force.
	SchemaIntact Invariant = "schema-intact"
	// AttemptsNumbered: a signal's attempts are numbered from one, without a gap,
	// and the signal counts them.
	AttemptsNumbered Invariant = "attempts-numbered"
	// OrderIDsDerived: an order's id is the one that key and attempt give.
	OrderIDsDerived Invariant = "order-ids-derived"
	// KeysDerived: a signal's key is its own id, or the hash of what it says.
	KeysDerived Invariant = "keys-derived"
	// StatesAgree: a signal's state is the one that its attempts give.
	StatesAgree Invariant = "states-agree"
	// FenceOrdered: numbers of the fence are given once and were drawn.
	FenceOrdered Invariant = "fence-ordered"
	// ControlAgrees: the control mode is the one that was set last.
	ControlAgrees Invariant = "control-agrees"
	// AcceptancesAgree: the authority counts the acceptances that there are.
	AcceptancesAgree Invariant = "acceptances-agree"
	// EventsAgree: each row says what its last event says, and has one.
	EventsAgree Invariant = "events-agree"
	// ChainUnbroken: events are numbered without a gap, and each has the hash
	// that its content and its predecessor give.
	ChainUnbroken Invariant = "chain-unbroken"
	// BlocksUnbroken: each block has the hash that its events and its predecessor
	// give.
	BlocksUnbroken Invariant = "blocks-unbroken"
	// TailSealed: no event waits longer for its block than it may.
	TailSealed Invariant = "tail-sealed"
)

// Invariants lists everything that is judged.
func Invariants() []Invariant {
	return []Invariant{
		SchemaIntact, EpochMonotonic, HistoryComplete, ControlAgrees, AcceptancesAgree, SingleExecutor,
		FenceOrdered, NoLostSignal, KeysDerived, AttemptsNumbered, OrderIDsDerived, StatesAgree,
		NoPhantomSuccess, NoStaleEffect, EventsAgree, ChainUnbroken, BlocksUnbroken, TailSealed,
	}
}

// Finding is one broken invariant.
type Finding struct {
	Invariant Invariant `json:"invariant"`
	// Where names the row: signal 7, tenure 3, block 12.
	Where string `json:"where"`
	// Expected and Found are one phrase each.
	Expected string `json:"expected"`
	Found    string `json:"found"`
	// Do is what a person does about it.
	Do string `json:"do"`
}

// String is the finding as one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: expected %s, found %s; %s", f.Invariant, f.Where, f.Expected, f.Found, f.Do)
}

// remedies say what a person does; the runbook has the rest.
var remedies = map[Invariant]string{
	SchemaIntact: "apply the migrations again by hand (migrate print), and ask who changed the schema",
	SingleExecutor: "pause, and compare the signal with the broker's book: " +
		"an order may have been sent without authority",
	NoStaleEffect: "keep a copy; a refusal was removed or made up",
	NoLostSignal: "compare with the broker's book and the sender's log, " +
		"and restore the row from a backup",
	NoPhantomSuccess: "compare with the broker's book; the signal may never have been executed",
	EpochMonotonic:   "pause, keep a copy; the history was changed or restored (runbook authority-regressed)",
	HistoryComplete:  "keep a copy; the history was changed by hand",
	AttemptsNumbered: "compare with the broker's book; a permit is missing",
	OrderIDsDerived:  "compare both ids with the broker's book; one of them may be an order",
	KeysDerived:      "compare with the sender's log; the signal's identity was changed",
	StatesAgree:      "compare with the broker's book, then decide the signal (signals decide)",
	FenceOrdered:     "keep a copy; a permit or a tenure was moved or made up",
	ControlAgrees:    "set the mode again with a reason (control set); somebody changed it by hand",
	AcceptancesAgree: "keep a copy; an acceptance was removed or made up",
	EventsAgree:      "keep a copy, and restore what the event says, or say who changed the row and why",
	ChainUnbroken:    "keep a copy; events were changed or removed: compare with a backup",
	BlocksUnbroken:   "keep a copy; sealed events were changed or removed: compare with a backup",
	TailSealed: "start an instance, or verify --seal; if one runs, " +
		"look for a transaction that never ends",
}

// mostFindings is how many findings a report lists; the rest is counted.
const mostFindings = 1000

// findf notes a broken invariant.
func (w *walk) findf(i Invariant, where, expected, format string, args ...any) {
	if len(w.report.Findings) >= mostFindings {
		w.report.More++
		return
	}
	w.report.Findings = append(w.report.Findings, Finding{
		Invariant: i, Where: where, Expected: expected, Found: fmt.Sprintf(format, args...), Do: remedies[i],
	})
}
