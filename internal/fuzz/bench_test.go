package fuzz

import "testing"

// BenchmarkSwarm plays what `drill fuzz` plays, on one core: a cluster is drawn,
// compiled and played for ten simulated minutes under all checkers.
func BenchmarkSwarm(b *testing.B) {
	var p player
	var events, nanos int64
	for seed := range uint64(50) {
		p.play(seed + 1)
	}
	b.ReportAllocs()
	b.ResetTimer()
	seed := uint64(0)
	for b.Loop() {
		seed++
		r := p.play(seed%2000 + 1)
		events += r.Events
		nanos += r.SimNanos
	}
	wall := b.Elapsed().Seconds()
	b.ReportMetric(float64(events)/wall, "events/s")
	b.ReportMetric(float64(nanos)/1e9/wall, "sim/wall")
	b.ReportMetric(float64(b.N)/wall, "runs/s")
}
