package sim

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// histogram counts what the swarm draws over many seeds: a slip in a generator
// that caps a length or never takes a branch hides a bug for ever.
type histogram map[string]int

// count counts a value by its group.
func (h histogram) count(group, value string) { h[group+": "+value]++ }

// bucket names the power of two below a length in hundredths of a ttl.
func bucket(s scenarios.Span, ttl int64) string {
	low, _ := s.Resolve(ttl)
	parts, edge := low*hundredth/ttl, int64(1)
	if parts < 1 {
		return "under 0.01ttl"
	}
	for edge*2 <= parts {
		edge *= 2
	}
	return fmt.Sprintf("from %d.%02dttl", edge/hundredth, edge%hundredth)
}

// lasts returns for how long a verb breaks something.
func lasts(verb scenarios.Verb) scenarios.Span {
	switch v := verb.(type) {
	case scenarios.Kill:
		return v.Restart
	case scenarios.Stop:
		return v.Restart
	case scenarios.Pause:
		return v.For
	case scenarios.Net:
		return v.For
	default:
		return scenarios.Span{}
	}
}

// drawn fills the histogram from so many seeds.
func drawn(seeds uint64) histogram {
	h := histogram{}
	for seed := uint64(1); seed <= seeds; seed++ {
		s := Swarm(tape.Seeded(seed))
		c := &s.Cluster
		h.count("nodes", fmt.Sprint(c.Nodes))
		h.count("class", string(c.Broker.Class))
		h.count("ttl", c.Lease.TTL.String())
		h.count("durability", string(c.Redis.Durability))
		h.count("redis", "mode "+string(c.Redis.Mode))
		h.count("intake", "mode "+string(c.Intake))
		h.count("to", string(s.Workload.To))
		h.count("settings", fmt.Sprint(len(c.Config)))
		h.count("steps", fmt.Sprintf("%d00s", len(s.Steps)/100))
		verbs := map[string]bool{}
		for _, step := range s.Steps {
			h.count("trigger", step.Trigger.Kind.String())
			h.count("verb", step.Verb.Word())
			verbs[step.Verb.Word()] = true
			if span := lasts(step.Verb); !span.IsZero() {
				h.count("lasts", bucket(span, s.TTL()))
			}
			if step.Heals == scenarios.HealsNever {
				h.count("for good", step.Verb.Word())
			}
		}
		h.count("kinds of verb", fmt.Sprint(len(verbs)))
	}
	return h
}

func TestHistogramOfTheSwarmHasNoHoles(t *testing.T) {
	const seeds = 2000
	h := drawn(seeds)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		t.Logf("%6d  %s", h[name], name)
	}
	for _, want := range []string{
		"nodes: 2", "nodes: 3", "nodes: 4", "nodes: 5", "class: A", "class: B", "class: C", "class: D",
		"ttl: 5s", "ttl: 10s", "ttl: 20s", "durability: none", "durability: aof_everysec",
		"durability: aof_always", "redis: mode replicated", "redis: mode ", "intake: mode leader-only",
		"to: any", "to: leader", "to: follower", "to: all", "settings: 0", "settings: 4", "trigger: at",
		"trigger: when", "trigger: after", "for good: kill", "for good: pause", "for good: net",
		"for good: redis", "lasts: from 0.01ttl", "lasts: from 0.16ttl", "lasts: from 0.64ttl",
		"lasts: from 1.28ttl", "lasts: from 2.56ttl", "kinds of verb: 2", "kinds of verb: 8",
	} {
		if h[want] < seeds/100 {
			t.Errorf("of %d clusters %d have %q", seeds, h[want], want)
		}
	}
	for _, word := range markedWords {
		if h["verb: "+word[0]] < seeds/100 {
			t.Errorf("%d steps of %d clusters are a %s", h["verb: "+word[0]], seeds, word[0])
		}
	}
}
