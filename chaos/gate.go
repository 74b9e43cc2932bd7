package chaos

import (
	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/scenarios"
)

// shutOut is the number of the damage by which nobody reaches a store that comes
// back; steps have numbers from zero.
const shutOut = -1

// keepOut has no node reach a store that is on its way back, until letIn: who
// finds it first must not lead before the history says that it is there. The
// harness itself reaches the store directly. Whoever keeps out lets in again.
func (r *run) keepOut(of core.Store) {
	if r.shut[of]++; r.shut[of] > 1 {
		return
	}
	for _, wires := range r.links {
		r.broke(wires[of].Damage(shutOut, link.Damage{Effect: scenarios.Refuse, Arrow: scenarios.Both}))
	}
}

// letIn ends keepOut.
func (r *run) letIn(of core.Store) {
	if r.shut[of]--; r.shut[of] > 0 {
		return
	}
	for _, wires := range r.links {
		r.broke(wires[of].Heal(shutOut))
	}
}
