package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/scenarios"
)

// carried is what one command line did.
type carried struct {
	code          int
	out, problems string
}

// carry carries out one command line.
func carry(t *testing.T, args ...string) carried {
	t.Helper()
	var out, problems bytes.Buffer
	code := drill(context.Background(), args, &out, &problems)
	return carried{code, out.String(), problems.String()}
}

// write writes a file and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckTakesEveryShippedScenario(t *testing.T) {
	got := carry(t, append([]string{"check"}, scenarios.ShippedNames()...)...)
	if got.code != 0 || got.problems != "" || strings.Count(got.out, "ok ") != len(scenarios.ShippedNames()) {
		t.Errorf("%+v", got)
	}
}

func TestCheckShowsATypoWithCaretAndAllowedWords(t *testing.T) {
	text := strings.Replace(string(scenarios.Template("typo.yaml")), "kill:", "kil:", 1)
	got := carry(t, "check", write(t, "typo.yaml", text))
	if got.code != scenarios.ExitRefused || got.out != "" {
		t.Errorf("exit code %d, output %q", got.code, got.out)
	}
	for _, want := range []string{
		"typo.yaml:13:5: unknown field", "did you mean kill?", "\n            ^\n", "allowed: id, at",
	} {
		if !strings.Contains(got.problems, want) {
			t.Errorf("%q is not in:\n%s", want, got.problems)
		}
	}
}

func TestCheckRefusesWhatTheSimulatorWouldRefuse(t *testing.T) {
	text := string(scenarios.Template("stale.yaml"))
	text = strings.Replace(text, "cluster: {", "cluster: {stale_after: 1ttl, ", 1)
	file := write(t, "stale.yaml", text)
	for _, command := range []string{"check", "run"} {
		got := carry(t, command, file)
		if got.code != scenarios.ExitRefused || !strings.Contains(got.problems, "stale_after 1s: must be") {
			t.Errorf("%s: %+v", command, got)
		}
	}
	if got := carry(t, "check", "--json", file); got.code != scenarios.ExitRefused ||
		!strings.Contains(got.out, `"ok":false`) || strings.Contains(got.out, `"errors":[]`) {
		t.Errorf("%+v", got)
	}
}

func TestCheckRefusesWhatRealProcessesWouldRefuse(t *testing.T) {
	const text = `version: 1
name: replica
why: A node has no wire to the replica.
tiers: [sim, real]
catches: [belief-by-flag]
cluster: {nodes: 2, lease: {ttl: 1s}}
workload: {signals: 1/s}
steps:
  - {id: cut, at: 1s, net: {link: leader <-> redis_replica, effect: drop, for: 1s}}
expect:
  - never: single-executor
run: {duration: 5s}
`
	got := carry(t, "check", write(t, "replica.yaml", text))
	if got.code != scenarios.ExitRefused || !strings.Contains(got.problems, "replica.yaml:9:") ||
		!strings.Contains(got.problems, "only Redis itself has a link to its replica") {
		t.Errorf("%+v", got)
	}
	one := strings.Replace(text, "tiers: [sim, real]", "tiers: [sim]\ntier_reason: the link", 1)
	if got := carry(t, "check", write(t, "replica.yaml", one)); got.code != 0 {
		t.Errorf("for the simulator alone: %+v", got)
	}
}

func TestCheckPrintsOneObjectForEachFile(t *testing.T) {
	good := write(t, "good.yaml", string(scenarios.Template("good.yaml")))
	bad := write(t, "bad.yaml", string(scenarios.Template("bad.yaml"))+"extra: 1\n")
	got := carry(t, "check", "--json", good, bad, filepath.Join(t.TempDir(), "absent.yaml"))
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	if got.code != scenarios.ExitRefused || len(lines) != 3 {
		t.Fatalf("%+v", got)
	}
	for i, ok := range []bool{true, false, false} {
		var object struct {
			File   string
			OK     bool
			Errors []struct {
				Line, Column int
				Message      string
				Allowed      []string
			}
		}
		decoder := json.NewDecoder(strings.NewReader(lines[i]))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&object); err != nil {
			t.Fatal(err)
		}
		if object.OK != ok || (len(object.Errors) == 0) != ok || object.Errors == nil {
			t.Errorf("%s", lines[i])
		}
		for _, e := range object.Errors {
			if e.Line < 1 || e.Column < 1 || e.Message == "" || e.Allowed == nil {
				t.Errorf("%+v", e)
			}
		}
	}
}

func TestListNamesEveryShippedScenario(t *testing.T) {
	got := carry(t, "list", "--json")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	names := scenarios.ShippedNames()
	if got.code != 0 || len(lines) != len(names) {
		t.Fatalf("%+v", got)
	}
	for i, line := range lines {
		var e listed
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Name != names[i] || len(e.Tiers) == 0 || len(e.Catches) == 0 || e.Why == "" {
			t.Errorf("%s", line)
		}
	}
	for _, name := range names {
		if !strings.Contains(carry(t, "list").out, name) {
			t.Errorf("the table lacks %s", name)
		}
	}
}

func TestNewWritesAFileThatCheckTakes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "my-failure")
	if got := carry(t, "new", path); got.code != 0 || !strings.Contains(got.out, path+".yaml") {
		t.Fatalf("%+v", got)
	}
	if got := carry(t, "check", path+".yaml"); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if err := os.WriteFile(path+".yaml", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := carry(t, "new", path)
	text, err := os.ReadFile(path + ".yaml")
	if got.code != scenarios.ExitRefused || err != nil || string(text) != "mine" {
		t.Errorf("an existing file was not left alone: %+v, %q", got, text)
	}
	if got := carry(t, "new", filepath.Join(t.TempDir(), "1st try")); got.code != scenarios.ExitRefused {
		t.Errorf("%+v", got)
	}
}

func TestExplainKnowsEveryWord(t *testing.T) {
	for _, word := range scenarios.Words() {
		if got := carry(t, "explain", "--", word); got.code != 0 || !strings.HasPrefix(got.out, word+" (") {
			t.Errorf("%s: %+v", word, got)
		}
	}
	got := carry(t, "explain", "cut_replay")
	if got.code != scenarios.ExitRefused || !strings.Contains(got.problems, "did you mean cut_reply?") {
		t.Errorf("%+v", got)
	}
	if got := carry(t, "explain"); got.code != 0 || !strings.Contains(got.out, "cut_reply") {
		t.Errorf("%+v", got)
	}
}

func TestSchemaIsJSON(t *testing.T) {
	if got := carry(t, "schema"); got.code != 0 || !json.Valid([]byte(got.out)) {
		t.Errorf("exit code %d", got.code)
	}
}

func TestWrongUsageIsRefusedWithAHint(t *testing.T) {
	for _, args := range [][]string{
		{"check"},
		{"check", "--jsn", "x"},
		{"list", "x"},
		{"new"},
		{"new", "a", "b"},
		{"explain", "a", "b"},
		{"schema", "--yaml"},
		{"chek"},
		{"--no-such-flag"},
	} {
		got := carry(t, args...)
		if got.code != scenarios.ExitRefused || !strings.Contains(got.problems, "--help") || got.out != "" {
			t.Errorf("%q: %+v", args, got)
		}
	}
}
