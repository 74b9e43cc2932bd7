package mutants

import (
	"slices"
	"strings"
	"testing"
)

// TestARunnerLinksOnlyWhatPlays keeps runners small: each mutant builds one, and
// what a runner does not link cannot make it be built again.
func TestARunnerLinksOnlyWhatPlays(t *testing.T) {
	t.Parallel()
	packages, err := tree(t).linked(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{
		"fencepost/core", "fencepost/sim", "fencepost/scenarios", "fencepost/internal/campaign",
		"fencepost/internal/fuzz", "fencepost/internal/shrink", "fencepost/internal/edge",
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
