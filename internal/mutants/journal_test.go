//go:build !race

// The race detector sees nothing of the programs that these tests build.

package mutants

import (
	"slices"
	"testing"
)

// TestJournalOfTheHonestCoreTellsAMutantApart: the recorded run of package
// recorder, fed to a core with a mistake in it, has other effects.
func TestJournalOfTheHonestCoreTellsAMutantApart(t *testing.T) {
	t.Parallel()
	const test = "TestKeptJournalHoldsTheCoreToItsVersion"
	root := tree(t)
	for _, name := range []string{"belief-by-flag", "no-gate-before-wire", "renew-waits-for-database"} {
		made, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		failing, err := root.Test(t.Context(), made, "./internal/recorder", "^"+test+"$")
		if err != nil {
			t.Error(err)
		} else if !slices.Contains(failing, test) {
			t.Errorf("%s has the same effects as the honest core (failing: %q)", name, failing)
		}
	}
}
