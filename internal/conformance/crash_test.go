package conformance_test

import (
	"testing"
	"time"

	"fencepost/core"
)

// Whoever led without Redis and resigned sends heartbeats as a follower, which
// are committed in memory: a crash loses them, whatever kind of tenure it was.
func TestCrashLosesHeartbeatsOfWhoLedWithoutRedis(t *testing.T) {
	b := newDisturbedBed(t)
	w := &disturbedWalk{
		ledgerWalk: &ledgerWalk{pair: newPair(t, b.bed, map[string]int{})}, bed: b, left: mostMisfortunes,
	}
	w.do(n1, takePG(n1, 0))
	w.pass(time.Second)
	w.do(n1, beat(n1, 1))
	w.durable = w.model.Authority().BeatAt
	w.do(n1, resign(n1, 1, core.GracefulShutdown))
	w.pass(time.Second)
	w.do(n1, core.Effect{Op: core.Heartbeat})
	w.strike(crashed)
	if left := w.model.Authority().BeatAt; left != w.durable {
		t.Errorf("the heartbeat at %v is left, want that at %v", left.Sub(began), w.durable.Sub(began))
	}
}
