// Package history is what was seen from outside: by the nodes, the stores, the
// broker and the senders, on one clock. The simulator writes it as it runs, a
// run on real processes puts it together from what the parties wrote down, and
// the same checkers judge both.
//
// A Record is a flat value. Times are nanoseconds on the observer's clock: true
// time in the simulator, the harness's clock on real processes. Nodes are
// numbered from zero; None stands where no node is meant.
package history
