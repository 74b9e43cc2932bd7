package explore

import (
	"testing"
	"time"

	"fencepost/internal/crew"
)

// BenchmarkSearch searches two nodes and one signal with every single fault, on
// all cores.
func BenchmarkSearch(b *testing.B) {
	began := time.Now()
	states := 0
	var bytes float64
	for b.Loop() {
		report, err := Search(Config{Nodes: 2, Signals: 1, Faults: 1, Share: crew.Share(0)})
		if err != nil || report.Violation != nil || !report.Complete {
			b.Fatal(err, report.Proof)
		}
		states += report.States
		bytes = report.BytesPerState
	}
	b.ReportMetric(float64(states)/time.Since(began).Seconds(), "states/s")
	b.ReportMetric(bytes, "bytes/state")
}
