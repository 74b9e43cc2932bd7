package shrink_test

import (
	"fmt"
	"math/rand/v2"

	"fencepost/core"
	"fencepost/scenarios"
)

// dense returns a scenario of many faults, as a search might draw it: three
// nodes, a signal every ten seconds, a fault every two seconds for so many.
func dense(seed uint64, faults int) *scenarios.Scenario {
	r := rand.New(rand.NewPCG(seed, 7))
	millis := func(low, high int64) scenarios.Span {
		return scenarios.Length{Nanos: (low + r.Int64N(high-low+1)) * 1_000_000}.Span()
	}
	s := &scenarios.Scenario{
		Name: fmt.Sprintf("dense-%d", seed), Why: "Many faults.", Tiers: []scenarios.Tier{scenarios.SimTier},
		TierReason: "Drawn.", Catches: []scenarios.Catch{{"blind-retry"}},
		Cluster:  scenarios.Cluster{Nodes: 3},
		Workload: scenarios.Workload{Duplicates: 5 * scenarios.OnePercent},
		Expect:   []scenarios.Expect{{Claim: scenarios.Never{Invariant: 1}}},
		Run: scenarios.Run{
			Duration: scenarios.Length{Nanos: int64(faults)*2_000_000_000 + 1_000_000_000},
		},
	}
	s.Workload.Signals.Rate = scenarios.Rate{Milli: 300, Per: scenarios.Length{Nanos: 1_000_000_000}}
	s.Cluster.Broker.Class = []scenarios.BrokerClass{"A", "B", "C", "D"}[r.IntN(4)]
	s.Cluster.Broker.Ack = scenarios.Span{
		Min: scenarios.Length{Nanos: 5_000_000}, Max: scenarios.Length{Nanos: 1_500_000_000},
	}
	for i := range faults {
		at := scenarios.Length{Nanos: int64(i)*2_000_000_000 + r.Int64N(2_000)*1_000_000}
		s.Steps = append(s.Steps, scenarios.Step{
			Trigger: scenarios.Trigger{Kind: scenarios.AtTrigger, At: at.Span()}, Verb: verb(r, millis),
		})
	}
	return s
}

// verb draws one fault.
func verb(r *rand.Rand, millis func(low, high int64) scenarios.Span) scenarios.Verb {
	who := scenarios.Party{Kind: scenarios.LeaderParty}
	if r.IntN(2) == 0 {
		who = scenarios.Party{Kind: scenarios.NodeParty, Index: 1 + r.IntN(3)}
	}
	hold := millis(200, 15_000)
	stores := []scenarios.PartyKind{
		scenarios.RedisParty, scenarios.PostgresParty, scenarios.BrokerParty, scenarios.AllParty,
	}
	link := scenarios.Link{
		Near: who, Far: scenarios.Party{Kind: stores[r.IntN(4)]},
		Arrow: []scenarios.Arrow{scenarios.Both, scenarios.Towards, scenarios.Back}[r.IntN(3)],
	}
	switch r.IntN(12) {
	case 0:
		return scenarios.Kill{Node: who, Restart: hold}
	case 1:
		return scenarios.Stop{Node: who, Restart: hold}
	case 2, 3:
		return scenarios.Pause{Node: who, For: hold}
	case 4, 5:
		return scenarios.Net{Link: link, Effect: scenarios.Drop, For: hold}
	case 6:
		return scenarios.Net{Link: link, Effect: scenarios.Latency, Delay: millis(10, 2500), For: hold}
	case 7:
		ops := []core.Op{core.Permit, core.TakeEpoch, core.Record, core.Heartbeat, core.Admit, core.Resign}
		link.Far, link.Arrow = scenarios.Party{Kind: scenarios.PostgresParty}, scenarios.Back
		return scenarios.Net{Link: link, Effect: scenarios.CutReply, On: ops[r.IntN(6)], For: hold}
	case 8:
		acts := []scenarios.RedisAct{scenarios.RedisRestart, scenarios.RedisFlush, scenarios.RedisStall}
		v := scenarios.Redis{Act: acts[r.IntN(3)]}
		switch v.Act {
		case scenarios.RedisStall:
			v.For = hold
		case scenarios.RedisRestart:
			v.Down = hold
		default:
		}
		return v
	case 9:
		if r.IntN(2) == 0 {
			return scenarios.Postgres{Act: scenarios.PostgresCrash, Down: hold}
		}
		return scenarios.Postgres{Act: scenarios.PostgresStall, For: hold}
	case 10:
		return scenarios.Clock{Node: who, Jump: millis(-40_000, 40_000), For: hold}
	default:
		return scenarios.Broker{Act: scenarios.BrokerAcceptThenSilence, For: hold}
	}
}
