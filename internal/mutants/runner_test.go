package mutants

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// TestHuntingGroundsHoldWithoutAMistake: what fails there by itself would hide
// the mutants that it is for.
func TestHuntingGroundsHoldWithoutAMistake(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("grounds", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d hunting grounds (%v)", len(files), err)
	}
	for _, file := range files {
		s, err := scenarios.Load(file)
		if err != nil {
			t.Error(err)
			continue
		}
		open, err := campaign.Simulated(s)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, c := range s.Catches {
			if _, err := Find(c.String()); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		c := campaign.Campaign{Scenario: s, Open: open, First: 1, Count: 50, Timeout: campaign.Timeout(s)}
		seen, err := c.Hunt(t.Context())
		if err != nil {
			t.Error(err)
		} else if seen.Failed != nil {
			t.Errorf("%s, seed %d: %v", file, seen.Failed.Seed, seen.Failed.Violation)
		}
	}
}

// TestARunnerLinksOnlyWhatPlays keeps runners small: each mutant builds one, and
// what a runner does not link cannot make it be built again.
func TestARunnerLinksOnlyWhatPlays(t *testing.T) {
	t.Parallel()
	packages, err := tree(t).linked(t.Context(), []string{runnerPackage})
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{
		"fencepost/core", "fencepost/sim", "fencepost/scenarios", "fencepost/internal/campaign",
		"fencepost/internal/crew", "fencepost/internal/fuzz", "fencepost/internal/shrink",
		"fencepost/internal/edge", "fencepost/internal/guard",
		"fencepost/internal/mutants/errand", "fencepost/internal/mutants/runner",
		"github.com/goccy/go-yaml",
	}
	for _, p := range packages {
		if !slices.ContainsFunc(allowed, func(a string) bool {
			return p.ImportPath == a || strings.HasPrefix(p.ImportPath, a+"/")
		}) {
			t.Errorf("a runner links %s", p.ImportPath)
		}
	}
	if len(packages) < 10 {
		t.Errorf("only %d packages are listed", len(packages))
	}
}
