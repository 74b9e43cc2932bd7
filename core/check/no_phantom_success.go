package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// noPhantomSuccess judges no-phantom-success: the ledger calls a signal
// executed only if the broker has an order for it.
//
// It holds always. A person's word is not the program's: a wrong attestation
// excuses one such success of its own signal, and is counted.
//
// Counter-example: a node dies between its permit and the send. Its successor
// finds an attempt past its send_by and records it as done.
type noPhantomSuccess struct{}

// stateSet takes a signal's new state.
func (noPhantomSuccess) stateSet(s *Suite, g *signal, r *history.Record) {
	if r.State != core.Executed {
		return
	}
	s.marks[SuccessJudged]++
	switch {
	case g.orders > 0:
	case g.lies < g.wrong:
		g.lies++
		s.excuse(NoPhantomSuccess)
	default:
		s.breaks(of(NoPhantomSuccess, r, func(f *finding) string {
			return fmt.Sprintf("signal %d is executed in the ledger; the broker has no order", f.signal)
		}))
	}
}
