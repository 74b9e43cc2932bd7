// Package recorder is the flight recorder of a node: a file that holds every
// input that the node was told of, and a sum of what it wanted done each time.
//
// The file begins with one line of JSON that says how the node began; then come
// the steps, each the input in the encoding of core/journal and the 64-bit FNV
// sum of its effects. Verify feeds the steps to a node of this build and
// compares the sums. A process that is killed leaves a file that ends in the
// middle of a step, at most a second before its end; that is no error.
//
// Recording waits for nothing: steps are collected in memory and written by a
// goroutine of their own. If the disk stands still for so long that memory runs
// over, the file ends there.
package recorder
