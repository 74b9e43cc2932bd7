package recorder_test

import (
	"testing"

	"fencepost/core/journal"
	"fencepost/internal/recorder"
)

// The kept journal is the run of a driver over fakes: elections, signals, cuts.
// The number journal.CoreVersion says which core does the same.
func TestKeptJournalHoldsTheCoreToItsVersion(t *testing.T) {
	j, err := recorder.Open("testdata/kept.journal")
	if err != nil {
		t.Fatal(err)
	}
	const again = "raise journal.CoreVersion, then: go test ./internal/driver -run RecordedRun -update"
	r := recorder.Verify(j)
	switch {
	case r.Damage != nil:
		t.Fatal(r.Damage)
	case r.Difference != nil:
		t.Fatalf("step %d (%v) has other effects than core version %d had; if that is meant, %s",
			r.Difference.Step.Number, r.Difference.Step.Input.Kind, j.Header().Core, again)
	case j.Header().Core != journal.CoreVersion:
		t.Errorf("recorded by core version %d, this is %d: %s", j.Header().Core, journal.CoreVersion, again)
	case r.Steps < 500:
		t.Errorf("only %d steps", r.Steps)
	}
}

// BenchmarkVerify feeds a journal of a million inputs to the core again.
func BenchmarkVerify(b *testing.B) {
	text := long(b, 1_000_000)
	b.ResetTimer()
	steps := 0
	for b.Loop() {
		j, err := recorder.Read(text)
		if err != nil {
			b.Fatal(err)
		}
		r := recorder.Verify(j)
		if r.Difference != nil || r.Damage != nil {
			b.Fatalf("%+v", r)
		}
		steps += r.Steps
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "inputs/s")
	b.ReportMetric(float64(len(text))*float64(b.N)/float64(steps), "bytes/input")
}
