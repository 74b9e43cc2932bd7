package core

import (
	"time"

	"fencepost/core/event"
)

// watchClocks ends belief when the boot, the monotonic and the wall clock
// moved apart by more than the margin since the last step: the machine slept,
// or somebody set its clock, and what the deadlines rest on is in question.
func (n *Node) watchClocks(now Now, out *Effects) {
	last := n.last
	n.last = now
	boot, mono, wall := now.Boot.Sub(last.Boot), now.Mono.Sub(last.Mono), now.Wall.Sub(last.Wall)
	if apart(boot, mono) <= n.cfg.Margin && apart(boot, wall) <= n.cfg.Margin {
		return
	}
	n.announce(event.ClockDrift, out).Reason = ClockGap
	// The starts of calls under way are in question too: what they would grant
	// is not taken.
	n.lease.clear()
	n.beat.clear()
	n.dropLease()
	switch n.role {
	case Leader:
		n.stepDown(now.Boot, ClockGap, out)
	case Candidate:
		n.giveBack(now.Boot, out)
	case Follower, Draining:
		if n.drain == drainReleasing {
			n.redis(now.Boot, Release, n.token, out)
		}
	default:
	}
}

// apart is the distance between two durations.
func apart(a, b time.Duration) time.Duration {
	return max(a-b, b-a)
}
