package sim

import (
	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// mixSize is how finely a mix divides its weights.
const mixSize = 1 << 10

// Mix is a set of weights made ready for drawing. The zero value draws nothing.
type Mix struct {
	kinds [mixSize]FaultKind
	size  int
}

// Set makes the mix one of these weights. Every kind that has a weight has a
// share.
func (m *Mix) Set(weights *Weights) {
	total := 0
	for _, weight := range weights {
		total += int(weight)
	}
	m.size = 0
	for k := NoFault + 1; k < FaultTotal; k++ {
		if weights[k] == 0 {
			continue
		}
		share := max(int(weights[k])*(mixSize-int(FaultTotal))/total, 1)
		for range share {
			m.kinds[m.size] = k
			m.size++
		}
	}
}

// draw returns the kind that the bits mean: no fault from zero.
func (m *Mix) draw(bits uint64) FaultKind {
	if bits == 0 || m.size == 0 {
		return NoFault
	}
	return m.kinds[(bits-1)%uint64(m.size)]
}

// compilePlan resolves the file's nemesis. What a single Redis cannot do is left
// out.
func compilePlan(s *scenarios.Scenario, drift int64, named bool) *Plan {
	v, ttl := s.Nemesis, s.TTL()
	p := &Plan{
		Nodes: s.Cluster.Nodes, TTL: ttl, Until: s.Run.Duration.Resolve(ttl), MaxActive: v.MaxActive,
		Protect:    v.Protect == scenarios.ProtectOneNode,
		QuietEvery: v.QuietEvery.Resolve(ttl), QuietFor: v.QuietFor.Resolve(ttl), Drift: drift,
	}
	p.EveryMin, p.EveryMax = v.Every.Resolve(ttl)
	p.HoldMin, p.HoldMax = v.Hold.Resolve(ttl)
	weights := DefaultWeights()
	if named {
		weights = namedWeights(v)
	}
	if s.Cluster.Redis.Mode != scenarios.ReplicatedRedis {
		weights[RedisFailover], weights[RedisSplit] = 0, 0
	}
	p.Mix.Set(&weights)
	return p
}

// namedWeights spreads the weights of a file's verbs over their kinds.
func namedWeights(v *scenarios.Nemesis) Weights {
	var weights Weights
	for _, w := range v.Weights {
		total := 0
		for k := range kinds {
			if kinds[k].verb == w.Verb {
				total += int(kinds[k].weight)
			}
		}
		for k := range kinds {
			if kinds[k].verb == w.Verb {
				// A verb's kinds weigh together what the file says.
				weights[k] = uint16(int(kinds[k].weight) * w.Weight * 60 / max(total, 1))
			}
		}
	}
	return weights
}

// Faults returns what the program's nemesis does under the seed, in the order of
// DrawPlan; nothing without a nemesis. The other engine plays the same.
func (p *Program) Faults(seed uint64) []Fault {
	if p.plan == nil {
		return nil
	}
	var t tape.Tape
	t.Seed(seed)
	t.Begin(p.nodes, p.ids)
	return DrawPlan(&t, p.plan, nil)
}
