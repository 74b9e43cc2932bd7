package sim

import "fencepost/sim/tape"

// PlayUntil plays the program as Play does, but only until that true instant has
// passed: the trace then ends with what led up to it. It is for those who know
// from a run before what happened there, so that the trace is kept at once.
func (w *World) PlayUntil(t *tape.Tape, instant int64) {
	w.tape = t
	w.trace.begin(0, false)
	w.reset()
	for !w.done && w.now <= instant && !w.suite.Broken() {
		w.advance()
	}
}
