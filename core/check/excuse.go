package check

import (
	"math"
	"math/bits"

	"fencepost/core/history"
)

// never is an instant that does not come, and before one that was never.
const (
	never  int64 = math.MaxInt64
	before int64 = math.MinInt64 / 4
)

// later is the instant d after at; never stays never.
func later(at, d int64) int64 {
	if at >= never-d {
		return never
	}
	return at + d
}

// faultSet is a set of classes of disturbance, one bit 1<<class each.
type faultSet uint16

// The classes that break what an invariant rests on. Mere outages and delays
// are in none of them: the protocol promises safety under those.
const (
	// beliefExcuses: belief rests on the rates of clocks, on the stores' clocks
	// and on writes that the stores acknowledged.
	beliefExcuses = faultSet(1<<history.ClockFault | 1<<history.RedisDataLoss | 1<<history.PostgresLoss)
	// ledgerExcuses: what was committed stays.
	ledgerExcuses = faultSet(1 << history.PostgresLoss)
	// clockExcuses: deadlines mean what they say.
	clockExcuses = faultSet(1 << history.ClockFault)
	// storeFaults are those during which a store may not answer.
	storeFaults = faultSet(1<<history.RedisFault | 1<<history.RedisDataLoss |
		1<<history.PostgresFault | 1<<history.PostgresLoss)
	// quietFaults are those that may slow progress down, steadyFaults those during
	// which nobody owes any: the ledger is the one party that must be there.
	quietFaults  = storeFaults | faultSet(1<<history.LinkFault|1<<history.ClockFault)
	steadyFaults = faultSet(1<<history.PostgresFault | 1<<history.PostgresLoss | 1<<history.ClockFault)
)

// excuses keeps when each class of disturbance was last active.
type excuses struct {
	grace  int64
	active [history.Faults]int32
	now    faultSet // the classes that are active
	ended  [history.Faults]int64
}

// reset forgets all faults.
func (e *excuses) reset(grace int64) {
	*e = excuses{grace: grace}
	for i := range e.ended {
		e.ended[i] = before
	}
}

// began and finished follow one fault. A class is active while any fault of it
// is. finished tells whether there was one to end.
func (e *excuses) began(f history.Fault) {
	e.active[f]++
	e.now |= 1 << f
}

func (e *excuses) finished(f history.Fault, at int64) bool {
	if e.active[f] == 0 {
		return false
	}
	e.active[f]--
	if e.active[f] == 0 {
		e.now &^= 1 << f
	}
	e.ended[f] = at
	return true
}

// last is the latest instant at which a fault of the set was active: never
// (that is, no end in sight) while one is.
func (e *excuses) last(set faultSet) int64 {
	if set&e.now != 0 {
		return never
	}
	last := before
	for ; set != 0; set &= set - 1 {
		last = max(last, e.ended[bits.TrailingZeros16(uint16(set))])
	}
	return last
}

// until is the last instant that a fault of the set excuses: one ttl·(1+ρ)
// after the latest end.
func (e *excuses) until(set faultSet) int64 {
	return later(e.last(set), e.grace)
}

// covers reports whether what happens at that instant is excused by the set.
func (e *excuses) covers(set faultSet, at int64) bool { return at <= e.until(set) }
