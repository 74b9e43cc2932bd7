package check

// Mark names one thing that a checker has really had to judge. A run in which
// a mark stays at zero says nothing about it.
type Mark uint8

// The marks, by invariant.
const (
	// PermitJudged: a permit's place among the takeovers was looked at.
	PermitJudged Mark = iota
	// AttemptRenewed: a signal got another attempt after one that was void.
	AttemptRenewed
	// OrderJudged: an order was created at the broker.
	OrderJudged
	// BeliefJudged: a node began to believe, or to believe for longer.
	BeliefJudged
	// BeliefHandedOver: another node than the last one began to believe.
	BeliefHandedOver
	// EffectJudged: the ledger carried out or refused a heartbeat or a closing,
	// or refused a permit.
	EffectJudged
	// StaleRefused: the ledger refused an effect under a superseded epoch.
	StaleRefused
	// StaleOwed: a tenure was open, its lease had lapsed, and a healthy peer was
	// there to notice.
	StaleOwed
	// StaleReported: a peer reported the open tenure as stale.
	StaleReported
	// WakingOwed: a node woke up after its belief had run out.
	WakingOwed
	// WakingNoticed: it noticed, or was told.
	WakingNoticed
	// AcknowledgementJudged: a sender was told that a signal is stored.
	AcknowledgementJudged
	// SuccessJudged: the ledger called a signal executed.
	SuccessJudged
	// TakeoverJudged: an epoch was taken.
	TakeoverJudged
	// ClosingJudged: a row of the history was closed.
	ClosingJudged
	// SuccessionJudged: a tenure was opened over one that was still open.
	SuccessionJudged
	// ReleaseJudged: a node that had drained should have given its lease up.
	ReleaseJudged
	// LeaderMet: somebody was elected while a leader was owed.
	LeaderMet
	// BrokenMet: so it was while something stayed broken.
	BrokenMet
	// SignalMet: an open signal became final or in doubt.
	SignalMet
	// DrainJudged: a tenure was closed or a lease released by its own holder.
	DrainJudged
	// DrainWaited: so it was, after sends in flight had ended in a step-down.
	DrainWaited
	// TurnJudged: a signal was permitted while others of its instrument waited.
	TurnJudged
	// ExitWentFirst: an exit was permitted before an older entry of its instrument.
	ExitWentFirst
	markCount
)

// MarkTotal is the number of marks.
const MarkTotal = int(markCount)

var markNames = [markCount]string{
	PermitJudged:          "permit judged",
	AttemptRenewed:        "attempt renewed",
	OrderJudged:           "order judged",
	BeliefJudged:          "belief judged",
	BeliefHandedOver:      "belief handed over",
	EffectJudged:          "effect judged",
	StaleRefused:          "stale effect refused",
	StaleOwed:             "stale report owed",
	StaleReported:         "stale leader reported",
	WakingOwed:            "waking judged",
	WakingNoticed:         "waking noticed",
	AcknowledgementJudged: "acknowledgement judged",
	SuccessJudged:         "success judged",
	TakeoverJudged:        "takeover judged",
	ClosingJudged:         "closing judged",
	SuccessionJudged:      "succession judged",
	ReleaseJudged:         "release judged",
	LeaderMet:             "leader met",
	BrokenMet:             "leader met in a half-broken world",
	SignalMet:             "signal met",
	DrainJudged:           "drain judged",
	DrainWaited:           "drain waited",
	TurnJudged:            "turn judged",
	ExitWentFirst:         "exit went first",
}

// String returns the mark's words.
func (m Mark) String() string {
	if m >= markCount {
		return "mark(?)"
	}
	return markNames[m]
}

// Marks counts how often each thing was judged. The zero value is ready; sum
// those of many runs with Add.
type Marks [MarkTotal]uint64

// Add adds the counts of another run.
func (m *Marks) Add(other *Marks) {
	for i := range m {
		m[i] += other[i]
	}
}
