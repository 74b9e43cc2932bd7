package chaos

import (
	"testing"
	"time"

	"fencepost/core/history"
	"fencepost/scenarios"
)

// clockOf returns a timepiece whose clocks both stood at zero when the run began.
func clockOf() *timepiece { return &timepiece{looks: []look{{}}} }

func TestAWallClockThatIsSlewedIsReadAsItRuns(t *testing.T) {
	t.Parallel()
	c := clockOf()
	wall := func(boot int64) int64 { return boot + boot/200 } // 5 ms more in each second
	for boot := int64(0); boot <= 60e9; boot += 5e6 {
		c.see(look{boot: boot, wall: wall(boot)})
	}
	for _, boot := range []int64{0, 1e9, 17_003e6, 42_424_242_424, 60e9} {
		if off := time.Duration(c.ofWall(wall(boot)) - boot).Abs(); off > 100*time.Microsecond {
			t.Errorf("what happened at %v is taken to be %v off", time.Duration(boot), off)
		}
		if off := time.Duration(c.toWall(boot) - wall(boot)).Abs(); off > 100*time.Microsecond {
			t.Errorf("the wall clock at %v is taken to be %v off", time.Duration(boot), off)
		}
	}
	if by, _ := c.stepped(); by > mostStep {
		t.Errorf("a clock that was slewed was set by %v", by)
	}
}

func TestAWallClockThatIsSetIsFoundWhicheverWay(t *testing.T) {
	t.Parallel()
	const bit = 20 * time.Millisecond
	for _, step := range []time.Duration{-time.Second, -bit, bit, time.Hour} {
		c := clockOf()
		for boot := int64(0); boot <= 2e9; boot += 5e6 {
			wall := boot
			if boot > 1e9 {
				wall += int64(step)
			}
			c.see(look{boot: boot, wall: wall})
		}
		if by, at := c.stepped(); by < step.Abs()-time.Millisecond || at != 1e9 {
			t.Errorf("a step of %v at 1s was found as %v at %v", step, by, time.Duration(at))
		}
	}
}

func TestARunInWhichTheWallClockWasSetIsInvalidButForTwoOrders(t *testing.T) {
	t.Parallel()
	set := conditions{void: "the wall clock was set", at: 3e9}
	p, entries := lateRun(t)
	if out := p.judge(entries, 20e9, nil, set); out.verdict != scenarios.Invalid ||
		out.failure.Detail != set.void {
		t.Errorf("%v: %v; want an invalid run that says why", out.verdict, out.failure)
	}
	var b book
	for attempt := uint32(1); attempt <= 2; attempt++ {
		b.add(int64(attempt)*1e9, history.Record{
			Kind: history.OrderCreated, Node: history.None, Signal: 1, Attempt: attempt,
		})
	}
	if out := p.judge(b.sorted(20e9), 20e9, nil, set); out.verdict != scenarios.Fail {
		t.Errorf("%v: %v; want a failure: two orders are two on every clock", out.verdict, out.failure)
	}
}
