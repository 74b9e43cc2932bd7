package reconcile

import (
	"cmp"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
)

// Attempt is one attempt as the ledger has it.
type Attempt struct {
	Signal        core.SignalID
	Attempt       uint32
	ClientOrderID string
	State         core.SignalState
	// Settled says that the state was recorded so long before the book was read that
	// the book must show it.
	Settled bool
	// Told says that the ledger has the broker's word about it although it is void
	// (PROTOCOL 5.2.14).
	Told bool
	// Ticket is what the book should say of it; empty fields are not compared.
	Ticket broker.Ticket
	// Canary says that no order leaves for it.
	Canary bool
}

// Permit names an attempt that the ledger does not have and could have had.
type Permit struct {
	Signal  core.SignalID
	Attempt uint32
	State   core.SignalState
}

// Readings are what is compared: the book, and the ledger that was read after it.
type Readings struct {
	Book     broker.Book
	Attempts []Attempt
	// Forgotten holds attempts of known signals that the ledger does not have, by the
	// ids that their orders would bear.
	Forgotten map[string]Permit
	// IgnoreForeign leaves other systems' orders out.
	IgnoreForeign bool
}

// ours is the form of every client order id of ours (PROTOCOL 5.2.18).
var ours = regexp.MustCompile(`^[A-Z2-7]{20}$`)

// Ours reports whether the id has the form of ours.
func Ours(clientOrderID string) bool { return ours.MatchString(clientOrderID) }

// Compare returns what is not as it should be, the gravest first, and how many
// foreign orders were left out.
func Compare(r Readings) (findings []Finding, ignored int) {
	c := comparison{byID: make(map[string]*Attempt, len(r.Attempts)), placed: map[string][]*broker.Placed{}}
	for i := range r.Attempts {
		c.byID[r.Attempts[i].ClientOrderID] = &r.Attempts[i]
	}
	for i := range r.Book.Orders {
		p := &r.Book.Orders[i]
		switch a := c.byID[p.ClientOrderID]; {
		case a != nil:
			c.placed[p.ClientOrderID] = append(c.placed[p.ClientOrderID], p)
			c.known(a, p)
		case Ours(p.ClientOrderID):
			c.unknown(p, r.Forgotten)
		case r.IgnoreForeign:
			ignored++
		default:
			c.add(Foreign, nil, p, "an order that is not of this group's form: another system, or a person")
		}
	}
	c.doubled(r.Attempts)
	if r.Book.Whole {
		c.missing(r.Attempts)
	}
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.ClientOrderID, b.ClientOrderID),
			cmp.Compare(a.OrderID, b.OrderID))
	})
	return c.found, ignored
}

type comparison struct {
	byID   map[string]*Attempt
	placed map[string][]*broker.Placed
	found  []Finding
}

// add notes a finding about an attempt, an order, or both.
func (c *comparison) add(kind Kind, a *Attempt, p *broker.Placed, format string, args ...any) {
	f := Finding{
		Kind: kind, Broker: order.Absent.String(), Ledger: "unknown", Detail: fmt.Sprintf(format, args...),
	}
	if a != nil {
		f.Signal, f.Attempt, f.ClientOrderID = a.Signal, a.Attempt, a.ClientOrderID
		f.Ledger = a.State.String()
	}
	if p != nil {
		f.ClientOrderID, f.OrderID, f.Broker = p.ClientOrderID, p.OrderID, word(p.Answer)
		f.Symbol, f.Side, f.Quantity = p.Ticket.Symbol, string(p.Ticket.Side), p.Ticket.Quantity
	}
	c.found = append(c.found, f)
}

// unknown is an order of our form that no attempt has.
func (c *comparison) unknown(p *broker.Placed, forgotten map[string]Permit) {
	permit, known := forgotten[p.ClientOrderID]
	if !known {
		c.add(Unknown, nil, p, "an order of our form that this ledger never permitted")
		return
	}
	c.add(Unsent, nil, p, "attempt %d of signal %d is at the broker, and this ledger has no permit for it",
		permit.Attempt, permit.Signal)
	last := &c.found[len(c.found)-1]
	last.Signal, last.Attempt, last.Ledger = permit.Signal, permit.Attempt, permit.State.String()
}

