// Package junit writes verdicts in the one form that every CI server reads: JUnit's
// XML, a suite for each scenario and a case for each run of it.
//
// A broken promise is a `failure`. A run that says nothing (`invalid`, `unknown`)
// and one in which the harness broke (`crash`) are an `error`. They are not
// `skipped`, as servers show that as green, and the exit code of the same command
// is not: a file whose danger never came, or a machine too crowded to say
// anything, has proved nothing, and somebody has to look.
//
// Times are those of the runs' own clocks, in seconds: on real processes that is
// how long they took, in the simulator it is virtual, so that the file of the
// same seeds is the same file.
package junit
