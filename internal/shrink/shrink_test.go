package shrink_test

import (
	"strings"
	"testing"

	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/internal/mutants"
	"fencepost/internal/shrink"
	"fencepost/scenarios"
	"fencepost/sim"
)

// failing returns a scenario of many faults that expects what cannot be: that
// the event never happens.
func failing(t *testing.T, seed uint64, what event.Event) shrink.Options {
	t.Helper()
	s := dense(seed, 80)
	final := scenarios.Final{States: []scenarios.FinalState{scenarios.LedgerEqualsBroker}}
	s.Expect = append(s.Expect,
		scenarios.Expect{Claim: scenarios.No{Event: what}}, scenarios.Expect{Claim: final})
	return shrink.Options{Source: string(scenarios.Format(s)), Seed: seed}
}

func find(t *testing.T, o shrink.Options) *shrink.Answer {
	t.Helper()
	answer, err := shrink.Find(t.Context(), &o)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// plays runs the text under its own seed.
func plays(t *testing.T, text string) sim.Result {
	t.Helper()
	return playUnder(t, text, 0)
}

// playUnder runs the text under the seed, or under its own.
func playUnder(t testing.TB, text string, seed uint64) sim.Result {
	t.Helper()
	s, err := scenarios.Parse("", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	program, err := sim.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	if seed == 0 {
		seed = s.Run.Seed
	}
	return sim.NewWorld(program).Run(seed)
}

func TestShrunkFileFailsAsTheLongOneDid(t *testing.T) {
	t.Parallel()
	for _, what := range []event.Event{event.OrderAmbiguous, event.LeaderSteppedDown, event.OutcomeUnknown} {
		answer := find(t, failing(t, 3, what))
		if !answer.Failing || answer.Kind != "no" || answer.Before.Faults < 10 {
			t.Fatalf("%v: %+v", what, answer)
		}
		if answer.After.Faults > 2 || answer.After.Lines > 4 {
			t.Errorf("%v: %+v is left\n%s", what, answer.After, answer.Text)
		}
		r := plays(t, answer.Text)
		if r.Verdict != scenarios.Fail || !strings.HasPrefix(r.Failure.Expect, "no: {event: "+what.String()) {
			t.Errorf("%v: %v %+v\n%s", what, r.Verdict, r.Failure, answer.Text)
		}
		if strings.Contains(answer.Text, "final") || strings.Count(answer.Text, "never:") != 1 {
			t.Errorf("it expects what the failure does not need\n%s", answer.Text)
		}
	}
}

func TestResultDoesNotDependOnTheNumberOfCores(t *testing.T) {
	t.Parallel()
	o := failing(t, 5, event.OrderAmbiguous)
	o.Workers = 1
	alone := find(t, o)
	for _, workers := range []int{2, 7} {
		o.Workers = workers
		many := find(t, o)
		if many.Text != alone.Text || many.Runs != alone.Runs || many.Events != alone.Events {
			t.Errorf("with %d workers\n%s\nalone\n%s", workers, many.Text, alone.Text)
		}
	}
}

func TestNoFaultIsLeftThatTheFailureDoesNotNeed(t *testing.T) {
	t.Parallel()
	answer := find(t, failing(t, 8, event.OutcomeUnknown))
	s, err := scenarios.Parse("", []byte(answer.Text))
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Steps {
		fewer := *s
		fewer.Steps = append(append([]scenarios.Step(nil), s.Steps[:i]...), s.Steps[i+1:]...)
		if r := plays(t, string(scenarios.Format(&fewer))); r.Verdict == scenarios.Fail {
			t.Errorf("it fails without step %d as well\n%s", i+1, answer.Text)
		}
	}
}

func TestWhatPassesIsNotShrunk(t *testing.T) {
	t.Parallel()
	src, _ := scenarios.ShippedSource("baseline")
	answer := find(t, shrink.Options{Source: string(src), Seed: 1, Seeds: 3})
	if answer.Failing || answer.Runs != 3 || answer.Text != "" {
		t.Errorf("%+v", answer)
	}
}

func TestEachStageIsAFileThatFails(t *testing.T) {
	t.Parallel()
	answer := find(t, failing(t, 3, event.LeaderSteppedDown))
	if len(answer.Stages) < 3 || answer.Stages[len(answer.Stages)-1].Text != answer.Text {
		t.Fatalf("%d stages", len(answer.Stages))
	}
	for _, stage := range answer.Stages {
		if r := plays(t, stage.Text); r.Verdict != scenarios.Fail {
			t.Errorf("%s: %v\n%s", stage.What, r.Verdict, stage.Text)
		}
	}
}

func TestStagesToAvoidAreAvoided(t *testing.T) {
	t.Parallel()
	o := failing(t, 3, event.LeaderSteppedDown)
	first := find(t, o)
	o.Avoid = []string{first.Stages[len(first.Stages)-1].Key}
	if second := find(t, o); second.Text == first.Text {
		t.Errorf("the search came to what it was to avoid\n%s", first.Text)
	}
}

func TestMutantsFailureShrinksToAFileThatPassesWithoutTheMistake(t *testing.T) {
	t.Parallel()
	tree, err := mutants.FindTree()
	if err != nil {
		t.Fatal(err)
	}
	made, err := mutants.Find("belief-by-flag")
	if err != nil {
		t.Fatal(err)
	}
	runner, err := tree.Build(t.Context(), made, "")
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); seed <= 30; seed++ {
		answer := mutated(t, runner, "belief-by-flag", seed)
		if answer == nil {
			continue
		}
		if answer.Kind != check.SingleBeliever.String() || answer.After.Faults > 3 {
			t.Errorf("%+v", answer)
		}
		if r := plays(t, answer.Text); r.Verdict != scenarios.Pass {
			t.Errorf("without the mistake: %v\n%s", r.Verdict, answer.Text)
		}
		return
	}
	t.Error("thirty long runs did not bring the mutant to fall")
}
