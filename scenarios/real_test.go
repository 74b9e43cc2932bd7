package scenarios_test

import (
	"flag"
	"os"
	"slices"
	"testing"

	"fencepost/chaos"
	"fencepost/internal/campaign"
	"fencepost/internal/campaign/real"
	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/rundir"
	"fencepost/scenarios"
)

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	flag.Parse()
	os.Exit(m.Run())
}

// outFlag is where runs on real processes leave what they were.
var outFlag = flag.String("out", "", "with -tier real: the directory for what runs leave that did not pass")

// changeTag marks the scenarios of the set for every change.
const changeTag = "pr"

// isAsked tells whether a scenario is to be played on real processes under a pattern
// of -run.
func isAsked(s *scenarios.Scenario, pattern string) bool {
	return slices.Contains(s.Tags, changeTag) || names(pattern, "TestScenarios", s.Name)
}

// realPlans returns what plans campaigns on real processes. The service is built
// once for all of them.
func realPlans(t *testing.T) func(*testing.T, *scenarios.Scenario) *campaign.Campaign {
	t.Helper()
	dir, err := rundir.New("program")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Remove(); err != nil {
			t.Error(err)
		}
	})
	program, err := child.Fencepost(t.Context(), dir, func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, s *scenarios.Scenario) *campaign.Campaign {
		t.Helper()
		open, err := real.Worlds(t.Context(), s, chaos.Options{Program: program, Out: *outFlag})
		if err != nil {
			t.Fatal(err)
		}
		c := &campaign.Campaign{
			Scenario: s, Tier: scenarios.RealTier, Open: open, Lines: 20, Wavers: true, Workers: 1,
			Timeout: chaos.Timeout(s),
		}
		c.First, c.Count = seeds(s)
		return c
	}
}
