// Package driver runs one core.Node in the world: it tells the node the time
// and what happened, and carries out what the node wants done. It decides
// nothing.
//
// One goroutine owns the node. It steps the node with each input as it arrives
// and, at the latest at the node's Wake, with TimePassed. Each call to a store
// or the broker runs in a goroutine of its own, bounded by the effect's
// Timeout; its answers come back as inputs, and an error as OutcomeUnknown.
// Announcements go to a Sink through a queue, so that a log that blocks cannot
// hold up a renewal.
//
// # Seams
//
// All time comes through one clock. Each call passes the points before:OP and
// after:OP, which a test may hold: before the call's time limit begins, so that
// a call that was held leaves as late as one of a process that was paused. Each
// announcement passes at:EVENT, where the node itself can be held between a
// decision and its write: the sink has the announcement, what follows it in the
// same step is not started, and inputs wait; Status answers all the while. Each
// step can be recorded in a Journal.
//
// # Impossible states
//
// The node asserts what cannot be otherwise. Run does not recover from a broken
// assertion: the process ends, its lease runs out, and another instance takes
// over. Queued announcements are written first.
package driver
