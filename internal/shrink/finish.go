package shrink

import (
	"errors"
	"fmt"
	"strings"

	"fencepost/scenarios"
	"fencepost/sim"
)

// begin looks for a seed that fails and makes its run the present one.
func (t *task) begin(s *scenarios.Scenario) (bool, error) {
	program, err := sim.Compile(s)
	if err != nil {
		return false, err
	}
	s = copied(s)
	s.Tiers = []scenarios.Tier{scenarios.SimTier} // until anchor makes it one for both worlds
	world := sim.NewWorld(program)
	for seed := t.o.Seed; seed < t.o.Seed+uint64(max(t.o.Seeds, 1)) && t.ctx.Err() == nil; seed++ {
		r, whole := play(world, seed)
		t.runs++
		t.events += r.Events
		kind, failed := kindOf(&r)
		if wanted := t.o.Like == "" || kind.String() == t.o.Like; !failed || !wanted {
			t.met[wayOf(&r)]++
			failed = false
		}
		if failed {
			t.kind, t.seed, t.result = kind, seed, r
			t.events = r.Events // looking for the failure is not part of the effort
			if s.Nemesis != nil && whole {
				if s, err = t.spellOut(s, world.Plan(nil)); err != nil {
					return false, err
				}
			}
			return true, t.focus(s)
		}
		if !whole {
			world = sim.NewWorld(program)
		}
	}
	return false, nil
}

// focus makes the first stage: the scenario as it was, but with the one
// expectation that is broken.
func (t *task) focus(s *scenarios.Scenario) error {
	c := copied(s)
	c.Expect = needed(s, t.result.Failure)
	if len(c.Expect) == 0 {
		// A panic breaks no expectation: the file keeps its own.
		c.Expect = copied(s).Expect
	}
	c.Run.Timeout, c.Run.Seeds = scenarios.Length{}, scenarios.Seeds{}
	c.Assume.MinTraffic, c.Assume.HarnessStall = scenarios.Rate{}, scenarios.Length{}
	t.size = measureOf(c)
	if r, alike := t.replay(c); alike {
		t.result = r
	} else {
		c = copied(s)
	}
	found := trial{alike: true, seed: t.seed, result: t.result}
	stage, err := t.o.stage(c, &found, "as it was found")
	if err != nil {
		return fmt.Errorf("shrink: what is to be shrunk does not stand as a file: %w", err)
	}
	t.now, t.size, t.stages = c, measureOf(c), []Stage{*stage}
	return nil
}

// replay plays a scenario under the present seed.
func (t *task) replay(s *scenarios.Scenario) (sim.Result, bool) {
	found := try(nil, s, []uint64{t.seed}, t.kind)
	t.runs += found.runs
	t.events += found.events
	return found.result, found.alike
}

// lowerSeed looks for the first of the small seeds under which the present
// scenario fails: it is easier to say.
func (t *task) lowerSeed() {
	var seeds []uint64
	for seed := uint64(1); seed < min(t.seed, 2*reseeds); seed++ {
		seeds = append(seeds, seed)
	}
	found := try(nil, t.now, seeds, t.kind)
	t.runs += found.runs
	t.events += found.events
	if found.alike {
		t.take(candidate{t.now, "a smaller seed"}, &found)
	}
}

// inOrder lists the steps as they happen, if that makes no difference.
func (t *task) inOrder() {
	c := copied(t.now)
	for k, i := range byTime(t.now) {
		c.Steps[k] = t.now.Steps[i]
	}
	found := try(nil, c, []uint64{t.seed}, t.kind)
	t.runs += found.runs
	t.events += found.events
	if found.alike && bare(c) != bare(t.now) {
		t.take(candidate{c, "in order"}, &found)
	}
}

// stage dresses a candidate up as a file. The error says why it is none.
func (o *Options) stage(s *scenarios.Scenario, found *trial, what string) (*Stage, error) {
	c := copied(s)
	o.dress(c, found)
	text := scenarios.Format(c)
	if _, err := scenarios.Parse("", text); err != nil {
		return nil, err
	}
	return &Stage{Key: key(s, found.seed), What: what, Text: string(text)}, nil
}

// dress gives the scenario what every file has.
func (o *Options) dress(s *scenarios.Scenario, found *trial) {
	kind, _ := kindOf(&found.result)
	s.Name = o.Name
	if s.Name == "" {
		s.Name = fmt.Sprintf("shrunk-%s-%d", kind, o.Seed)
	}
	s.Why = fmt.Sprintf("Breaks %s: %s", kind, sentence(found.result.Failure.Detail))
	if kind.Invariant == 0 {
		s.Why = fmt.Sprintf("Does not meet %s: %s", kind, sentence(found.result.Failure.Detail))
	}
	if o.Origin != "" {
		s.Why += " Found by " + o.Origin + "."
	}
	if catch, ok := scenarios.CatchOf(o.Mutant); ok {
		s.Catches = []scenarios.Catch{catch}
	}
	if forBoth(s) {
		return
	}
	s.Tiers, s.TierReason = []scenarios.Tier{scenarios.SimTier},
		"The failure is pinned to one schedule of the simulator."
	s.Tags = []string{"shrunk"}
	s.Run.Seed = found.seed
}

// sentence makes the first line of a detail end with a full stop.
func sentence(detail string) string {
	line, _, _ := strings.Cut(detail, "\n")
	return strings.TrimRight(line, ". ") + "."
}

// answer plays the last stage as a reader of the file would, and describes it.
func (t *task) answer(a *Answer) error {
	found, err := scenarios.Parse("", []byte(t.stages[0].Text))
	if err != nil {
		return fmt.Errorf("shrink: read the first stage: %w", err)
	}
	last := t.stages[len(t.stages)-1]
	s, err := scenarios.Parse("", []byte(last.Text))
	if err != nil {
		return fmt.Errorf("shrink: read the result: %w", err)
	}
	again := try(nil, s, []uint64{t.seed}, t.kind)
	if !again.alike || again.result.Hash != t.result.Hash {
		return errors.New("shrink: the result does not replay; its text is\n" + last.Text)
	}
	a.Kind, a.Seed, a.Text, a.Stages = t.kind.String(), t.seed, last.Text, t.stages
	a.At, a.Detail = float64(again.result.Failure.At)/1e9, again.result.Failure.Detail
	a.Hash = fmt.Sprintf("%016x", again.result.Hash)
	a.Before, a.After = sizeOf(found), sizeOf(s)
	return nil
}

// sizeOf measures a scenario for people.
func sizeOf(s *scenarios.Scenario) Size {
	return Size{
		Faults: len(s.Steps), Nodes: s.WithDefaults().Cluster.Nodes, Lines: stepLines(scenarios.Format(s)),
	}
}

// stepLines counts the lines of the file's steps.
func stepLines(text []byte) int {
	n, inside := 0, false
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, " ") {
			inside = strings.HasPrefix(line, "steps:")
			continue
		}
		if inside {
			n++
		}
	}
	return n
}
