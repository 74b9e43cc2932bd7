// Package tidy holds the rules of this repository that no linter knows, and
// the test that walks the repository with them.
//
// A rule reads a Tree (or the import graph, or the typed packages) and answers
// with findings; none changes anything. The rules are: which package may reach
// which, how long files, functions and lines may grow, where a package comment
// stands, what the core and the simulator must not contain, and that a name
// which stands in the code stands in the documents too, and the reverse.
//
// Every rule has been seen to fire: the package's tests plant one violation for
// each, and a rule without a planted violation fails the build.
package tidy
