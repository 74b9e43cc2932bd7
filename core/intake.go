package core

// MayTakeIn decides whether this instance may take a signal in at all. It is
// asked when the signal arrives and once more right before the signal is
// stored: a key that is kept for a refused signal would make every later
// delivery a duplicate. Which of the two refused is the reason's difference.
func (n *Node) MayTakeIn(now Time, second bool) (Reason, bool) {
	if !n.cfg.LeaderOnly || n.Believes(now) {
		return NoReason, true
	}
	if second {
		return LostLeadership, false
	}
	return NotLeader, false
}
