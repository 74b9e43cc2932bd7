// Package seam lets a test hold a node at named points.
//
// Every call to a store or the broker passes before:OP and after:OP. A hold
// makes calls wait there: before the call's time limit begins, or after the
// call was carried out and before the node learns of it. That is how a test
// plays a process that was paused before a write, or between a write and its
// news.
//
// Every announcement of a node passes at:EVENT: the event was told, and what
// the node wants done after it in the same step has not been started. A hold
// there holds the node itself: what comes to it meanwhile waits. That is a
// process that was paused between a decision and its write, and the instant at
// which a fault of the simulator strikes that waits for an event.
//
// A hold's own time runs while the process is stopped from outside, so that one
// that was stopped while it was held goes on as it wakes. The configuration
// refuses the switch in production.
package seam
