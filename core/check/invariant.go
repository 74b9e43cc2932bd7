package check

// Invariant names one guarantee. The name is the same in the documents, the
// checkers, the scenario files, the traces and the metrics (PROTOCOL 6).
type Invariant uint8

// The invariants of PROTOCOL 6, in its order. NoInvariant is the zero value
// and stands for "nothing was broken".
const (
	NoInvariant Invariant = iota
	SingleExecutor
	NoDuplicateOrder
	SingleBeliever
	NoStaleEffect
	StaleLeaderDetected
	NoLostSignal
	NoPhantomSuccess
	EpochMonotonic
	HistoryComplete
	LeaseReleased
	Recovers
	// DrainBeforeRelease is ours: while trust lasts, no lease is released and
	// no tenure closed while a send of its holder is in flight.
	DrainBeforeRelease
	// OneOpenPerInstrument is ours as well: where the service is set up for it, a
	// permit is one signal's of its instrument at a time, and exits go first.
	OneOpenPerInstrument
	invariantCount
)

var invariantNames = []string{
	NoInvariant: "none", SingleExecutor: "single-executor", NoDuplicateOrder: "no-duplicate-order",
	SingleBeliever: "single-believer", NoStaleEffect: "no-stale-effect",
	StaleLeaderDetected: "stale-leader-detected", NoLostSignal: "no-lost-signal",
	NoPhantomSuccess: "no-phantom-success", EpochMonotonic: "epoch-monotonic",
	HistoryComplete: "history-complete", LeaseReleased: "lease-released", Recovers: "recovers",
	DrainBeforeRelease: "drain-before-release", OneOpenPerInstrument: "one-open-per-instrument",
}

// String returns the invariant's fixed name.
func (i Invariant) String() string {
	if i >= invariantCount {
		return "invariant(?)"
	}
	return invariantNames[i]
}

// Timed tells whether the invariant only bounds how long something takes that is
// owed. Its opposite is what must never be, however slow the machine.
func (i Invariant) Timed() bool {
	return i == StaleLeaderDetected || i == LeaseReleased || i == Recovers
}

// Invariants lists every invariant, in the order of PROTOCOL 6.
func Invariants() []Invariant {
	all := make([]Invariant, 0, invariantCount-1)
	for i := NoInvariant + 1; i < invariantCount; i++ {
		all = append(all, i)
	}
	return all
}

// ParseInvariant returns the invariant of that name.
func ParseInvariant(name string) (Invariant, bool) {
	for i := NoInvariant + 1; i < invariantCount; i++ {
		if invariantNames[i] == name {
			return i, true
		}
	}
	return NoInvariant, false
}
