package sim

import "testing"

// A clock that several faults have hold of runs as the latest that stands would
// have it, and at its own rate when all have ended, in whatever order.
func TestFaultsOfOneClockEndInAnyOrder(t *testing.T) {
	program, err := Compile(denseFaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range [][]int32{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}} {
		w := NewWorld(program)
		w.Run(1)
		own := w.hosts[0].clock.drift
		standing := map[int32]bool{}
		for step := int32(1); step <= 3; step++ {
			before := w.hosts[0].clock.drift
			fault := drifting{node: 0, step: step, before: before, rate: int64(step) * 1000}
			w.drifts = append(w.drifts, fault)
			w.setRate(0, int64(step)*1000)
			standing[step] = true
		}
		for _, step := range order {
			w.endDrift(0, step)
			delete(standing, step)
			latest := int32(0)
			for s := range standing {
				latest = max(latest, s)
			}
			want := int64(latest) * 1000
			if latest == 0 {
				want = own
			}
			if got := w.hosts[0].clock.drift; got != want {
				t.Errorf("%v: after the end of %d the clock runs at %d ppm, want %d", order, step, got, want)
			}
		}
	}
}
