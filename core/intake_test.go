package core_test

import (
	"testing"

	"fencepost/core"
)

// PROTOCOL 5.1: intake.

// PROTOCOL 5.1.3: in mode any, every instance takes signals in.
func TestAnyInstanceTakesSignalsIn(t *testing.T) {
	b := onBench(t)
	for _, second := range []bool{false, true} {
		if reason, ok := b.node.MayTakeIn(b.now.Boot, second); !ok {
			t.Fatalf("refused for %v", reason)
		}
	}
}

// PROTOCOL 5.1.3: in mode leader-only none but a believer does, and the second
// look has a reason of its own.
func TestLeaderOnlyIntakeFollowsBelief(t *testing.T) {
	only := func(c *core.Config) { c.LeaderOnly = true }
	look := func(b *bench, second, ok bool, want core.Reason) {
		t.Helper()
		if reason, may := b.node.MayTakeIn(b.now.Boot, second); may != ok || reason != want {
			t.Fatalf("may take in: %v, %v; want %v, %v", may, reason, ok, want)
		}
	}
	look(candidate(t, only), false, false, core.NotLeader)
	look(candidate(t, only), true, false, core.LostLeadership)
	b := idleLeader(t, only)
	look(b, false, true, core.NoReason)
	look(b, true, true, core.NoReason)
	b.shift(b.node.TrustDeadline().Sub(b.now.Boot))
	look(b, true, false, core.LostLeadership)
}
