package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// failsAlways is a scenario that cannot be met.
const failsAlways = `version: 1
name: never-elects
why: A planted expectation that does not hold once somebody is elected again.
tiers: [sim]
tier_reason: It is planted.
catches: [belief-by-flag]
cluster: {nodes: 3, lease: {ttl: 1s}}
workload: {signals: 20/s}
steps:
  - at: 1s
    pause: {node: leader, for: 0.2ttl}
  - at: 3s
    kill: {node: leader, restart: 2ttl}
  - at: 4s
    net: {link: n3 <-> all, effect: drop, for: 1ttl}
expect:
  - never: single-executor
  - at_most: {event: leader.elected, count: 1}
run: {duration: 20ttl, settle: 3ttl}
`

// shrunk carries out one command line.
func shrunk(t *testing.T, args ...string) (code int, out, problems string) {
	t.Helper()
	c := carry(t, args...)
	return c.code, c.out, c.problems
}

func TestShrinkWritesAFileThatFailsInTheSameWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, result := filepath.Join(dir, "never-elects.yaml"), filepath.Join(dir, "short.yaml")
	if err := os.WriteFile(source, []byte(failsAlways), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, problems := shrunk(t, "shrink", source, "-o", result)
	if code != 0 || !strings.Contains(out, "3 faults became 1 (2 lines)") {
		t.Fatalf("exit %d\n%s%s", code, out, problems)
	}
	code, out, problems = shrunk(t, "run", result)
	if code != 1 || !strings.Contains(out, "at_most") || !strings.Contains(out, "short: 1 seed") {
		t.Errorf("the result: exit %d\n%s%s", code, out, problems)
	}
}

func TestShrinkAnswersInJSON(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "never-elects.yaml")
	if err := os.WriteFile(source, []byte(failsAlways), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, problems := shrunk(t, "shrink", "--json", source)
	var found struct {
		Failing bool
		Kind    string
		Text    string
		After   struct{ Faults, Lines int }
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != 0 {
		t.Fatalf("exit %d: %v\n%s%s", code, err, out, problems)
	}
	if !found.Failing || found.Kind != "at_most" || found.After.Faults != 1 || found.After.Lines != 2 ||
		!strings.Contains(found.Text, "name: shrunk-at_most-1\n") {
		t.Errorf("%s", out)
	}
}

func TestShrinkSaysWhatDoesNotFail(t *testing.T) {
	t.Parallel()
	code, _, problems := shrunk(t, "shrink", "baseline", "--seed", "4")
	if code != 3 || !strings.Contains(problems, "scenario baseline does not fail under seed 4") {
		t.Errorf("exit %d: %s", code, problems)
	}
}

func TestShrinkRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"shrink"},
		{"shrink", "baselin"},
		{"shrink", "baseline", "-o", "x.txt"},
		{"shrink", "baseline", "--mutant", "belief-by-flg"},
	} {
		if code, _, problems := shrunk(t, args...); code != 64 || problems == "" {
			t.Errorf("%v: exit %d: %s", args, code, problems)
		}
	}
}

func TestShrinkAnchorsAFileForBothWorlds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, result := filepath.Join(dir, "never-elects.yaml"), filepath.Join(dir, "carried.yaml")
	if err := os.WriteFile(source, []byte(failsAlways), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, problems := shrunk(t, "shrink", "--anchor", source, "-o", result)
	for _, want := range []string{
		"of 24 schedules of the simulator; 0 steps at an instant",
		"drill run --tier real " + result, "drill parity " + result,
	} {
		if code != 0 || !strings.Contains(out, want) {
			t.Fatalf("exit %d without %q\n%s%s", code, want, out, problems)
		}
	}
	text, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	if carried := string(text); !strings.Contains(carried, "tiers: [sim, real]") ||
		!strings.Contains(carried, "when: {event:") || strings.Contains(carried, "seed:") {
		t.Errorf("%s", text)
	}
	code, out, problems = shrunk(t, "run", result)
	if code != 1 || !strings.Contains(out, "carried: 24 seeds, ") {
		t.Errorf("the result: exit %d\n%s%s", code, out, problems)
	}
}
