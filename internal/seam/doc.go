// Package seam lets a test hold calls at named points.
//
// Every call to a store or the broker passes before:OP and after:OP. A hold
// makes calls wait there: before the call's time limit begins, or after the
// call was carried out and before the node learns of it. That is how a test
// plays a process that was paused between a decision and its write, or between
// a write and its news. The configuration refuses the switch in production.
package seam
