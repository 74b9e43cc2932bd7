package chaos

import (
	"testing"
	"time"

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

func TestWhateverCameOfARunInWhichTheWallClockWasSetItIsInvalid(t *testing.T) {
	t.Parallel()
	p, entries := lateRun(t)
	out := p.judge(entries, 20e9, nil, conditions{void: "the wall clock was set", at: 3e9})
	if out.verdict != scenarios.Invalid || out.failure.Detail != "the wall clock was set" {
		t.Errorf("%v: %v; want an invalid run that says why", out.verdict, out.failure)
	}
}
