package check

import (
	"fmt"

	"fencepost/core/history"
)

// noLostSignal judges no-lost-signal: a signal that was acknowledged to its
// sender is in the ledger, and stays there.
//
// It holds while PostgreSQL keeps the rows that it committed. A row that went with
// a loss is excused as such, however late its sender hears that it was stored.
//
// Counter-example: the sender is answered 202 before the insert has committed;
// the database restarts; the sender never sends again.
type noLostSignal struct{}

// acknowledged takes a promise to a sender.
func (noLostSignal) acknowledged(s *Suite, g *signal, r *history.Record) {
	s.marks[AcknowledgementJudged]++
	g.acked = true
	if g.stored {
		return
	}
	if g.gone {
		s.excuse(NoLostSignal)
		return
	}
	s.breaksUnless(ledgerExcuses, of(NoLostSignal, r, func(f *finding) string {
		return fmt.Sprintf("signal %d was acknowledged and is not in the ledger", f.signal)
	}))
}

// missing takes a row that is not there any more.
func (noLostSignal) missing(s *Suite, g *signal, r *history.Record) {
	g.stored, g.gone = false, s.excuses.covers(ledgerExcuses, r.At)
	if !g.acked {
		return
	}
	s.breaksUnless(ledgerExcuses, of(NoLostSignal, r, func(f *finding) string {
		return fmt.Sprintf("signal %d was acknowledged and is missing from the ledger", f.signal)
	}))
}
