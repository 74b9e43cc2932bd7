// Package soak lets one cluster of real processes live for long under a random
// nemesis, and finds out what only time shows: whether anything that the
// processes hold grows and grows.
//
// # One run
//
// A soak is one scenario with one long duration, drawn and judged like any other:
// the nemesis is the simulator's, and the verdict is given once, over the whole
// history, by the same checkers. What is open at one instant is therefore never cut
// in two. Rounds that are judged one after the other would need checkers that
// carry every open tenure, attempt and promise from round to round, which is a
// second way of judging. The price is memory: at five signals a second the history
// has about a hundred records a second of 160 bytes, 30 MB in half an hour, and
// what the harness keeps until then is granted to it, for each signal so much, when
// it is asked whether it leaks itself.
//
// # Rounds
//
// Each round is a storm and a calm. In a storm faults of every family strike, in a
// calm nothing is broken, and its end is a quiet point: the cluster has settled,
// and what each process holds then can be compared with other quiet points. Deaths
// strike the last node alone, and rolling restarts are left out, for they end every
// process: what a process leaks shows only in one that lives.
//
// # Leaks
//
// At every quiet point each process's resources are read several times and the
// least is kept: what is under way only adds to it. The first points are warm-up. A
// resource leaks where the median of the last third exceeds that of the first by
// more than its tolerance, and the slope over all points, the median of those
// between any two, says the same: one outlier makes neither. A soak that has not
// seen enough points of every process that was to live says nothing, and its
// verdict is unknown.
package soak
