package pgledger

import "time"

// Rest is for how long the next list of work has to wait.
func (l *Ledger) Rest() time.Duration {
	return time.Duration(l.listFrom.Load()) - time.Since(l.opened)
}

// RestFor has the next list of work wait for so long.
func (l *Ledger) RestFor(d time.Duration) { l.listFrom.Store(int64(time.Since(l.opened) + d)) }

// The production statements, for tests that try what happens without one of
// their parts.
const (
	BeginSQL       = beginSQL
	LimitsSQL      = limitsSQL
	LockSharedSQL  = lockSharedSQL
	LockSignalsSQL = lockSignalsSQL
	ManyOpenSQL    = manyOpenSQL
	FenceSQL       = fenceSQL
	PermitSQL      = permitSQL
)
