package sim

import (
	"testing"

	"pgregory.net/rapid"

	"fencepost/core"
)

func TestClockWhenIsTheFirstInstantThatShowsIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := clock{
			since: rapid.Int64Range(0, 1e13).Draw(rt, "since"),
			base:  core.Time(rapid.Int64Range(0, 1e15).Draw(rt, "base")),
			drift: rapid.Int64Range(-100_000, 100_000).Draw(rt, "drift"),
		}
		want := c.base + core.Time(rapid.Int64Range(1, 1e13).Draw(rt, "ahead"))
		at := c.when(want)
		if c.boot(at) < want {
			rt.Fatalf("at %d the clock shows %d, not yet %d", at, c.boot(at), want)
		}
		if at > c.since && c.boot(at-2) >= want {
			rt.Fatalf("%d is too late: two nanoseconds before the clock shows %d already", at, c.boot(at-2))
		}
	})
}

func TestClockNeverGoesBackWhenItsRateChanges(t *testing.T) {
	c := clock{base: 1000, drift: 50_000}
	before := c.boot(1_000_000)
	c.setDrift(1_000_000, -50_000)
	if after := c.boot(1_000_000); after != before {
		t.Fatalf("the change of rate moved the clock from %d to %d", before, after)
	}
	if c.boot(2_000_000) <= before {
		t.Fatal("a slow clock still runs")
	}
}

func TestJumpMovesTheWallClockAndSuspendStopsTheMonotonicOne(t *testing.T) {
	c := clock{}
	before := c.read(1_000)
	c.jump(500)
	c.slept(200)
	after := c.read(1_000)
	if after.Boot != before.Boot || after.Wall != before.Wall+500 || after.Mono != before.Mono-200 {
		t.Fatalf("before %+v, after %+v", before, after)
	}
}
