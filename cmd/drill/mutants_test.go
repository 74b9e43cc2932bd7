package main

import (
	"encoding/json"
	"strings"
	"testing"

	"fencepost/internal/mutants"
)

func TestMutantsAreListedWithSiteInvariantAndReason(t *testing.T) {
	t.Parallel()
	got := say(t, "mutants", "--list")
	for _, want := range []string{
		"belief-by-flag (core) breaks single-believer\n",
		"epoch-in-redis (core and model and SQL) breaks epoch-monotonic\n", "A boolean is easier to read",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
	got = say(t, "mutants", "--list", "--json", "--only", "epoch-reused")
	var entry struct{ Name, Site, Breaks, Why string }
	if err := json.Unmarshal([]byte(got.out), &entry); err != nil || entry.Name != "epoch-reused" ||
		entry.Site != "model and SQL" || entry.Breaks != "epoch-monotonic" || entry.Why == "" {
		t.Errorf("%+v (%v)", entry, err)
	}
}

func TestAMutantIsKilledByWhatPromisesTo(t *testing.T) {
	t.Parallel()
	got := say(t, "mutants", "--fast", "--json", "--only", "belief-by-flag")
	var r mutants.Result
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != 0 {
		t.Fatalf("exit %d, %v: %s%s", got.code, err, got.out, got.problems)
	}
	if r.Name != "belief-by-flag" || r.Site != "core" || r.KilledBy == "" || r.Survived || r.Runs < 1 ||
		r.SimMS <= 0 || r.SimulatedMS <= 0 || r.Events < 1 || r.Broke == "" ||
		!strings.Contains(r.Replay, "--mutant belief-by-flag") {
		t.Errorf("%+v", r)
	}
	for _, want := range []string{"name", "site", "killed_by", "runs", "sim_ms"} {
		if !strings.Contains(got.out, `"`+want+`":`) {
			t.Errorf("%s is no field of %s", want, got.out)
		}
	}
}

func TestMutantsRefuseWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--only belief-by-flg":           "did you mean belief-by-flag?",
		"--sample -1":                    "at least one",
		"--by magic":                     "allowed: scenarios, fuzz, explore)",
		"--sample 2 --only fails-open":   "none of the others can be",
		"--list --markdown":              "none of the others can be",
		"fails-open":                     "unknown command",
		"--only permit-without-epoch,no": "is no mutant",
		"--tier moon":                    "allowed: sim, real)",
		"--tier real --only blind-retry": "names a run on real processes",
		"--tier real --fast":             "are for the simulator",
	} {
		got := say(t, append([]string{"mutants"}, strings.Fields(args)...)...)
		if got.code != 64 || !strings.Contains(got.problems, want) || got.out != "" {
			t.Errorf("mutants %s: exit %d, %q\n%s", args, got.code, got.problems, got.out)
		}
	}
}
