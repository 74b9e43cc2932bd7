// Package errand holds what is said between a runner, which is a program with a
// mistake built in, and whoever sends it: the order goes in on standard input,
// the answer comes back on standard output, both as JSON. Lines of progress pass
// through on standard error.
//
// It is a package of its own because runners are built from it: what they do not
// need, above all the texts of the mutants, must not make them be built again.
package errand
