// Package parity plays one scenario in both worlds, the simulated and the real,
// and compares what came of it. The simulator is only as true as its models: a
// scenario that passes in one world and fails in the other says that one of the
// two is wrong, and that is a failure whichever it is.
//
// Besides the verdicts it compares the order of events: what happened to
// leadership, with nodes called A, B, C in the order in which they first lead.
// Instants differ from world to world, and so does the order of what is not
// ordered by cause; where two orders part for the first time is told, and is no
// break by itself.
package parity
