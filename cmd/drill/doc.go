// Command drill breaks fencepost on purpose: it plays scenarios in the simulator
// or on real processes, judges what came of them, and prints how to see it
// again.
//
// Its exit codes are those of the verdicts: 0 pass, 1 fail, 2 unknown, 3
// invalid, 4 crash; 64 says that it was used wrongly, or refused a file, a verb
// or a tier.
package main
