// Package observe tells people and machines what a node does: a log line and a
// metric for every event that the core announces, and the coordinator's own
// numbers.
//
// Every log line of an event carries event=NAME, the event's name in the
// documents and the scenario files, and says in one line what happened and
// what to do. Gaining leadership is logged at ERROR and losing it at CRITICAL,
// both with a siren: they are rare, and no level that a person sets may hide
// them.
//
// At level debug every announcement has its line, with boot, the node's own
// instant in nanoseconds. A line is one write to standard error, so that whoever
// reads it sees an event while the node is held there.
package observe
