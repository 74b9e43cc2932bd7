// Package check judges a history: it holds one checker for each invariant of
// the protocol (PROTOCOL 6), and the simulator and the runs on real processes
// use the same ones.
//
// A Suite is fed with records in the order in which they happened. It is pure:
// no clock, no randomness, no goroutine; what it says depends on the records
// alone, so that equal histories have equal verdicts. It is reused from run to
// run and then allocates nothing. Nothing is formatted before something broke.
//
// # How time is judged
//
// Two things are judged at the moment they happen, for instance a permit under
// an epoch that is superseded. Others are owed by a deadline, for instance a
// report of a stale leader: a deadline is broken when time has passed it, not
// when it is reached, so that a record at the very instant still counts.
// Everything that must happen in one transaction may be recorded in any order
// within one instant.
//
// # Excuses
//
// A checker never rests. Where a fault breaks what its invariant rests on, a
// violation is excused from the beginning of the fault until one ttl·(1+ρ)
// after its end, and counted. An excuse without an end would hide every bug
// that shares a run with such a fault. Liveness needs no excuse: its clock
// stands still while code can say why nothing is owed, and starts again.
//
// # Blindness
//
// A checker that had nothing to judge proves nothing. Marks count what each
// one has really judged, and GaveUp tells when a history cannot be judged.
package check
