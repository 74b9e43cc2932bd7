package broker

import (
	"fmt"
	"strings"

	"fencepost/core/inbox"
	"fencepost/core/order"
)

// Promise is what an adapter states about itself and its broker. What it does
// not state is not relied upon.
type Promise struct {
	// Capability decides the class (PROTOCOL 5.3). Its IDScope is also for how long
	// the broker refuses the id of an order that it has seen.
	order.Capability
	// LongestID is the most characters of a client order id; zero is no limit.
	LongestID int
	// IDLetters lists the characters that an id may have; empty is any.
	IDLetters string
	// Actions and Instruments list what can be ordered; empty is anything. What is
	// not listed is refused before the wire.
	Actions     []string
	Instruments []string
	// Lists says that the adapter is a Lister.
	Lists bool
}

// Check reports why a group must not work by the configured capability with an
// adapter that promises p (PROTOCOL 5.3.9): each rule of a class rests on something that the
// broker has to do. A stronger promise is no fault, but it is not always of
// use: absence proves nothing to class B at a broker that never refuses a late
// request, however well it remembers ids.
func (p *Promise) Check(configured order.Capability) error {
	class := configured.Class()
	lacks := func(what string) error {
		return fmt.Errorf("class %v: the adapter promises class %v, and %s", class, p.Class(), what)
	}
	switch class {
	case order.ClassA:
		if p.IDScope != order.ScopeForever || p.Lookup != order.LookupExact {
			return lacks("A needs ids that are refused for ever and a look-up by id")
		}
	case order.ClassB:
		if p.LateArrivalBound == 0 || p.Lookup == order.LookupNone {
			return lacks("B needs a look-up and requests that the broker refuses when they are late")
		}
		if p.LateArrivalBound > configured.LateArrivalBound {
			return fmt.Errorf("late arrival bound %v: the adapter promises no less than %v",
				configured.LateArrivalBound, p.LateArrivalBound)
		}
	case order.ClassC:
		if p.Lookup == order.LookupNone {
			return lacks("C needs a look-up")
		}
	case order.ClassD:
	default:
		return fmt.Errorf("class %v: unknown", class)
	}
	if configured.DefinitiveReject && !p.DefinitiveReject {
		return lacks("its refusals are not definitive")
	}
	return p.checkIDs()
}

// checkIDs holds the form of every client order id (PROTOCOL 5.2.18) against
// the broker's limits.
func (p *Promise) checkIDs() error {
	if n := len(inbox.ClientOrderID("", 1)); p.LongestID > 0 && n > p.LongestID {
		return fmt.Errorf("client order ids have %d characters, and the broker takes %d", n, p.LongestID)
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	for _, letter := range letters {
		if p.IDLetters != "" && !strings.ContainsRune(p.IDLetters, letter) {
			return fmt.Errorf("client order ids are made of %s, and the broker takes no %c", letters, letter)
		}
	}
	return nil
}
