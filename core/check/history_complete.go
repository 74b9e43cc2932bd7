package check

import (
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

// durationSlack is by how much the duration in the history may differ from the
// one that the database's clock saw: both are rounded.
const durationSlack = int64(time.Millisecond)

// historyComplete judges history-complete: one row per epoch, at most one of
// them open, each closed with a reason and the right duration. A takeover
// closes an open predecessor in its own transaction, and so does a closing its
// own row.
//
// It holds while PostgreSQL keeps the rows that it committed.
//
// Counter-example: a leader crashes. Its successor takes the next epoch and
// leaves the row of the dead one open; from then on the history says that two
// lead.
type historyComplete struct {
	// open is the tenure whose row is open, zero if there is none; holder has it.
	open   core.Epoch
	holder int16
	// owed is a tenure whose row must be closed by the present instant: a
	// successor took over, or its own closing was carried out.
	owed      core.Epoch
	owedBy    int16
	successor core.Epoch
	// first is the least epoch opened since the ledger last lost rows: older
	// rows may have come to life again.
	first core.Epoch
	due   int64
}

// reset begins with no tenure open.
func (c *historyComplete) reset() { *c = historyComplete{due: never} }

// rewound forgets what the ledger may have forgotten.
func (c *historyComplete) rewound() { c.reset() }

// opened takes a takeover.
func (c *historyComplete) opened(s *Suite, r *history.Record) {
	if c.open != 0 {
		s.marks[SuccessionJudged]++
		c.mustClose(s, r, c.open, r.Epoch)
	}
	if c.first == 0 {
		c.first = r.Epoch
	}
	c.open, c.holder = r.Epoch, r.Node
}

// mustClose notes that a row is owed its end at this instant.
func (c *historyComplete) mustClose(s *Suite, r *history.Record, epoch, successor core.Epoch) {
	if c.owed != 0 && c.owed != epoch {
		c.judge(s)
	}
	c.owed, c.owedBy, c.successor, c.due = epoch, c.holder, successor, r.At
	s.plan(c.due)
}

// accepted takes an effect: a closing must have closed the row.
func (c *historyComplete) accepted(s *Suite, r *history.Record) {
	if r.Op == core.Resign && r.Epoch == c.open && c.open != 0 {
		c.mustClose(s, r, c.open, 0)
	}
}

// ended takes the closing of a row.
func (c *historyComplete) ended(s *Suite, r *history.Record) {
	s.marks[ClosingJudged]++
	switch {
	case r.Epoch == c.owed && c.owed != 0:
		c.owed, c.due = 0, never
		if r.Epoch == c.open {
			c.open = 0
		}
	case r.Epoch == c.open:
		c.open = 0
	case c.first != 0 && r.Epoch >= c.first:
		s.breaksUnless(ledgerExcuses, of(HistoryComplete, r, func(f *finding) string {
			return fmt.Sprintf("the history row of epoch %d was closed while it was not open", f.epoch)
		}))
	}
	if r.Reason == core.NoReason {
		s.breaksUnless(ledgerExcuses, of(HistoryComplete, r, func(f *finding) string {
			return fmt.Sprintf("the history row of epoch %d was closed without a reason", f.epoch)
		}))
	}
	slack := durationSlack + int64(s.cfg.HarnessStall)
	if off := r.Span - r.Until; off > slack || off < -slack {
		f := of(HistoryComplete, r, func(f *finding) string {
			return fmt.Sprintf("the history says that epoch %d lasted %s; it lasted %s",
				f.epoch, seconds(f.a), seconds(f.b))
		})
		f.a, f.b = r.Span, r.Until
		s.breaksUnless(ledgerExcuses, f)
	}
}

// judge reports a row that was owed its end at an instant now past.
func (c *historyComplete) judge(s *Suite) {
	f := finding{
		invariant: HistoryComplete, at: c.due, node: c.owedBy, epoch: c.owed, a: int64(c.successor),
		say: func(f *finding) string {
			if f.a == 0 {
				return fmt.Sprintf("%s closed epoch %d, whose history row stayed open", name(f.node), f.epoch)
			}
			return fmt.Sprintf("epoch %d of %s was still open in the history after epoch %d was taken",
				f.epoch, name(f.node), f.a)
		},
	}
	s.breaksUnless(ledgerExcuses, f)
	if c.open == c.owed {
		c.open = 0
	}
	c.owed, c.due = 0, never
}
