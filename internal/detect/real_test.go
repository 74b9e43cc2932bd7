package detect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/rundir"
	"fencepost/scenarios"
)

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	os.Exit(m.Run())
}

// TestPausesOfRealProcessesAreMeasured plays two of them. A pause is held to what a
// lost broker is held to, so that the measured run is one of those that are kept.
func TestPausesOfRealProcessesAreMeasured(t *testing.T) {
	dir, err := rundir.New("program")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Remove(); err != nil {
			t.Error(err)
		}
	})
	program, err := child.Fencepost(t.Context(), dir, func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	k, out := kind(t, "pause"), t.TempDir()
	k.Keeps = true
	stage := Stage{Program: program, Out: out, Faults: 2}
	run, err := stage.Play(t.Context(), k, 1)
	for seed := uint64(2); err == nil && run.Verdict == scenarios.Invalid && seed <= 8; seed++ {
		run, err = stage.Play(t.Context(), k, seed) // the machine stood still
	}
	if err != nil || run.Verdict != scenarios.Pass || len(run.Occurrences) != 2 || run.Lost != 0 {
		t.Fatalf("%v: %+v", err, run)
	}
	for _, o := range run.Occurrences {
		for _, q := range []Quantity{Self, GaveUp, Elected, Recovered} {
			if value, ok := o.Measured[q]; !ok || value < 0 || value.TTLs() > 2 {
				t.Errorf("%s is %d ns (%t)", q, value, ok)
			}
		}
		if o.Measured[Overlap] >= 0 || o.LateEffects != 0 {
			t.Errorf("%+v", o)
		}
	}
	wrong := run.violations(k)
	if len(wrong) != 2 || !strings.Contains(wrong[0].What, "gave up") {
		t.Fatalf("%+v", wrong)
	}
	left := strings.TrimPrefix(wrong[0].Left(out), "kept in ")
	summary, err := os.ReadFile(filepath.Join(left, "summary.txt"))
	if err != nil || !strings.Contains(string(summary), "again: "+wrong[0].Again()) {
		t.Errorf("%s: %v: %s", left, err, summary)
	}
}
