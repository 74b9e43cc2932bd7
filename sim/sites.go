package sim

import (
	"fencepost/core"
	"fencepost/sim/tape"
)

// The sites of the world, beside those of plan.go. Their names are part of
// every seed's meaning and of every recorded tape.
var (
	siteClockBase  = tape.New("clock.base", tape.Nodes)
	siteClockDrift = tape.New("clock.drift", tape.Nodes)
	siteClockWall  = tape.New("clock.wall", tape.Nodes)
	siteStart      = tape.New("node.start", tape.Nodes)
	siteWake       = tape.New("node.wake", tape.Nodes)
	sitePublish    = tape.New("publish", tape.Nodes)
	siteAck        = tape.New("broker.ack", tape.Nodes)

	siteArrival   = tape.New("signal.gap", tape.World)
	siteTarget    = tape.New("signal.target", tape.World)
	siteDuplicate = tape.New("signal.duplicate", tape.World)
	siteExit      = tape.New("signal.exit", tape.World)
	siteReorder   = tape.New("signal.reorder", tape.World)
	siteOffer     = tape.New("signal.way", tape.World)
	siteVerdict   = tape.New("signal.answer", tape.World)

	siteSpan         = tape.New("step.span", tape.Steps)
	siteNth          = tape.New("step.nth", tape.Steps)
	siteRole         = tape.New("step.role", tape.Steps)
	siteStepCount    = tape.New("step.count", tape.Steps)
	siteStepDrift    = tape.New("step.drift", tape.Steps)
	siteLostWindow   = tape.New("step.lost-window", tape.Steps)
	siteLostWrites   = tape.New("step.lost-writes", tape.Steps)
	siteMissedWrites = tape.New("step.missed-writes", tape.Steps)

	// Delay and fate of each request and of its reply.
	siteRequests = sitesOfOps("request.")
	siteReplies  = sitesOfOps("reply.")
)

// sitesOfOps declares one site for each operation.
func sitesOfOps(prefix string) (all [core.OpCount]tape.Site) {
	for op := core.NoOp + 1; op < core.OpCount; op++ {
		all[op] = tape.New(prefix+op.String(), tape.Nodes)
	}
	return all
}

// between returns a value of [low, high] drawn from the bits: low from zero.
func between(bits uint64, low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + int64(bits%uint64(high-low+1))
}

// around returns a value of [-most, most] drawn from the bits: zero from zero.
func around(bits uint64, most int64) int64 {
	if most <= 0 {
		return 0
	}
	n := int64(bits % uint64(2*most+1))
	if n&1 == 1 {
		return -(n + 1) / 2
	}
	return n / 2
}

// scramble is the SplitMix64 finaliser.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
