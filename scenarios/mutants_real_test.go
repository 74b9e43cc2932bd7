package scenarios_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"fencepost/internal/mutants"
	"fencepost/scenarios"
)

// mutantsFlag asks for runs of mutants on real processes, which take a quarter of an
// hour.
var mutantsFlag = flag.Bool("mutants", false, "play each mutant that names a run on real processes")

// TestMutantsOnRealProcesses builds the service with each mistake that names a run
// on real processes and demands that the run fails, for the mistake's own reason,
// and that the program without it passes. That takes minutes and is done with
// -mutants; without it the list itself is held to what it must contain.
func TestMutantsOnRealProcesses(t *testing.T) {
	all, err := mutants.All()
	if err != nil {
		t.Fatal(err)
	}
	listed := mutants.OnReal(all)
	if !*mutantsFlag {
		requireList(t, listed)
		return
	}
	tree, err := mutants.FindTree()
	if err != nil {
		t.Fatal(err)
	}
	sound := map[mutants.RealPlay]bool{}
	for i := range listed {
		m := &listed[i]
		t.Run(m.Name, func(t *testing.T) {
			if !sound[m.Real.RealPlay] {
				why, err := tree.PassesReal(t.Context(), m.Real.RealPlay, "")
				if err != nil {
					t.Fatal(err)
				}
				if why != "" {
					t.Fatalf("%s must pass on the program as it is: %s", m.Real.Scenario, why)
				}
				sound[m.Real.RealPlay] = true
			}
			r, err := tree.KillReal(t.Context(), *m, "")
			if err != nil {
				t.Fatal(err)
			}
			if r.Survived {
				t.Fatalf("%s survives %s: %s\n    replay: %s", m.Name, m.Real.Scenario, r.Why, r.Replay)
			}
			t.Logf("killed by %s, seed %d, in %.1f s: %s", r.KilledBy, r.Seed, r.Seconds, r.Broke)
		})
	}
}

// requireList demands that what is played on real processes reaches every layer:
// the core, the ledger's statements, the lease's scripts, the intake, and the two
// mutants of the canary. Each scenario promises to catch its mutant.
func requireList(t *testing.T, listed []mutants.Mutant) {
	t.Helper()
	sql, lua, names := 0, 0, []string{}
	for i := range listed {
		m := &listed[i]
		names = append(names, m.Name)
		if slices.Contains(m.Sites, mutants.SQLSite) {
			sql++
		}
		if slices.ContainsFunc(m.Edits, func(e mutants.Edit) bool {
			return strings.HasPrefix(e.Path, "internal/redislease/")
		}) {
			lua++
		}
		s, err := scenarios.Find(m.Real.Scenario)
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
			continue
		}
		if !s.Plays(scenarios.RealTier) {
			t.Errorf("%s: %s is not for real processes", m.Name, s.Name)
		}
		catches := func(c scenarios.Catch) bool { return slices.Contains(c, m.Name) }
		if !slices.ContainsFunc(s.Catches, catches) {
			t.Errorf("%s catches %s on real processes and does not say so in `catches`", s.Name, m.Name)
		}
	}
	if len(listed) < 10 || sql < 2 || lua < 1 {
		t.Errorf("%d mutants are played on real processes, %d of them of SQL, %d of Lua: %s", len(listed),
			sql, lua, strings.Join(names, ", "))
	}
	for _, canary := range canaries {
		if !slices.Contains(names, canary) {
			t.Errorf("the canary %s is not played on real processes", canary)
		}
	}
}