// exists reports whether the order is there and was not refused or taken back
// unexecuted.
func exists(p *broker.Placed) bool { return p.Answer == order.Accepted || p.Answer == order.Filled }

// known compares an order with its attempt.
func (c *comparison) known(a *Attempt, p *broker.Placed) {
	switch {
	case exists(p) && denies(a, p):
		c.add(Denied, a, p, "the broker has the order as %v; the ledger says %v", p.Answer, a.State)
	case a.State == core.Executed && !a.Canary && unexecuted(a, p):
		c.add(Missing, a, p, "the ledger says executed; the broker says %v", p.Answer)
	case a.State == core.InDoubt && p.Answer != order.Unknown && p.Answer != order.Absent:
		c.add(Resolvable, a, p, "the ledger is in doubt; the broker says %v", p.Answer)
	}
	if text := difference(a.Ticket, p.Ticket); text != "" {
		c.add(Differs, a, p, "%s", text)
	}
}

// denies reports whether the ledger says that this order, which exists, does not or
// came to nothing. What was recorded just now may be younger than the book.
func denies(a *Attempt, p *broker.Placed) bool {
	switch a.State {
	case core.Void:
		return !a.Told
	case core.Rejected, core.Cancelled:
		return p.Answer == order.Filled || a.Settled || a.Canary
	default:
		return false
	}
}

// unexecuted reports whether the broker says that an order did not come to an
// execution that the ledger has.
func unexecuted(a *Attempt, p *broker.Placed) bool {
	switch p.Answer {
	case order.Cancelled, order.Rejected:
		return true
	case order.Accepted:
		return a.Settled
	default:
		return false
	}
}

// doubled finds two orders for one attempt, and two for one signal.
func (c *comparison) doubled(attempts []Attempt) {
	first := map[core.SignalID]string{}
	for i := range attempts {
		a := &attempts[i]
		for _, p := range c.placed[a.ClientOrderID] {
			if !exists(p) {
				continue
			}
			other, second := first[a.Signal]
			if !second {
				first[a.Signal] = p.OrderID
				continue
			}
			c.add(Doubled, a, p, "signal %d has the order %s already", a.Signal, other)
		}
	}
}

// missing finds attempts whose order a whole book does not have.
func (c *comparison) missing(attempts []Attempt) {
	for i := range attempts {
		a := &attempts[i]
		stands := a.State == core.Executed || a.State == core.Submitted
		if stands && a.Settled && !a.Canary && len(c.placed[a.ClientOrderID]) == 0 {
			c.add(Missing, a, nil, "the ledger says %v; the broker has no such order", a.State)
		}
	}
}

// difference says in what an order is not what its signal asked for; empty if that
// cannot be told or there is none.
func difference(want, is broker.Ticket) string {
	var parts []string
	say := func(what, want, is string, same bool) {
		if want != "" && is != "" && !same {
			parts = append(parts, fmt.Sprintf("%s: asked for %s, ordered %s", what, want, is))
		}
	}
	say("symbol", want.Symbol, is.Symbol, want.Symbol == is.Symbol)
	say("side", string(want.Side), string(is.Side), want.Side == is.Side)
	say("quantity", want.Quantity, is.Quantity, sameNumber(want.Quantity, is.Quantity))
	return strings.Join(parts, "; ")
}

// sameNumber compares two decimal numbers, however many zeros they end with. What
// is no such number is compared to the letter.
func sameNumber(a, b string) bool {
	left, ok := number(a)
	right, ok2 := number(b)
	if !ok || !ok2 {
		return a == b
	}
	return left.Cmp(right) == 0
}

// decimal is a number of a length that costs nothing to compare.
var decimal = regexp.MustCompile(`^-?[0-9]{1,40}(\.[0-9]{1,40})?$`)

func number(text string) (*big.Rat, bool) {
	if !decimal.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}
