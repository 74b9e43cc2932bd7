package shrink

import (
	"fmt"

	"fencepost/core/check"
	"fencepost/scenarios"
	"fencepost/sim"
	"fencepost/sim/tape"
)

// Drawn returns the options to shrink what `drill fuzz` plays under the seed: a
// swarm drawn from it, with its micro-schedule. A file that is to be committed
// without a mutant names some that it may catch.
func Drawn(seed uint64, catches []scenarios.Catch) Options {
	s := sim.Swarm(tape.Seeded(seed))
	if len(s.Expect) == 0 {
		s.Expect = []scenarios.Expect{{Claim: scenarios.Never{Invariant: check.SingleExecutor}}}
	}
	if len(s.Catches) == 0 {
		s.Catches = catches
	}
	return Options{
		Source: string(scenarios.Format(s)), Seed: seed, Seeds: 1,
		Origin: fmt.Sprintf("drill fuzz, seed %d", seed),
	}
}
