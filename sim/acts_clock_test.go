package sim

import (
	"strings"
	"testing"

	"fencepost/scenarios"
)

func TestMachineThatIsPutToSleepTwiceHasSleptOnce(t *testing.T) {
	first := "{at: 3s, clock: {node: n1, suspend: 800ms}}"
	w := acts(t, first, "{at: 3400ms, clock: {node: n1, suspend: 900ms}}")
	w.Run(1)
	now := w.hosts[0].clock.read(w.now)
	if slept := int64(now.Boot - now.Mono); slept != 1_300_000_000 {
		t.Errorf("the monotonic clock stood still for %d ns of 1.3 s", slept)
	}
}

func TestJumpOfSeveralClocksIsTakenBackFromEach(t *testing.T) {
	w := acts(t, "{at: 3s, clock: {node: all, jump: -1h..1h, for: 2s}}")
	for seed := uint64(1); seed <= 20; seed++ {
		w.Run(seed)
		for i := range w.hosts {
			clock := &w.hosts[i].clock
			wall := int64(clock.wall)
			const base, half = 1_700_000_000_000_000_000, 500_000_000
			if off := wall - base; off > half || off < -half {
				t.Errorf("seed %d: n%d's wall clock is off by %d ns after all", seed, i+1, off)
			}
		}
	}
}

func TestAJumpWithoutALengthIsOverAtOnceAndStays(t *testing.T) {
	w := acts(t, "{id: set, at: 3s, clock: {node: n1, jump: -1h}}", "{id: next, after: set.end, plus: 1s, "+
		"clock: {node: n2, jump: 1h}}")
	if r := w.Run(1); r.Verdict != scenarios.Pass {
		t.Fatalf("%s: %v", r.Verdict, r.Failure)
	}
	const base, hour, half = 1_700_000_000_000_000_000, 3_600_000_000_000, 500_000_000
	for i, want := range []int64{-hour, hour, 0} {
		if off := int64(w.hosts[i].clock.wall) - base - want; off > half || off < -half {
			t.Errorf("n%d's wall clock is off by %d ns at the end", i+1, off)
		}
	}
}

func TestBeliefOfAPausedLeaderEndsByTheRateOfItsClock(t *testing.T) {
	drift := "{at: 5s, clock: {node: leader, drift: -9%, for: 0.12ttl}}"
	pause := "{at: 6200ms, pause: {node: leader, for: 2ttl}}"
	text := strings.Replace(acting, "lease: {ttl: 1s}", "lease: {ttl: 10s}", 1)
	text = strings.Replace(text, "duration: 12ttl", "duration: 4ttl", 1)
	text += "steps:\n  - " + drift + "\n  - " + pause + "\nexpect:\n  - never: single-believer\n"
	plays(t, world(t, text), 50)
}
