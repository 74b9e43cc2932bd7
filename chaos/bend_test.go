package chaos

import (
	"testing"

	"fencepost/core"
	"fencepost/internal/clock"
)

func TestInstantOfAMovedClockIsConvertedOnItsOwnLine(t *testing.T) {
	line := func(truth, shown core.Time, ppm int64) clock.Line {
		return clock.Line{True: core.Now{Boot: truth}, Shown: core.Now{Boot: shown}, PPM: ppm}
	}
	// From 100 on the clock runs at double speed, at 200 it is put forward by 50,
	// and runs as the machine's again.
	moved := &life{lines: []clock.Line{line(100, 100, 1_000_000), line(200, 350, 0)}}
	for _, c := range []struct {
		what        string
		shown, want core.Time
	}{
		{"before the first change", 80, 80},
		{"at the first change", 100, 100},
		{"at double speed", 200, 150},
		{"what the clock never showed", 320, 200},
		{"after the second change", 360, 210},
	} {
		if got := moved.trueBoot(c.shown); got != c.want {
			t.Errorf("%s: %d is %d, want %d", c.what, c.shown, got, c.want)
		}
	}
	if got := (&life{}).trueBoot(42); got != 42 {
		t.Errorf("a clock that nobody moved shows %d at 42", got)
	}
}
