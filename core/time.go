package core

import "time"

// Time is an instant in nanoseconds on one particular clock. Instants of
// different clocks, or of different machines, are never compared.
type Time int64

// Never is an instant that does not come.
const Never Time = 1<<63 - 1

// Add returns the instant d later; Never stays Never.
func (t Time) Add(d time.Duration) Time {
	if t == Never {
		return Never
	}
	return t + Time(d)
}

// Sub returns the time from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Now is what a node is told of time: three readings of its machine, taken together.
type Now struct {
	// Boot runs on in suspend and is never set (CLOCK_BOOTTIME). Every deadline
	// of a node is an instant of this clock.
	Boot Time
	// Mono stands still in suspend (CLOCK_MONOTONIC). It is only compared.
	Mono Time
	// Wall may jump. It is only compared, never trusted.
	Wall Time
}
