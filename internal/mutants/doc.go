// Package mutants holds one deliberate mistake for each thing that the harness
// must notice, and builds programs that make it.
//
// A mutant is a file NAME.yaml beside this package: why it is tempting, where
// it lies, which text becomes which, and which invariant that breaks. The
// program is built with Go's -overlay, so that no file of the tree is touched.
// What is built is a small runner that plays and searches in the simulator, and
// is told by package errand what to do.
//
// Its contract:
//
//   - A text to be replaced stands exactly once in its file. Code that moves on
//     without its mutants is found out by a test, not by a survivor.
//   - a+b makes both mistakes: the edits of a, then those of b.
//   - A mutant needs the source tree and the go command; without them it says so.
package mutants
