package shrink_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/internal/mutants"
	"fencepost/internal/mutants/errand"
	"fencepost/internal/shrink"
	"fencepost/scenarios"
)

// planted returns the options to anchor a scenario that cannot be met.
func planted(steps, expect string) shrink.Options {
	return shrink.Options{
		Source: "version: 1\nname: planted\nwhy: A test.\ntiers: [sim]\ntier_reason: It is planted.\n" +
			"catches: [belief-by-flag]\ncluster: {nodes: 3, lease: {ttl: 1s}}\nworkload: {signals: 20/s}\n" +
			"steps:\n" + steps + "expect:\n  - never: single-executor\n  - " + expect +
			"\nrun: {duration: 12ttl}\n",
		Seed: 1, Seeds: 1, Anchor: true,
	}
}

func TestStepsOfAnAnchoredFileWaitForEventsAndStrikeRoles(t *testing.T) {
	t.Parallel()
	// Under seed 1 one of the nodes leads; the file names it.
	for _, node := range []string{"n1", "n2", "n3"} {
		steps := "  - at: 2s\n    kill: {node: " + node + ", restart: 1ttl}\n"
		answer := find(t, planted(steps, "at_most: {event: leader.elected, count: 1}"))
		if !answer.Failing {
			continue // a follower was killed
		}
		if answer.Anchored.Loose() || answer.Anchored.Fails < 20 || answer.Anchored.Instants != 0 {
			t.Fatalf("%+v\n%s", answer.Anchored, answer.Text)
		}
		s, err := scenarios.Parse("", []byte(answer.Text))
		if err != nil {
			t.Fatal(err)
		}
		if !s.Plays(scenarios.RealTier) || !s.Plays(scenarios.SimTier) || s.Run.Seed != 0 {
			t.Errorf("it is not for both worlds\n%s", answer.Text)
		}
		step := s.Steps[0]
		kill, ok := step.Verb.(scenarios.Kill)
		if !ok || step.Trigger.Kind != scenarios.WhenTrigger || kill.Node.Kind != scenarios.LeaderParty {
			t.Errorf("the step strikes %s\n%s", kill.Node, answer.Text)
		}
		return
	}
	t.Error("whoever is killed, nobody else is elected")
}

// TestAnchoringEndsWhenTheEffortIsSpent: the search for a file for both worlds is
// bounded as the one for a short file is, and the number of cores changes nothing.
func TestAnchoringEndsWhenTheEffortIsSpent(t *testing.T) {
	t.Parallel()
	const step = "  - at: 2s\n    kill: {node: leader, restart: 1ttl}\n"
	o := planted(step, "at_most: {event: leader.elected, count: 1}")
	free := find(t, o)
	if free.Spent || free.Anchored.Loose() {
		t.Fatalf("%+v", free)
	}
	for effort := int64(1); effort < free.Events; effort += free.Events / 5 {
		o.Effort, o.Workers = effort, 1
		alone := find(t, o)
		o.Workers = 4
		together := find(t, o)
		if !alone.Failing || !alone.Spent || alone.Events > effort+free.Events*2/3 {
			t.Errorf("with %d events: %d events, spent: %t", effort, alone.Events, alone.Spent)
		}
		if alone.Text != together.Text || alone.Events != together.Events {
			t.Errorf("with %d events: %d events on one core, %d on four\n%s\n%s", effort, alone.Events,
				together.Events, alone.Text, together.Text)
		}
	}
	o.Effort = 1
	if answer := find(t, o); !answer.Anchored.Loose() || answer.Events > free.Events/2 {
		t.Errorf("without effort: %+v after %d events of %d", answer.Anchored, answer.Events, free.Events)
	}
}

// TestFailuresOfTheSwarmAreAnchored: what the simulator's random campaign finds of
// four mistakes becomes a file for both worlds, which fails in the same way on the
// program with the mistake, and passes without it, under the file's own seeds.
func TestFailuresOfTheSwarmAreAnchored(t *testing.T) {
	t.Parallel()
	tree, err := mutants.FindTree()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"belief-by-flag", "permit-without-epoch", "keeps-leading-without-heartbeat", "fails-open",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made, err := mutants.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			runner, err := tree.Build(t.Context(), made, "")
			if err != nil {
				t.Fatal(err)
			}
			for seed := uint64(1); seed <= 60; seed++ {
				answer := swarmed(t, runner, name, seed)
				if answer == nil {
					continue
				}
				holds(t, runner, name, answer)
				return
			}
			t.Error("sixty swarms did not bring it to fall in a way that can be anchored")
		})
	}
}

// swarmed anchors what the runner does with a swarm, or returns nil if it does not
// fail, or cannot be anchored.
func swarmed(t *testing.T, runner, mutant string, seed uint64) *shrink.Answer {
	t.Helper()
	o := shrink.Drawn(seed, []scenarios.Catch{{mutant}})
	o.Mutant, o.Anchor, o.Name = mutant, true, "anchored-"+mutant
	answer, lawful, err := shrink.Settle(t.Context(), o,
		func(ctx context.Context, o *shrink.Options) (*shrink.Answer, error) {
			a := &shrink.Answer{}
			return a, mutants.Ask(ctx, runner, errand.Shrink, mutant, o, a, nil)
		})
	if err != nil {
		t.Fatal(err)
	}
	if !answer.Failing || lawful != scenarios.Pass || answer.Anchored.Loose() {
		return nil
	}
	return answer
}

// holds plays an anchored file from the disk, as anyone would.
func holds(t *testing.T, runner, mutant string, answer *shrink.Answer) {
	t.Helper()
	t.Logf("%s: %s, %+v\n%s", mutant, answer.Kind, answer.Anchored, answer.Text)
	s, err := scenarios.Parse("", []byte(answer.Text))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Plays(scenarios.RealTier) || answer.Anchored.Instants == len(s.Steps) {
		t.Errorf("no step waits for an event\n%s", answer.Text)
	}
	file := filepath.Join(t.TempDir(), s.Name+".yaml")
	if err := os.WriteFile(file, []byte(answer.Text), 0o600); err != nil {
		t.Fatal(err)
	}
	seeds := s.WithDefaults().Run.Seeds.Sim
	report, err := mutants.Play(t.Context(), runner, mutant, errand.RunOptions{
		Scenario: file, Argument: file, First: 1, Count: seeds,
	})
	if err != nil {
		t.Fatal(err)
	}
	alike := 0
	for i := range report.Runs {
		if v := report.Runs[i].Violation; v != nil && strings.HasPrefix(v.Invariant+v.Expect, answer.Kind) {
			alike++
		}
	}
	if alike != answer.Anchored.Fails || alike < seeds/4 {
		t.Errorf("%d of %d runs break %s, %d were promised\n%s", alike, seeds, answer.Kind,
			answer.Anchored.Fails, answer.Text)
	}
	for seed := 1; seed <= seeds; seed++ {
		if r := playUnder(t, answer.Text, uint64(seed)); r.Verdict != scenarios.Pass {
			t.Errorf("without the mistake seed %d: %v, %v", seed, r.Verdict, r.Failure)
		}
	}
}
