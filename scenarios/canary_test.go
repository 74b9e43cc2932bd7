package scenarios_test

import (
	"testing"

	"fencepost/internal/campaign"
	"fencepost/internal/mutants"
	"fencepost/internal/mutants/errand"
	"fencepost/scenarios"
)

// canaries are the programs that are known to be broken.
var canaries = []string{"belief-by-flag", "permit-without-epoch"}

// TestCanary plays one scenario against two programs that are known to be
// broken. If it passes on either of them, the harness has gone blind, and the
// green of all other tests means nothing.
func TestCanary(t *testing.T) {
	const song = "pause-across-lease-expiry"
	s, err := scenarios.Find(song)
	if err != nil {
		t.Fatal(err)
	}
	const some = 50
	healthy := planned(t, s)
	healthy.First, healthy.Count = 1, some
	report, err := healthy.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != scenarios.Pass {
		play(t, healthy)
		t.Fatalf("%s must pass on the program as it is", song)
	}
	tree, err := mutants.FindTree()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range canaries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken, err := mutants.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			runner, err := tree.Build(t.Context(), broken, "")
			if err != nil {
				t.Fatal(err)
			}
			report, err := mutants.Play(t.Context(), runner, name, errand.RunOptions{
				Scenario: tree.Scenario(song), Argument: song, First: 1, Count: some,
			})
			if err != nil {
				t.Fatal(err)
			}
			requireDeath(t, report)
		})
	}
}

// requireDeath demands that the mutant failed: a run that is merely invalid, or
// in which the harness crashed, has not noticed the mistake.
func requireDeath(t *testing.T, report *campaign.Report) {
	t.Helper()
	if report.Failed == 0 {
		t.Fatalf("%s survives %s: %d seeds, %d invalid, %d crashed",
			report.Mutant, report.Name, report.Seeds, report.Invalid, report.Crashed)
	}
	for i := range report.Runs {
		if run := &report.Runs[i]; run.Verdict == scenarios.Fail {
			t.Logf("%d of %d seeds fail, first seed %d: %s", report.Failed, report.Seeds, run.Seed,
				run.Violation)
			return
		}
	}
}
