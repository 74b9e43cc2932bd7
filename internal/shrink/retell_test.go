package shrink_test

import (
	"path/filepath"
	"strings"
	"testing"

	"fencepost/internal/shrink"
	"fencepost/internal/shrink/recorded"
	"fencepost/scenarios"
)

// recordedPause is what a run of testdata/small-pause.yaml on real processes has
// left: the leader, n2, stood still at its third request for a permit, and later
// lost its link to Redis.
func recordedPause(t *testing.T) *recorded.Run {
	t.Helper()
	run, err := recorded.Open(filepath.Join("recorded", "testdata", "small-pause"))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestARunIsToldInFourWaysTheLiteralOneFirst(t *testing.T) {
	t.Parallel()
	run := recordedPause(t)
	tellings, err := shrink.Retell(run)
	if err != nil || len(tellings) != 4 {
		t.Fatalf("%d tellings: %v", len(tellings), err)
	}
	const second = 1_000_000_000
	freeze := run.Strikes[0]
	lasted := scenarios.Length{Nanos: freeze.Healed - freeze.At}.Span()
	for i, want := range []struct {
		kind scenarios.TriggerKind
		node scenarios.PartyKind
	}{
		{scenarios.AtTrigger, scenarios.NodeParty},
		{scenarios.AtTrigger, scenarios.LeaderParty},
		{scenarios.WhenTrigger, scenarios.LeaderParty},
		{scenarios.WhenTrigger, scenarios.LeaderParty},
	} {
		s, err := scenarios.Parse("", []byte(tellings[i].Text))
		if err != nil {
			t.Fatal(err)
		}
		step := s.Steps[0]
		pause, ok := step.Verb.(scenarios.Pause)
		if !ok || step.Trigger.Kind != want.kind || pause.Node.Kind != want.node || pause.For != lasted {
			t.Errorf("told %s:\n%s", tellings[i].What, tellings[i].Text)
		}
		if at := step.Trigger.At.Min.Nanos; want.kind == scenarios.AtTrigger && at != freeze.Since {
			t.Errorf("told %s: it strikes at %d, really at %d", tellings[i].What, at, freeze.Since)
		}
		if when := step.Trigger.When; want.kind == scenarios.WhenTrigger &&
			(when.Event.String() != "permit.requested" || when.Nth.Max != 3) {
			t.Errorf("told %s: it waits for %v", tellings[i].What, when)
		}
		if cut, ok := s.Steps[1].Verb.(scenarios.Net); !ok || cut.For.Min.Resolve(second) < 9*second/10 {
			t.Errorf("told %s: the second step lasts %s", tellings[i].What, cut.For)
		}
	}
}

func TestARunOfWhichNothingIsKnownButItsFaultsIsToldToo(t *testing.T) {
	t.Parallel()
	run := recordedPause(t)
	run.Said = nil
	tellings, err := shrink.Retell(run)
	if err != nil || len(tellings) < 3 {
		t.Fatalf("%d tellings: %v", len(tellings), err)
	}
}

// TestAStepThatNeverStruckRefusesNoWayOfTelling: what speaks of it is told only where
// it is.
func TestAStepThatNeverStruckRefusesNoWayOfTelling(t *testing.T) {
	t.Parallel()
	late := scenarios.Step{
		ID: "late", Trigger: scenarios.Trigger{Kind: scenarios.AtTrigger},
		Verb: scenarios.Kill{Node: scenarios.Party{Kind: scenarios.LeaderParty}, As: "gone"},
	}
	second := scenarios.Length{Nanos: 1_000_000_000}
	late.Trigger.At = second.Span()
	elect := scenarios.Elect{From: scenarios.Moment{Step: "late"}, Within: second}
	detect := scenarios.Detect{
		What: []scenarios.What{scenarios.LeaseLost}, From: scenarios.Moment{Step: "freeze"},
		Node: scenarios.Party{Kind: scenarios.BoundParty, Name: "gone"}, Within: second,
	}
	for _, c := range []struct {
		broken string
		ways   int
	}{{"single-believer", 4}, {"elect: {from: late.start, within: 1s}", 1}} {
		run := recordedPause(t)
		run.Scenario.Steps = append(run.Scenario.Steps, late)
		run.Scenario.Expect = append(run.Scenario.Expect, scenarios.Expect{Claim: elect},
			scenarios.Expect{Claim: detect})
		run.Violation.What = c.broken
		tellings, err := shrink.Retell(run)
		if err != nil || len(tellings) != c.ways {
			t.Fatalf("%s: %d tellings: %v", c.broken, len(tellings), err)
		}
		for i, told := range tellings {
			filed := i == len(tellings)-1 // the file's own triggers: every step stands in it
			if strings.Contains(told.Text, "late") != filed || strings.Contains(told.Text, "$gone") != filed {
				t.Errorf("told %s:\n%s", told.What, told.Text)
			}
		}
	}
}

func TestARunThatCanBeToldInNoWayIsRefused(t *testing.T) {
	t.Parallel()
	run := recordedPause(t)
	run.Violation.What = "elect: {from: nowhere.start, within: 1s}"
	run.Scenario.Expect = append(run.Scenario.Expect, scenarios.Expect{Claim: scenarios.Elect{
		From: scenarios.Moment{Step: "nowhere"}, Within: scenarios.Length{Nanos: 1_000_000_000},
	}})
	tellings, err := shrink.Retell(run)
	if err == nil || len(tellings) != 0 || !strings.Contains(err.Error(), "no step has the id") {
		t.Errorf("%d tellings: %v", len(tellings), err)
	}
}
