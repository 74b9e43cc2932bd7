package scenarios

import "slices"

// defaultTTL is the lease of a file that names none.
const defaultTTL = 10 * second

// TTL returns the lease in nanoseconds: the unit `ttl` of this file.
func (s *Scenario) TTL() int64 {
	if s.Cluster.Lease.TTL.IsZero() {
		return defaultTTL
	}
	return s.Cluster.Lease.TTL.Nanos
}

// WithDefaults returns a copy in which absent fields have the values that the
// format gives them. Fields whose default is the service's own, and fields
// without a default, stay zero. The original is not changed; steps and
// expectations are shared with it where they have no defaults.
func (s *Scenario) WithDefaults() *Scenario {
	full := *s
	full.Cluster = s.Cluster.withDefaults(s.wantsReplica())
	w := &full.Workload
	fill(&w.Instruments, 1)
	fill(&w.To, ToAny)
	fill(&w.Retry.Timeout, Length{Nanos: 3 * second})
	fill(&w.Retry.Attempts, 4)
	fill(&full.Assume.ClockDrift, OnePercent)
	fill(&full.Run.Duration, ttls(20))
	fill(&full.Run.Settle, ttls(3))
	fill(&full.Run.Timeout, Length{Nanos: 2 * minute})
	fill(&full.Run.Seeds.Sim, 200)
	fill(&full.Run.Seeds.Real, 3)
	if s.Nemesis != nil {
		n := s.Nemesis.withDefaults()
		full.Nemesis = &n
	}
	full.Steps = slices.Clone(s.Steps)
	for i := range full.Steps {
		full.Steps[i] = full.Steps[i].withDefaults()
	}
	full.Expect = slices.Clone(s.Expect)
	for i, e := range full.Expect {
		switch claim := e.Claim.(type) {
		case Recover:
			fill(&claim.Rate, 90*OnePercent)
			full.Expect[i].Claim = claim
		case Sometimes:
			fill(&claim.AtLeast, 1)
			full.Expect[i].Claim = claim
		}
	}
	return &full
}

func (k Cluster) withDefaults(replica bool) Cluster {
	fill(&k.Nodes, 3)
	fill(&k.Lease.TTL, Length{Nanos: defaultTTL})
	fill(&k.Lease.Renew, Length{TTLs: 3 * OneTTL / 10})
	fill(&k.StaleAfter, ttls(3))
	if replica {
		fill(&k.Redis.Mode, ReplicatedRedis)
	}
	fill(&k.Redis.Mode, SingleRedis)
	fill(&k.Redis.Durability, AOFAlways)
	fill(&k.Broker.Class, ClassD)
	fill(&k.Broker.Ack, Span{Length{Nanos: 5 * millisecond}, Length{Nanos: 20 * millisecond}})
	fill(&k.Intake, IntakeAny)
	return k
}

func (n Nemesis) withDefaults() Nemesis {
	fill(&n.Hold, Span{Length{TTLs: OneTTL / 2}, ttls(2)})
	fill(&n.MaxActive, 2)
	fill(&n.Protect, ProtectNone)
	if !n.QuietEvery.IsZero() {
		fill(&n.QuietFor, ttls(5))
	}
	if len(n.Weights) == 0 {
		for _, verb := range verbNames {
			n.Weights = append(n.Weights, Weight{verb, 1})
		}
	}
	return n
}

func (s Step) withDefaults() Step {
	if s.Trigger.Kind == WhenTrigger {
		fill(&s.Trigger.When.Node, Party{Kind: AnyParty})
		fill(&s.Trigger.When.Nth, Count{1, 1})
	}
	switch v := s.Verb.(type) {
	case Webhook:
		switch v.Act {
		case WebhookBurst:
			fill(&v.Count, Count{10, 10})
		case WebhookDuplicate:
			fill(&v.Count, Count{2, 2})
		case WebhookReplay, WebhookMalformed:
			fill(&v.Count, Count{1, 1})
		}
		fill(&v.To, Party{Kind: AnyParty})
		s.Verb = v
	case Operator:
		if v.Act == OperatorAttest {
			fill(&v.Verdict, VerdictTrue)
		}
		s.Verb = v
	case Roll:
		fill(&v.How, Graceful)
		fill(&v.To, SameRelease)
		s.Verb = v
	}
	return s
}

// wantsReplica tells whether a step speaks of a replica of Redis.
func (s *Scenario) wantsReplica() bool {
	for _, step := range s.Steps {
		switch v := step.Verb.(type) {
		case Redis:
			if v.Act == RedisFailover || v.Act == RedisSplit {
				return true
			}
		case Net:
			if v.Link.Near.Kind == ReplicaParty || v.Link.Far.Kind == ReplicaParty {
				return true
			}
		}
	}
	return false
}

func ttls(n int64) Length { return Length{TTLs: n * OneTTL} }

// fill sets a value that is zero.
func fill[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}
