//go:build !race

// The race detector sees nothing of the programs that these tests build.

package mutants

import (
	"slices"
	"strings"
	"testing"
)

// TestEachMutantOfAServerNamesATestThatItFails: what lies in SQL or in the
// service is not proved by the simulator, whose models are not the servers.
func TestEachMutantOfAServerNamesATestThatItFails(t *testing.T) {
	t.Parallel()
	for _, m := range all(t) {
		real := slices.Contains(m.Sites, SQLSite) || slices.Contains(m.Sites, ServiceSite)
		if real != (len(m.Fails) > 0) {
			t.Errorf("%s lies in %s and names %d tests in `fails`", m.Name, m.Site(), len(m.Fails))
		}
		for _, f := range m.Fails {
			if f.Package == "" || f.Test == "" {
				t.Errorf("%s: an entry of `fails` lacks the package or the test", m.Name)
			}
		}
	}
}

// TestMutantsOfServersFailOnRealServers builds each test that a mutant names
// with the mutant's mistake in it, but for what the mistake changes in the
// models, and demands that it fails. The test itself, without the mistake, is
// run by everybody.
func TestMutantsOfServersFailOnRealServers(t *testing.T) {
	t.Parallel()
	root := tree(t)
	places := make(chan struct{}, 2)
	for _, m := range all(t) {
		if len(m.Fails) == 0 {
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			places <- struct{}{}
			defer func() { <-places }()
			served := []Mutant{m.Served()}
			for _, f := range m.Fails {
				failing, err := root.Test(t.Context(), served, "./"+f.Package, "^"+f.Test+"$")
				if err != nil {
					t.Error(err)
				} else if !slices.Contains(failing, f.Test) {
					t.Errorf("%s passes with the mistake in it (failing: %s)", f.Test,
						strings.Join(failing, ", "))
				}
			}
		})
	}
}

func TestEachMutantCompiles(t *testing.T) {
	t.Parallel()
	root := tree(t)
	for _, m := range all(t) {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			if err := root.Compile(t.Context(), []Mutant{m}); err != nil {
				t.Error(err)
			}
		})
	}
}
