package shrink_test

import (
	"path/filepath"
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
