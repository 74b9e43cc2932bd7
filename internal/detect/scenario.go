package detect

import (
	"fmt"
	"time"

	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/scenarios"
)

// TTL is the lease of every run: that of the shipped scenarios.
const TTL = time.Second

// PerRun is how many faults one run of a kind holds.
const PerRun = 10

// perTTL is how many signals are offered in each ttl.
const perTTL = 20

// ttls returns so many thousandths of a ttl.
func ttls(thousandths int64) scenarios.Length {
	return scenarios.Length{TTLs: thousandths * scenarios.OneTTL / 1000}
}

// between is a range in thousandths of a ttl.
func between(low, high int64) scenarios.Span {
	return scenarios.Span{Min: ttls(low), Max: ttls(high)}
}

// first is when the first fault strikes.
var first = between(1500, 2000)

// Scenario is the scenario of a run: so many faults of the kind, one after the
// other, each after the last one has healed and was settled.
func (k *Kind) Scenario(faults int) *scenarios.Scenario {
	s := &scenarios.Scenario{
		Name: "detect-" + k.Name,
		Why: fmt.Sprintf("To measure how it is noticed and overcome: %s, %s.", k.Means,
			scenarios.Plural(faults, "time")),
		Tiers:   []scenarios.Tier{scenarios.SimTier, scenarios.RealTier},
		Catches: []scenarios.Catch{{"belief-by-flag"}},
		Cluster: scenarios.Cluster{
			Nodes: 3, Lease: scenarios.Lease{TTL: scenarios.Length{Nanos: int64(TTL)}},
			Redis:  scenarios.RedisSetup{Durability: scenarios.AOFAlways},
			Broker: scenarios.BrokerSetup{Class: scenarios.ClassA},
		},
		Workload: scenarios.Workload{
			Signals:     scenarios.Signals{Rate: scenarios.Rate{Milli: perTTL * 1000, Per: ttls(1000)}},
			Instruments: 4, Retry: scenarios.Retry{Timeout: ttls(1000), Attempts: 4},
		},
		Assume: scenarios.Assume{
			ClockDrift: scenarios.OnePercent, Postgres: scenarios.Durable, Redis: scenarios.Durable,
			HarnessStall: scenarios.Length{Nanos: int64(250 * time.Millisecond)},
		},
		Expect: []scenarios.Expect{
			{Claim: scenarios.Never{Invariant: check.SingleExecutor}},
			{Claim: scenarios.Never{Invariant: check.NoStaleEffect}},
		},
	}
	if k.MayOverlap {
		s.Cluster.Redis.Durability, s.Assume.Redis = scenarios.NoDurability, scenarios.MayLoseAckedWrites
	} else {
		s.Expect = append(s.Expect, scenarios.Expect{Claim: scenarios.Never{Invariant: check.SingleBeliever}})
	}
	length := k.steps(s, faults)
	s.Run = scenarios.Run{
		Duration: length, Settle: ttls(1000), Seeds: scenarios.Seeds{Sim: 100, Real: 1},
		Timeout: length.Plus(ttls(60_000)),
	}
	return s
}

// coming is what a run allows for a process or a store to come up again, and for
// what wakes or is connected by itself.
func (k *Kind) coming() scenarios.Length {
	switch k.verb.(type) {
	case scenarios.Pause, scenarios.Net:
		return ttls(50)
	default:
		return restarting
	}
}

// restarting is how long a restart takes at the most.
var restarting = ttls(600)

// steps adds the faults, and returns how long it takes until the last one is
// settled.
func (k *Kind) steps(s *scenarios.Scenario, faults int) scenarios.Length {
	length, before := first.Max, scenarios.Moment{}
	for i := range faults {
		id := fmt.Sprintf("hit%d", i+1)
		step := scenarios.Step{ID: id, Verb: k.verb, Trigger: scenarios.Trigger{
			Kind: scenarios.AtTrigger, At: first,
		}}
		switch {
		case k.atPermit:
			step.Trigger = k.permit(i)
		case i > 0:
			step.Trigger = scenarios.Trigger{Kind: scenarios.AfterTrigger, After: before, Plus: k.again}
		}
		s.Steps = append(s.Steps, step)
		before = scenarios.Moment{Step: id, End: true}
		length = length.Plus(k.again.Max)
		if k.atPermit {
			continue
		}
		length = length.Plus(k.holds()).Plus(k.coming())
		if k.handsBack {
			back := fmt.Sprintf("back%d", i+1)
			s.Steps = append(s.Steps, scenarios.Step{
				ID: back, Verb: scenarios.Stop{Node: leader, Restart: ttls(500).Span()},
				Trigger: scenarios.Trigger{
					Kind: scenarios.AfterTrigger, After: before, Plus: ttls(1000).Span(),
				},
			})
			before = scenarios.Moment{Step: back, End: true}
			length = length.Plus(ttls(1500)).Plus(restarting)
		}
	}
	return length.Plus(ttls(500))
}

// permit is the trigger of a fault that strikes as the leader asks for a permit:
// one for each signal, so that their number tells the time.
func (k *Kind) permit(index int) scenarios.Trigger {
	until := func(each scenarios.Length) int {
		passed := first.Min.TTLs + int64(index)*each.TTLs
		return int(passed * perTTL / scenarios.OneTTL)
	}
	return scenarios.Trigger{Kind: scenarios.WhenTrigger, When: scenarios.When{
		Event: event.PermitRequested, Node: leader,
		Nth: scenarios.Count{Min: until(k.again.Min), Max: until(k.again.Min) + perTTL/4},
	}}
}

// holds is how long the fault lasts at the most.
func (k *Kind) holds() scenarios.Length {
	switch v := k.verb.(type) {
	case scenarios.Kill:
		return v.Restart.Max
	case scenarios.Stop:
		return v.Restart.Max
	case scenarios.Pause:
		return v.For.Max
	case scenarios.Net:
		return v.For.Max
	case scenarios.Redis:
		return v.For.Max.Plus(v.Down.Max)
	case scenarios.Postgres:
		return v.Down.Max
	default:
		return scenarios.Length{}
	}
}
