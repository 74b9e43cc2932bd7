package order

import (
	"time"

	"fencepost/core/word"
)

// IDScope says for how long a broker refuses a client order id that it has seen.
type IDScope uint8

// The scopes, from useless to safe.
const (
	ScopeNone IDScope = iota
	ScopeOpen
	ScopeDay
	ScopeForever
)

// LookupKind says what can be asked about an order whose answer was lost.
type LookupKind uint8

// The kinds of look-up.
const (
	LookupNone LookupKind = iota
	LookupDayBook
	LookupExact
)

// Capability is what a broker's interface promises (PROTOCOL 5.3).
type Capability struct {
	IDScope IDScope
	Lookup  LookupKind
	// LateArrivalBound is how long after its dispatch the broker itself accepts
	// a request, by a timestamp signed into it at the gate. A bound that was only
	// observed is none: zero.
	LateArrivalBound time.Duration
	// DefinitiveReject says that a refusal means "no order exists".
	DefinitiveReject bool
}

// Class is the kind of a broker, as far as recovery is concerned.
type Class uint8

// The four classes of PROTOCOL 5.3. The zero value is the most careful one.
const (
	// ClassD has nothing: any ambiguity is in doubt.
	ClassD Class = iota
	// ClassC can be looked up, but absence proves nothing.
	ClassC
	// ClassB refuses late requests itself: absence after the bound is proof.
	ClassB
	// ClassA remembers ids for ever and finds them exactly.
	ClassA
)

// Class derives the class from the capability.
func (c Capability) Class() Class {
	switch {
	case c.IDScope == ScopeForever && c.Lookup == LookupExact:
		return ClassA
	case c.LateArrivalBound > 0 && c.Lookup != LookupNone:
		return ClassB
	case c.Lookup != LookupNone:
		return ClassC
	default:
		return ClassD
	}
}

var classNames = []string{ClassA: "A", ClassB: "B", ClassC: "C", ClassD: "D"}

// String returns the class's letter.
func (c Class) String() string { return word.Of(classNames, c) }

// Capability returns a typical broker of the class.
func (c Class) Capability() Capability {
	typical := Capability{DefinitiveReject: true}
	switch c {
	case ClassA:
		typical.IDScope, typical.Lookup = ScopeForever, LookupExact
	case ClassB:
		typical.IDScope, typical.Lookup, typical.LateArrivalBound = ScopeOpen, LookupExact, 5*time.Second
	case ClassC:
		typical.Lookup = LookupDayBook
	default:
	}
	return typical
}

// Answer is what a broker said of an order, or that it said nothing.
type Answer uint8

// The answers. The zero value is the ambiguous one: a time-out, a disconnect,
// a 5xx, an unreadable body. It never means "rejected".
const (
	Unknown   Answer = iota
	Accepted         // the order exists and works
	Filled           // the order exists and is executed
	Rejected         // the broker refused it
	Cancelled        // the order existed and was cancelled unfilled
	Absent           // a look-up found no such order
)

var answerNames = []string{
	Unknown: "unknown", Accepted: "accepted", Filled: "filled",
	Rejected: "rejected", Cancelled: "cancelled", Absent: "absent",
}

// String returns the answer's word.
func (a Answer) String() string { return word.Of(answerNames, a) }
