// Package detect measures how long it takes until a fault of leadership is
// noticed, until somebody else leads, and until signals are executed again, as a
// distribution over many faults of one type; and what lies between the last
// instant at which the old leader believed and the first at which the next did.
//
// A Kind is a type of fault. Its scenario, built here and played by the engines
// that play every other, strikes the leader several times in one run. What is
// measured is read from the run's history: on real processes, beliefs are those
// that the journals give, permits those of the ledger, orders those of the
// broker's book, all on one clock. The simulator writes the same history, so both
// worlds are measured alike.
//
// An occurrence in which two nodes believed at once, or in which the old leader
// had an effect after the next one's first, is a violation. A run in which an
// assumption did not hold is not measured, and counted.
package detect
