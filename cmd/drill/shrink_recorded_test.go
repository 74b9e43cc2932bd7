package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/internal/shrink/recorded"
	"fencepost/scenarios"
)

// keptRun is what a run on real processes, with the mistake belief-by-flag in
// them, has left.
const keptRun = "../../internal/shrink/recorded/testdata/small-pause"

// altered copies the run with another verdict.json.
func altered(t *testing.T, change func(*recorded.Verdict)) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{
		recorded.VerdictFile, recorded.FaultsFile, recorded.HistoryFile, recorded.ScenarioFile,
	} {
		text, err := os.ReadFile(filepath.Join(keptRun, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == recorded.VerdictFile {
			var v recorded.Verdict
			if err := json.Unmarshal(text, &v); err != nil {
				t.Fatal(err)
			}
			change(&v)
			if text, err = json.Marshal(v); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAFailureOfRealProcessesIsShrunkInTheSimulator(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "short.yaml")
	got := carry(t, "shrink", filepath.Join(keptRun, recorded.FaultsFile), "-o", file)
	if got.code != 0 || !strings.Contains(got.out, "# without the mistake: pass") ||
		!strings.Contains(got.out, "single-believer: 2 faults became 1") ||
		!strings.Contains(got.problems, "the simulator fails as well") {
		t.Fatalf("%+v", got)
	}
	s, err := scenarios.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Steps) != 1 || s.Steps[0].Verb.Word() != "pause" || s.Catches[0].String() != "belief-by-flag" {
		t.Errorf("%s", scenarios.Format(s))
	}
	again := carry(t, "run", "--mutant", "belief-by-flag", file)
	if again.code != 1 || !strings.Contains(again.out, "single-believer") {
		t.Errorf("%+v", again)
	}
}

func TestWhatTheSimulatorDoesNotReproduceIsSaid(t *testing.T) {
	t.Parallel()
	// Without the mistake the simulator holds, so this is a run that it cannot
	// explain.
	dir := altered(t, func(v *recorded.Verdict) { v.Mutant = "" })
	got := carry(t, "shrink", dir)
	if got.code != scenarios.Invalid.ExitCode() || strings.Count(got.out, ": 60 × pass\n") != 4 ||
		!strings.Contains(got.problems, "small-pause broke single-believer") ||
		!strings.Contains(got.problems, "told in 4 ways") {
		t.Errorf("%+v", got)
	}
	asJSON := carry(t, "shrink", "--json", dir)
	var told struct {
		Failing bool
		Kind    string
		Ways    []struct {
			What string
			Met  map[string]int
		}
	}
	if err := json.Unmarshal([]byte(asJSON.out), &told); err != nil || told.Failing || len(told.Ways) != 4 ||
		told.Kind != "single-believer" || told.Ways[0].Met["pass"] != 60 {
		t.Errorf("%v: %+v", err, asJSON)
	}
}

func TestARunOfAnotherKindOfFailureIsNotTakenForThisOne(t *testing.T) {
	t.Parallel()
	dir := altered(t, func(v *recorded.Verdict) { v.Violation.What = "no-lost-signal" })
	got := carry(t, "shrink", dir)
	if got.code != scenarios.Invalid.ExitCode() || !strings.Contains(got.out, "fail single-believer") {
		t.Errorf("%+v", got)
	}
}

func TestARunThatPassedHasNothingToShrink(t *testing.T) {
	t.Parallel()
	passed := altered(t, func(v *recorded.Verdict) { v.Verdict, v.Violation = scenarios.Pass, nil })
	if got := carry(t, "shrink", passed); got.code != scenarios.Invalid.ExitCode() ||
		!strings.Contains(got.problems, "nothing to shrink") {
		t.Errorf("%+v", got)
	}
	if got := carry(t, "shrink", t.TempDir()); got.code != scenarios.ExitRefused ||
		!strings.Contains(got.problems, recorded.VerdictFile) {
		t.Errorf("%+v", got)
	}
}

func TestShrinkTriesSeedsOfTheSwarmUntilOneServes(t *testing.T) {
	t.Parallel()
	got := carry(t, "shrink", "--seed", "1", "--seeds", "3")
	if got.code != scenarios.Invalid.ExitCode() ||
		!strings.Contains(got.problems, "drill fuzz does not fail under each of the seeds 1 to 3") {
		t.Errorf("%+v", got)
	}
	if got := carry(t, "shrink", "--seeds", "2", "baseline"); got.code != scenarios.ExitRefused {
		t.Errorf("%+v", got)
	}
}
