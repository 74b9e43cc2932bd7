package clock_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/clock"
)

type fakeClock struct{ now core.Now }

func (f *fakeClock) Now() core.Now { return f.now }

func (f *fakeClock) pass(d time.Duration) {
	f.now.Boot = f.now.Boot.Add(d)
	f.now.Mono = f.now.Mono.Add(d)
	f.now.Wall = f.now.Wall.Add(d)
}

func TestSystemClockNeverGoesBack(t *testing.T) {
	var c clock.System
	before := c.Now()
	for range 1000 {
		after := c.Now()
		if after.Boot < before.Boot || after.Mono < before.Mono {
			t.Fatalf("clock went back from %+v to %+v", before, after)
		}
		before = after
	}
	if wall := time.Unix(0, int64(before.Wall)); time.Since(wall).Abs() > time.Minute {
		t.Errorf("wall clock says %v", wall)
	}
}

func TestShiftedClockMovesOnlyWhatWasMoved(t *testing.T) {
	under := &fakeClock{now: core.Now{Boot: 10e9, Mono: 8e9, Wall: 1e18}}
	c := clock.NewShifted(under)
	if got := c.Now(); got != under.now {
		t.Fatalf("an untouched clock says %+v, want %+v", got, under.now)
	}
	c.Jump(-time.Hour)
	under.pass(time.Second)
	want := core.Now{Boot: 11e9, Mono: 9e9, Wall: 1e18 + 1e9 - core.Time(time.Hour)}
	if got := c.Now(); got != want {
		t.Errorf("after a jump of the wall clock: %+v, want %+v", got, want)
	}
	c.Suspend(3 * time.Second)
	want.Boot, want.Wall = want.Boot.Add(3*time.Second), want.Wall.Add(3*time.Second)
	if got := c.Now(); got != want {
		t.Errorf("after a suspend: %+v, want %+v", got, want)
	}
}

func TestShiftedClockDriftsFromTheMomentItWasTold(t *testing.T) {
	under := &fakeClock{}
	c := clock.NewShifted(under)
	under.pass(100 * time.Second)
	c.Drift(50_000) // 5 %
	under.pass(10 * time.Second)
	if got, want := c.Now().Boot, core.Time(110*time.Second+500*time.Millisecond); got != want {
		t.Errorf("boot clock %v, want %v", got, want)
	}
	c.Drift(-50_000)
	under.pass(400 * 24 * time.Hour)
	slow := 400 * 24 * time.Hour / 20
	want := core.Time(110*time.Second + 500*time.Millisecond + 400*24*time.Hour - slow)
	if got := c.Now().Boot; got != want {
		t.Errorf("after 400 slow days: %v, want %v", got, want)
	}
}

func TestInstantsOfAMovedClockAreConvertedBack(t *testing.T) {
	under := &fakeClock{now: core.Now{Boot: 5e9, Mono: 5e9, Wall: 1e18}}
	c := clock.NewShifted(under)
	for _, ppm := range []int64{0, 1, 50_000, -50_000, 333_333} {
		under.pass(time.Minute)
		c.Move(clock.Move{DriftPPM: &ppm, Suspend: time.Second, Jump: time.Hour})
		under.pass(77_777_777_777)
		since, now := c.Reading()
		if now.PPM != ppm || now.Shown != c.Now() || now.True != under.Now() {
			t.Fatalf("%d ppm: reading %+v, true %+v, shown %+v", ppm, now, under.Now(), c.Now())
		}
		for _, line := range []clock.Line{since, now} {
			if off := line.TrueBoot(now.Shown.Boot).Sub(now.True.Boot).Abs(); off > 2 {
				t.Errorf("%d ppm: %v away from the true instant", ppm, off)
			}
			if off := line.TrueBoot(since.Shown.Boot).Sub(since.True.Boot).Abs(); off > 2 {
				t.Errorf("%d ppm: the line's beginning is %v away", ppm, off)
			}
		}
	}
}

func TestOneMoveChangesTheClockAtOneInstant(t *testing.T) {
	under := &fakeClock{now: core.Now{Boot: 5e9, Mono: 5e9, Wall: 1e18}}
	c := clock.NewShifted(under)
	drift := int64(100)
	line := c.Move(clock.Move{Jump: -time.Hour, DriftPPM: &drift, Suspend: 3 * time.Second})
	want := clock.Line{True: under.now, PPM: 100, Shown: core.Now{
		Boot: 8e9, Mono: 5e9, Wall: 1e18 + 3e9 - core.Time(time.Hour),
	}}
	if line != want {
		t.Errorf("%+v, want %+v", line, want)
	}
	c.Jump(time.Second)
	if since, _ := c.Reading(); since.PPM != 100 {
		t.Errorf("a jump ended the drift: %+v", since)
	}
}

func TestMachineThatSleptHasLostOnlyMonotonicTime(t *testing.T) {
	under := &fakeClock{now: core.Now{Boot: 10e9, Mono: 8e9, Wall: 1e18}}
	c := clock.NewShifted(under)
	under.pass(3 * time.Second)
	c.Move(clock.Move{Slept: 2 * time.Second})
	want := core.Now{Boot: 13e9, Mono: 9e9, Wall: 1e18 + 3e9}
	if got := c.Now(); got != want {
		t.Errorf("after two seconds of sleep: %+v, want %+v", got, want)
	}
}
