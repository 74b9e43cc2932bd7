package sim

import (
	"testing"

	"fencepost/core"
	"fencepost/scenarios"
)

// denseFaults is the load of BenchmarkSim/default: three nodes, a ttl of ten
// seconds, a signal every ten seconds, a fault every two seconds, ten
// simulated minutes.
func denseFaults() *scenarios.Scenario {
	const second, millisecond = int64(1_000_000_000), int64(1_000_000)
	span := func(low, high int64) scenarios.Span {
		return scenarios.Span{Min: scenarios.Length{Nanos: low}, Max: scenarios.Length{Nanos: high}}
	}
	return &scenarios.Scenario{
		Name: "dense-faults",
		Cluster: scenarios.Cluster{
			Nodes: 3, Lease: scenarios.Lease{TTL: scenarios.Length{Nanos: 10 * second}},
		},
		Workload: scenarios.Workload{
			Signals: scenarios.Signals{
				Rate: scenarios.Rate{Milli: 100, Per: scenarios.Length{Nanos: second}},
			},
		},
		Nemesis: &scenarios.Nemesis{
			Every: span(1500*millisecond, 2500*millisecond),
			Hold:  span(200*millisecond, 6*second), MaxActive: 20,
		},
		Run: scenarios.Run{
			Duration: scenarios.Length{Nanos: 570 * second},
			Settle:   scenarios.Length{TTLs: 3 * scenarios.OneTTL},
		},
	}
}

func BenchmarkSim(b *testing.B) {
	b.Run("default", func(b *testing.B) { benchmarkWorld(b, denseFaults()) })
	b.Run("steps", func(b *testing.B) { benchmarkWorld(b, idleSteps(denseFaults())) })
}

// idleSteps adds 300 steps that change nothing: what they cost is the price of
// steps as such.
func idleSteps(s *scenarios.Scenario) *scenarios.Scenario {
	for i := range int64(300) {
		s.Steps = append(s.Steps, scenarios.Step{
			Trigger: scenarios.Trigger{
				Kind: scenarios.AtTrigger, At: scenarios.Length{Nanos: i * 1_900_000_000}.Span(),
			},
			Verb: scenarios.Control{Set: core.Run},
		})
	}
	return s
}

func benchmarkWorld(b *testing.B, s *scenarios.Scenario) {
	program, err := Compile(s)
	if err != nil {
		b.Fatal(err)
	}
	w := NewWorld(program)
	for seed := range uint64(20) {
		w.Run(seed + 1)
	}
	var events, nanos int64
	b.ReportAllocs()
	b.ResetTimer()
	seed := uint64(0)
	for b.Loop() {
		seed++
		result := w.Run(seed%1000 + 1)
		events += result.Events
		nanos += result.SimNanos
	}
	wall := b.Elapsed().Seconds()
	b.ReportMetric(float64(events)/wall, "events/s")
	b.ReportMetric(float64(nanos)/1e9/wall, "sim/wall")
	b.ReportMetric(float64(events)/(float64(nanos)/1e9), "events/simsec")
}
