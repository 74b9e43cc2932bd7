package pgledger_test

import (
	"testing"
	"time"

	"fencepost/internal/pgledger"
)

func TestServerEndsNothingThatTheNodeStillWaitsFor(t *testing.T) {
	usual := pgledger.DefaultLimits()
	for _, wait := range []time.Duration{25e6, 250e6, 2500e6} { // 25 ms, 250 ms, 2.5 s
		l := pgledger.LimitsFor(wait)
		if l.Statement < usual.Statement || l.Lock < usual.Lock || l.Read < usual.Read {
			t.Errorf("waiting %v: below the default limits: %+v", wait, l)
		}
		if l.Call < wait {
			t.Errorf("waiting %v: a call is given up after %v", wait, l.Call)
		}
		if l.Statement < wait*7/10 || l.Read <= l.Statement || l.Lock >= l.Statement {
			t.Errorf("waiting %v: limits out of order: %+v", wait, l)
		}
	}
}
