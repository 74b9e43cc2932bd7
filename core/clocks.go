package core

import "time"

// clocks remembers the last readings, to notice when they part.
type clocks struct {
	last Now
}

// watchClocks ends belief when the boot, the monotonic and the wall clock
// moved apart by more than the margin since the last step: the machine slept,
// or somebody set its clock, and what the deadlines rest on is in question.
func (n *Node) watchClocks(now Now, out *Effects) {
	last := n.clocks.last
	n.clocks.last = now
	boot := now.Boot.Sub(last.Boot)
	if apart(boot, now.Mono.Sub(last.Mono)) <= n.cfg.Margin && apart(boot, now.Wall.Sub(last.Wall)) <= n.cfg.Margin {
		return
	}
	n.announce(ClockDriftEvent, out).Reason = ClockGap
	if n.role == Leader {
		n.stepDown(now.Boot, ClockGap, out)
	}
}

// apart is the distance between two durations.
func apart(a, b time.Duration) time.Duration {
	if a < b {
		return b - a
	}
	return a - b
}
