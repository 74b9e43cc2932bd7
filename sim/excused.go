package sim

import "fencepost/core/check"

// Excused is how often the invariant was broken in the last run while a fault
// excused it: what a search for the edge of a promise wants to know.
func (w *World) Excused(i check.Invariant) int { return w.suite.ExcusedOf(i) }
