package pgledger

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
