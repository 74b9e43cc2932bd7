package pgledger

// The production statements, for tests that try what happens without one of
// their parts.
const (
	BeginSQL      = beginSQL
	LockSharedSQL = lockSharedSQL
	FenceSQL      = fenceSQL
	PermitSQL     = permitSQL
)
