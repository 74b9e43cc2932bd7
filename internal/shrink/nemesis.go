package shrink

import (
	"fmt"

	"fencepost/scenarios"
	"fencepost/sim"
)

// written returns the scenario with what its nemesis did in a run as explicit
// steps behind its own.
func written(s *scenarios.Scenario, plan []sim.Fault) *scenarios.Scenario {
	c := copied(s)
	c.Nemesis = nil
	for _, f := range plan {
		c.Steps = append(c.Steps, f.Step())
	}
	return c
}

// spellOut replaces the nemesis by the faults that it drew, if they fail alike:
// under the same seed as a rule, else under another.
func (t *task) spellOut(s *scenarios.Scenario, plan []sim.Fault) (*scenarios.Scenario, error) {
	seeds := []uint64{t.seed}
	for seed := uint64(1); seed <= 4*reseeds; seed++ {
		seeds = append(seeds, seed)
	}
	c := written(s, plan)
	found := try(nil, c, seeds, t.kind)
	t.runs += found.runs
	t.events += found.events
	if !found.alike {
		return nil, fmt.Errorf("shrink: seed %d of %s breaks %s, but what its nemesis drew (%s), "+
			"written out as steps, does not", t.seed, s.Name, t.kind, scenarios.Plural(len(plan), "fault"))
	}
	t.seed, t.result = found.seed, found.result
	return c, nil
}
