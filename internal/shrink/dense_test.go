package shrink_test

import (
	"fmt"

	"fencepost/scenarios"
)

// dense returns a scenario of as many faults as `drill fuzz` draws: three
// nodes, a signal every few seconds and a fault every two seconds, for so many
// seconds.
func dense(seed uint64, length int64) *scenarios.Scenario {
	const second, millisecond = int64(1_000_000_000), int64(1_000_000)
	span := func(low, high int64) scenarios.Span {
		return scenarios.Span{Min: scenarios.Length{Nanos: low}, Max: scenarios.Length{Nanos: high}}
	}
	classes := []scenarios.BrokerClass{
		scenarios.ClassA, scenarios.ClassB, scenarios.ClassC, scenarios.ClassD,
	}
	return &scenarios.Scenario{
		Name: fmt.Sprintf("dense-%d", seed), Why: "Many faults.", Tiers: []scenarios.Tier{scenarios.SimTier},
		TierReason: "It is drawn.", Catches: []scenarios.Catch{{"blind-retry"}},
		Cluster: scenarios.Cluster{
			Broker: scenarios.BrokerSetup{Class: classes[seed%4], Ack: span(5*millisecond, 1500*millisecond)},
		},
		Workload: scenarios.Workload{
			Signals: scenarios.Signals{
				Rate: scenarios.Rate{Milli: 300, Per: scenarios.Length{Nanos: second}},
			},
			Duplicates: 5 * scenarios.OnePercent,
		},
		Nemesis: &scenarios.Nemesis{
			Every: span(1500*millisecond, 2500*millisecond), Hold: span(200*millisecond, 6*second),
			MaxActive: 20,
		},
		Expect: []scenarios.Expect{{Claim: scenarios.Never{Invariant: 1}}},
		Run:    scenarios.Run{Duration: scenarios.Length{Nanos: length * second}},
	}
}
