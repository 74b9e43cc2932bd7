// Package clock is the one source of time of a running node.
//
// The core compares three readings that were taken together: the boot clock,
// which runs on in suspend and is never set; the monotonic clock, which stands
// still in suspend; and the wall clock, which may jump (PROTOCOL 4.3). System
// reads them from the machine. Shifted stands between the machine and the node
// where a test wants a clock that jumps, drifts or sleeps; the configuration
// refuses it in production.
package clock
