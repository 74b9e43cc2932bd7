package reconcile

import (
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/core/order"
)

// Kind is what is wrong between broker and ledger.
type Kind string

// The kinds of findings, the gravest first.
const (
	// Unknown is an order whose id has the form of ours and that no attempt has.
	Unknown Kind = "unknown_order"
	// Unsent is the order of a signal that the ledger knows, for an attempt that it
	// does not: the permit was forgotten.
	Unsent Kind = "unsent_signal"
	// Foreign is an order whose id has not the form of ours.
	Foreign Kind = "foreign_order"
	// Doubled is a second order for one signal, or for one attempt.
	Doubled Kind = "second_order"
	// Denied is an order that exists while the ledger says that it does not, or that
	// it ended without an execution.
	Denied Kind = "denied_order"
	// Missing is an attempt that the ledger takes for standing or executed, and for
	// which the broker has no such order.
	Missing Kind = "missing_order"
	// Differs is an order for something else than its signal asked for.
	Differs Kind = "different_order"
	// Resolvable is an attempt in doubt of which the broker tells how it stands; the
	// next review asks.
	Resolvable Kind = "doubt_can_be_resolved"
)

// kinds lists them in their order.
var kinds = []Kind{Unknown, Unsent, Foreign, Doubled, Denied, Missing, Differs, Resolvable}

// Kinds lists every kind, the gravest first.
func Kinds() []Kind { return append([]Kind(nil), kinds...) }

// Halts reports whether the finding ends trading until a person has looked: there is
// an order of which the ledger does not know that it exists.
func (k Kind) Halts() bool {
	switch k {
	case Unknown, Unsent, Foreign, Doubled, Denied:
		return true
	case Missing, Differs, Resolvable:
		return false
	default:
		return true
	}
}

// Lasts reports whether the finding is kept, and told only once. A doubt that can be
// resolved is gone with the next review.
func (k Kind) Lasts() bool { return k != Resolvable }

// Finding is one thing that is not as it should be.
type Finding struct {
	Kind Kind `json:"kind"`
	// ClientOrderID and OrderID name the order, as far as there is one.
	ClientOrderID string `json:"client_order_id,omitempty"`
	OrderID       string `json:"order_id,omitempty"`
	// Signal and Attempt are whose it is, zero if nobody's.
	Signal  core.SignalID `json:"signal,omitempty"`
	Attempt uint32        `json:"attempt,omitempty"`
	// Broker is how the order stands, and Ledger the state of the attempt.
	Broker string `json:"broker"`
	Ledger string `json:"ledger"`
	// Symbol, Side and Quantity are what is ordered, by the broker's words.
	Symbol   string `json:"symbol,omitempty"`
	Side     string `json:"side,omitempty"`
	Quantity string `json:"quantity,omitempty"`
	// Detail says it in a sentence.
	Detail string `json:"detail"`
	// Fresh says that nobody was told of it before; Acknowledged that a person has
	// set the control mode to run since.
	Fresh        bool `json:"fresh"`
	Acknowledged bool `json:"acknowledged"`
}

// Reference is what tells one finding from another.
type Reference struct {
	Kind                   Kind
	ClientOrderID, OrderID string
	Signal                 core.SignalID
}

// Reference returns the finding's name.
func (f *Finding) Reference() Reference {
	return Reference{f.Kind, f.ClientOrderID, f.OrderID, f.Signal}
}

// String names the finding in a line.
func (f *Finding) String() string {
	text := string(f.Kind)
	if f.ClientOrderID != "" {
		text += " " + f.ClientOrderID
	}
	if f.OrderID != "" {
		text += fmt.Sprintf(" (the broker's %s)", f.OrderID)
	}
	if f.Signal != 0 {
		text += fmt.Sprintf(" of signal %d", f.Signal)
	}
	return text
}

// Report is what came of one comparison.
type Report struct {
	// At is when the comparison began by the database's clock, and Since from when
	// orders were listed.
	At     time.Time `json:"at"`
	Since  time.Time `json:"since"`
	TookMS int64     `json:"took_ms"`
	// By is the instance, or the person, that compared.
	By string `json:"by"`
	// Listed says that the broker told of its orders, and Whole that the list had all
	// of them: without it nothing is said of orders that are missing.
	Listed bool `json:"listed"`
	Whole  bool `json:"whole"`
	// Orders and Attempts are how many were compared, and Ignored how many were not
	// because they are other systems'.
	Orders   int `json:"orders"`
	Attempts int `json:"attempts"`
	Ignored  int `json:"foreign_ignored"`
	// Findings are what was found, the gravest first.
	Findings []Finding `json:"findings"`
	// Kept says that the findings were written down, and Halted that the control mode
	// was set to halt because of them.
	Kept   bool `json:"kept"`
	Halted bool `json:"halted"`
	// Error says why nothing, or not everything, was compared.
	Error string `json:"error,omitempty"`
}

// Open counts the findings that no person has seen to yet.
func (r *Report) Open() int {
	n := 0
	for i := range r.Findings {
		if !r.Findings[i].Acknowledged {
			n++
		}
	}
	return n
}

// Clean reports whether everything was compared and nothing is left for a person.
func (r *Report) Clean() bool { return r.Error == "" && r.Listed && r.Open() == 0 }

// Count returns how many findings there are of a kind.
func (r *Report) Count(k Kind) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Kind == k {
			n++
		}
	}
	return n
}

// word is an answer of the broker's for people.
func word(a order.Answer) string {
	if a == order.Unknown {
		return "unclear"
	}
	return a.String()
}
