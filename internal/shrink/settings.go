package shrink

import (
	"fmt"

	"fencepost/scenarios"
)

// edit is one change of a copy of the scenario.
type edit struct {
	what   string
	change func(s *scenarios.Scenario)
}

// edited returns a candidate for each edit.
func edited(s *scenarios.Scenario, edits []edit) []candidate {
	list := make([]candidate, len(edits))
	for i, e := range edits {
		c := copied(s)
		e.change(c)
		list[i] = candidate{c, e.what}
	}
	return list
}

// plainSettings puts settings back to their defaults: all at once, then by
// groups, then one by one.
func plainSettings(s *scenarios.Scenario) []candidate {
	return edited(s, []edit{
		{"nothing but the faults", func(s *scenarios.Scenario) {
			s.Cluster = scenarios.Cluster{Nodes: s.Cluster.Nodes}
			s.Workload, s.Assume = scenarios.Workload{}, scenarios.Assume{}
		}},
		{"the cluster as it is by default", func(s *scenarios.Scenario) {
			s.Cluster = scenarios.Cluster{Nodes: s.Cluster.Nodes, Lease: s.Cluster.Lease}
		}},
		{"no signals", func(s *scenarios.Scenario) { s.Workload = scenarios.Workload{} }},
		{"plain signals", func(s *scenarios.Scenario) {
			s.Workload = scenarios.Workload{Signals: s.Workload.Signals, Every: s.Workload.Every}
		}},
		{"no assumptions", func(s *scenarios.Scenario) { s.Assume = scenarios.Assume{} }},
		{"no settings", func(s *scenarios.Scenario) { s.Cluster.Config = nil }},
		{"the default lease", func(s *scenarios.Scenario) { s.Cluster.Lease = scenarios.Lease{} }},
		{"the default renewal", func(s *scenarios.Scenario) { s.Cluster.Lease.Renew = scenarios.Length{} }},
		{"the usual stale_after", func(s *scenarios.Scenario) { s.Cluster.StaleAfter = scenarios.Length{} }},
		{"the default Redis", func(s *scenarios.Scenario) { s.Cluster.Redis = scenarios.RedisSetup{} }},
		{"the default mode of Redis", func(s *scenarios.Scenario) { s.Cluster.Redis.Mode = "" }},
		{"the default durability", func(s *scenarios.Scenario) { s.Cluster.Redis.Durability = "" }},
		{"the default pool", func(s *scenarios.Scenario) { s.Cluster.Postgres = scenarios.PostgresSetup{} }},
		{"the default broker", func(s *scenarios.Scenario) { s.Cluster.Broker = scenarios.BrokerSetup{} }},
		{"the default class", func(s *scenarios.Scenario) { s.Cluster.Broker.Class = "" }},
		{"the default answer time", func(s *scenarios.Scenario) { s.Cluster.Broker.Ack = scenarios.Span{} }},
		{"the default intake", func(s *scenarios.Scenario) { s.Cluster.Intake = "" }},
		{"one instrument", func(s *scenarios.Scenario) { s.Workload.Instruments = 0 }},
		{"no exits", func(s *scenarios.Scenario) { s.Workload.Exits = 0 }},
		{"no duplicates", func(s *scenarios.Scenario) { s.Workload.Duplicates = 0 }},
		{"no reordering", func(s *scenarios.Scenario) { s.Workload.Reorder = scenarios.Length{} }},
		{"any instance", func(s *scenarios.Scenario) { s.Workload.To = "" }},
		{"the default retry", func(s *scenarios.Scenario) { s.Workload.Retry = scenarios.Retry{} }},
		{"no expiry", func(s *scenarios.Scenario) { s.Workload.ValidFor = scenarios.Length{} }},
		{"the default drift", func(s *scenarios.Scenario) { s.Assume.ClockDrift = 0 }},
	})
}

// fewerSettings leaves out one setting of the service after the other.
func fewerSettings(s *scenarios.Scenario) []candidate {
	var edits []edit
	for i, setting := range s.Cluster.Config {
		edits = append(edits, edit{"without " + setting.Name, func(s *scenarios.Scenario) {
			s.Cluster.Config = append(s.Cluster.Config[:i:i], s.Cluster.Config[i+1:]...)
		}})
	}
	return edited(s, edits)
}

// fewerSignals offers a few counted signals instead of many.
func fewerSignals(s *scenarios.Scenario) []candidate {
	if s.Workload.Signals == (scenarios.Signals{}) {
		return nil
	}
	var edits []edit
	for _, count := range []int{1, 2, 3, 5, 10, 20} {
		for _, every := range []int64{10, 5, 2, 1} {
			edits = append(edits, edit{fmt.Sprintf("%d signals", count), func(s *scenarios.Scenario) {
				s.Workload.Signals = scenarios.Signals{Count: count}
				s.Workload.Every = tenths(every).Span()
			}})
		}
	}
	for _, per := range []int64{1, 2, 5, 10} {
		edits = append(edits, edit{fmt.Sprintf("%d signals in a ttl", per), func(s *scenarios.Scenario) {
			rate := scenarios.Rate{Milli: 1000 * per, Per: tenths(10)}
			s.Workload.Signals, s.Workload.Every = scenarios.Signals{Rate: rate}, scenarios.Span{}
		}})
	}
	return edited(s, edits)
}

// fewerNodes makes the cluster smaller. Nodes that the steps name move
// together.
func fewerNodes(s *scenarios.Scenario) []candidate {
	have := s.WithDefaults().Cluster.Nodes
	var list []candidate
	for n := 1; n < have; n++ {
		if c := crowded(s, n); c != nil {
			list = append(list, candidate{c, fmt.Sprintf("%d nodes", n)})
		}
	}
	return list
}

// crowded returns the scenario for a cluster of n nodes, or nil if its steps
// name more of them.
func crowded(s *scenarios.Scenario, n int) *scenarios.Scenario {
	named := map[int]int{}
	free := 1
	largest := 0
	note := func(p scenarios.Party) scenarios.Party {
		if p.Kind == scenarios.NodeParty {
			named[p.Index] = p.Index
			largest = max(largest, p.Index)
		}
		return p
	}
	for _, step := range s.Steps {
		parties(step, note)
	}
	if len(named) > n {
		return nil
	}
	if largest > n {
		// Those that have a place keep it; the others take the free ones.
		for k := 1; k <= largest; k++ {
			if named[k] <= n {
				continue
			}
			for named[free] != 0 {
				free++
			}
			named[k], named[free] = free, free
		}
	}
	c := copied(s)
	c.Cluster.Nodes = n
	for i, step := range c.Steps {
		c.Steps[i] = parties(step, func(p scenarios.Party) scenarios.Party {
			if p.Kind == scenarios.NodeParty {
				p.Index = named[p.Index]
			}
			return p
		})
	}
	for _, e := range c.Expect {
		switch v := e.Claim.(type) {
		case scenarios.Detect:
			note(v.Node)
		case scenarios.Metric:
			note(v.Node)
		}
	}
	if largest > n {
		for _, e := range c.Expect {
			if e.Claim.Word() == "detect" || e.Claim.Word() == "metric" {
				return nil
			}
		}
	}
	return c
}
