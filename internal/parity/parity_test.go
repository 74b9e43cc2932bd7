package parity

import (
	"testing"

	"fencepost/chaos"
	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// A file elsewhere cannot be played again by its scenario's name.
func TestWhatARunLeavesNamesTheFileAsItWasGiven(t *testing.T) {
	t.Parallel()
	s, err := scenarios.Find("baseline")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Chaos: chaos.Options{Program: "fencepost", Mutant: "belief-by-flag", Out: "out"}}
	made := o.staging(&campaign.Campaign{
		Scenario: s, Tier: scenarios.RealTier, Argument: "/else where/x.yaml", Mutant: "belief-by-flag",
	})
	const want = "bin/drill run --tier real --seed 3 --mutant belief-by-flag '/else where/x.yaml'"
	if made.Again == nil || made.Again(3) != want || made.Out != "out" || made.Program != "fencepost" {
		t.Errorf("%+v does not play it by %s", made, want)
	}
}
