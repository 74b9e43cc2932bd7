package check

import (
	"fmt"

	"fencepost/core/history"
)

// noDuplicateOrder judges no-duplicate-order: a signal has at most one order at
// the broker.
//
// It holds unless a person attested something wrong about that signal; each
// such attestation excuses one more order and no more than one. A ledger that has
// lost rows does not know of orders whose permits it has forgotten: they are
// excused, and those that it has permitted since are judged.
//
// Counter-example: a broker answers an order eight seconds late. A new leader
// does not find it in the day's book, takes absence for proof, and sends again.
type noDuplicateOrder struct{}

// created takes an order that exists from now on.
func (noDuplicateOrder) created(s *Suite, g *signal, r *history.Record) {
	s.marks[OrderJudged]++
	g.orders++
	if g.orderLine != s.executor.line {
		g.orderLine, g.own = s.executor.line, 0
	}
	if g.line == s.executor.line {
		g.own++
	}
	switch {
	case g.orders == 1:
	case g.own <= 1+g.wrong:
		s.excuse(NoDuplicateOrder)
	default:
		f := of(NoDuplicateOrder, r, func(f *finding) string {
			return fmt.Sprintf("signal %d has %d orders at the broker; the latest is attempt %d",
				f.signal, f.a, f.b)
		})
		f.a, f.b = int64(g.orders), int64(r.Attempt)
		s.breaksUnless(ledgerExcuses, f)
	}
}
