package sim

import (
	"bytes"
	"testing"

	"fencepost/core/check"
	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// swarmed returns the swarm's scenario of a seed as a file, so that it has an
// expectation and a mutant to name.
func swarmed(seed uint64) *scenarios.Scenario {
	s := Swarm(tape.Seeded(seed))
	s.Catches = []scenarios.Catch{{"belief-by-flag"}}
	s.Expect = []scenarios.Expect{{Claim: scenarios.Never{Invariant: check.SingleExecutor}}}
	s.Run.Seed = seed
	return s
}

func TestSwarmOfZerosIsACalmDefaultCluster(t *testing.T) {
	s := Swarm(tape.From(zeros{}))
	if len(s.Steps) > 0 || len(s.Cluster.Config) > 0 || s.Cluster.Nodes != 3 || s.TTL() != swarmTTL {
		t.Fatalf("zeros give %s", scenarios.Format(s))
	}
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	if r := NewWorld(p).Run(1); r.Verdict != scenarios.Pass {
		t.Fatalf("the calm cluster ends with %v: %+v", r.Verdict, r.Failure)
	}
}

// zeros answers every draw with the benign choice.
type zeros struct{}

func (zeros) Draw(tape.Name) uint64 { return 0 }

func TestSwarmIsTheSameFromTheSameSeedAndATapeThatWasUsed(t *testing.T) {
	used := tape.Seeded(99)
	Swarm(used)
	for seed := uint64(1); seed <= 50; seed++ {
		used.Seed(seed)
		again, fresh := Swarm(used), Swarm(tape.Seeded(seed))
		if !bytes.Equal(scenarios.Format(again), scenarios.Format(fresh)) {
			t.Fatalf("seed %d: a used tape gives another scenario", seed)
		}
	}
}

func TestSwarmsAreValidFilesThatReplayToTheSameHash(t *testing.T) {
	var w *World
	for seed := uint64(1); seed <= 40; seed++ {
		s := swarmed(seed)
		text := scenarios.Format(s)
		read, err := scenarios.Parse("", text)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var hashes [2]uint64
		for i, from := range []*scenarios.Scenario{s, read} {
			p, err := Compile(from)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if w == nil {
				w = NewWorld(p)
			}
			w.Load(p)
			hashes[i] = w.Run(seed).Hash
		}
		if hashes[0] != hashes[1] {
			t.Fatalf("seed %d: hash %x, and %x after a file in between", seed, hashes[0], hashes[1])
		}
	}
}
