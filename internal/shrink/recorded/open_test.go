package recorded

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// left writes what a run left, with one file changed.
func left(t *testing.T, file, text string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		VerdictFile: `{"name": "x", "tier": "real", "seed": 3, "mutant": "belief-by-flag", "verdict": "fail",
			"violation": {"what": "single-believer", "at": 3.5, "detail": "two believe"}}`,
		ScenarioFile: "version: 1\nname: repro\nwhy: A test.\ntiers: [sim, real]\n" +
			"catches: [belief-by-flag]\nsteps:\n  - at: 1s\n    pause: {node: leader, for: 2ttl}\n" +
			"expect:\n  - never: single-believer\n",
		FaultsFile: `{"at": 900, "kind": "fault began", "fault": "node", "node": "n2"}` + "\n" +
			`{"at": 905, "kind": "step", "step": 1, "verb": "pause", "nodes": ["n2"],` +
			` "since_election": 800}` + "\n",
		HistoryFile: `{"at": 105, "kind": "announced", "event": "leader.elected", "node": "n2"}` + "\n" +
			`{"at": 106, "kind": "belief held", "node": "n2"}` + "\n",
	}
	files[file] = text
	for name, text := range files {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestARunIsReadBack(t *testing.T) {
	t.Parallel()
	dir := left(t, "other", "")
	for _, argument := range []string{dir, filepath.Join(dir, FaultsFile)} {
		found, ok := Dir(argument)
		if !ok || found != dir {
			t.Fatalf("%s means %q", argument, found)
		}
	}
	if _, ok := Dir(filepath.Join(dir, ScenarioFile)); ok {
		t.Error("a scenario is no run")
	}
	run, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if run.Kind() != "single-believer" || run.Mutant != "belief-by-flag" || len(run.Strikes) != 1 ||
		len(run.Said) != 1 || run.Said[0].Event != "leader.elected" || run.Strikes[0].Since != 800 {
		t.Errorf("%+v", run)
	}
}

func TestARunWithoutAHistoryStillHasItsFaults(t *testing.T) {
	t.Parallel()
	run, err := Open(left(t, HistoryFile, ""))
	if err != nil || len(run.Strikes) != 1 || len(run.Said) != 0 {
		t.Errorf("%+v: %v", run, err)
	}
}

// struck is a line about the step that strikes a node of that name.
func struck(node string) string {
	return `{"kind": "step", "step": 1, "verb": "pause", "nodes": ["` + node + `"]}`
}

func TestWhatIsNotWholeIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, text, want string }{
		{VerdictFile, "", VerdictFile},
		{VerdictFile, "{", VerdictFile},
		{ScenarioFile, "", ScenarioFile},
		{FaultsFile, "", FaultsFile},
		{FaultsFile, "{}\nnonsense\n", FaultsFile + ":2:"},
		{FaultsFile, `{"kind": "step", "step": 2, "verb": "pause"}`, ScenarioFile + " has 1 step"},
		{FaultsFile, `{"kind": "step", "step": 1, "verb": "kill"}`, `"kill" here and "pause"`},
		{FaultsFile, struck("n0"), FaultsFile + `:1: step 1 strikes "n0"`},
		{FaultsFile, "{}\n" + struck("n99999"), FaultsFile + `:2: step 1 strikes "n99999"`},
		{FaultsFile, struck("n4"), "nodes n1 to n3"},
		{FaultsFile, struck("redis"), `"redis"`},
		{HistoryFile, "nonsense\n", HistoryFile + ":1:"},
	} {
		_, err := Open(left(t, c.file, c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %q", c.file, c.text, err, c.want)
		}
	}
}

func TestARunThatPassedHoldsNothing(t *testing.T) {
	t.Parallel()
	_, err := Open(left(t, VerdictFile, `{"name": "x", "verdict": "pass", "violation": null}`))
	if !errors.Is(err, ErrPassed) {
		t.Error(err)
	}
}
