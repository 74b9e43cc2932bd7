// Package edge finds out how much the protocol bears: the drift of clocks from
// which on two nodes can believe at once, for given timings, and how pauses of
// the leader and delays on its way to Redis come into it.
//
// Single-believer is promised while the rates of any two clocks differ by no
// more than ρ; single-executor is promised always, since PostgreSQL fences.
// The map shows both: where the first ends beyond its promise, and that the
// second does not end at all.
//
// Every point is a bisection over scenarios built in code, each drift under many
// seeds. What a checker excuses, because clocks are beyond what is promised,
// counts here: the excuse is what is measured. The result is the same on every
// machine and on any number of cores.
package edge
