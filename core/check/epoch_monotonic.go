package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// epochMonotonic judges epoch-monotonic: each takeover takes the number after
// the greatest that was ever taken, and a process that has led never leads again
// under a number that is not greater.
//
// The first holds while PostgreSQL keeps the rows that it committed. What was taken
// before a loss still counts: a ledger that was restored from a copy must be
// repaired up to the witness, and accepted by a person, before anybody leads. The
// second is never excused: whoever led knows its epoch, whatever the ledger has
// forgotten. A person who accepts the ledger as it is ends it.
//
// Counter-example: a takeover commits and its reply is lost. The candidate
// asks again and is given the same number as a second tenure, or one is
// skipped; either way two tenures cannot be told apart by their order.
type epochMonotonic struct {
	greatest core.Epoch
}

// reset begins after the epoch that the ledger starts with.
func (c *epochMonotonic) reset(first core.Epoch) { c.greatest = first }

// accepted begins after the epoch that a person has accepted. It may be lower
// than one that was taken and lost before anybody could witness it.
func (c *epochMonotonic) accepted(epoch core.Epoch) {
	if epoch != 0 {
		c.greatest = epoch
	}
}

// tenureOpened takes a takeover.
func (c *epochMonotonic) tenureOpened(s *Suite, r *history.Record) {
	s.marks[TakeoverJudged]++
	if r.Epoch != c.greatest+1 {
		f := of(EpochMonotonic, r, func(f *finding) string {
			return fmt.Sprintf("%s took epoch %d; the greatest before it was %d", name(f.node), f.epoch, f.a)
		})
		f.a = int64(c.greatest)
		s.breaksUnless(ledgerExcuses, f)
	}
	c.greatest = max(c.greatest, r.Epoch)
}

// held takes a belief; the scene does not know of it yet.
func (c *epochMonotonic) held(s *Suite, r *history.Record) {
	n := &s.scene.nodes[r.Node]
	anew := r.Epoch == n.led && n.tenureEpoch == r.Epoch && n.tenure != n.ledUnder
	if r.Epoch < n.led || anew {
		f := of(EpochMonotonic, r, func(f *finding) string {
			return fmt.Sprintf("%s leads under epoch %d, though it has led under %d before",
				name(f.node), f.epoch, f.a)
		})
		f.a = int64(n.led)
		s.breaks(f)
	}
	n.led, n.ledUnder = r.Epoch, n.tenure
}
