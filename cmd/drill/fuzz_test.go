package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/internal/fuzz"
	"fencepost/scenarios"
)

// summary reads what `drill fuzz --json` has printed.
func summary(t *testing.T, text string) fuzz.Summary {
	t.Helper()
	var s fuzz.Summary
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil || decoder.More() {
		t.Fatalf("not one summary (%v):\n%s", err, text)
	}
	return s
}

func TestFuzzPrintsOneSummaryAndShardsMergeToIt(t *testing.T) {
	t.Parallel()
	whole := say(t, "fuzz", "--seeds", "24", "--json")
	if whole.code != 0 {
		t.Fatalf("exit %d: %s", whole.code, whole.problems)
	}
	var files []string
	for _, shard := range []string{"0/2", "1/2"} {
		part := say(t, "fuzz", "--seeds", "24", "--shard", shard, "--json")
		file := filepath.Join(t.TempDir(), "shard.json")
		if err := os.WriteFile(file, []byte(part.out), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if twice := say(t, "fuzz", "merge", files[0], files[1], files[0]); twice.code != scenarios.ExitRefused ||
		!strings.Contains(twice.problems, files[0]+" is shard 0 of 2") || twice.out != "" {
		t.Errorf("a shard given twice: exit %d, %s%s", twice.code, twice.problems, twice.out)
	}
	if half := say(t, "fuzz", "merge", files[1]); half.code != scenarios.Unknown.ExitCode() ||
		!strings.Contains(half.out, "missing: shard 0 of 2\n") {
		t.Errorf("a missing shard: exit %d, %s%s", half.code, half.problems, half.out)
	}
	merged := say(t, append([]string{"fuzz", "merge", "--json"}, files...)...)
	if merged.code != 0 {
		t.Fatalf("exit %d: %s", merged.code, merged.problems)
	}
	a, b := summary(t, whole.out), summary(t, merged.out)
	if a.Runs != 24 || b.Runs != 24 || a.Events != b.Events || a.Marks["event: leader.elected"] == 0 ||
		a.Marks["event: leader.elected"] != b.Marks["event: leader.elected"] {
		t.Errorf("%d runs with %d events, merged %d with %d", a.Runs, a.Events, b.Runs, b.Events)
	}
}

func TestFuzzReplaysOneSeedWithItsTrace(t *testing.T) {
	t.Parallel()
	first := say(t, "fuzz", "--seed", "5", "--seeds", "1", "--trace")
	again := say(t, "fuzz", "--seed", "5", "--trace")
	trace := func(text string) string {
		before, _, _ := strings.Cut(text, "\npass")
		return before
	}
	if first.code != 0 || !strings.Contains(first.out, "leader.elected") ||
		trace(first.out) != trace(again.out) {
		t.Errorf("exit %d:\n%.300s", first.code, first.out)
	}
}

func TestFuzzRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "no.json")
	if err := os.WriteFile(file, []byte("{\"runs\": 3, \"marcs\": {}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"fuzz --seeds 3 --for 1s":         "one end",
		"fuzz --seeds 0":                  "at least one seed",
		"fuzz --for -1s":                  "takes time",
		"fuzz --shard 3":                  "no shard",
		"fuzz --shard 5/4":                "the first is 0/4 and the last 3/4",
		"fuzz --shard 8/8":                "count from 0",
		"fuzz --trace":                    "--seeds 1",
		"fuzz --mutant blind-retri":       "did you mean blind-retry",
		"fuzz seven":                      "unknown command",
		"fuzz merge":                      "requires at least 1 arg",
		"fuzz merge /nowhere/shard.json":  "no such file",
		"fuzz merge " + file:              "marcs",
		"fuzz merge --json " + os.DevNull: "holds no summary",
	} {
		if s := say(t, strings.Fields(args)...); s.code != scenarios.ExitRefused ||
			!strings.Contains(s.problems, want) {
			t.Errorf("%s: exit %d, %s", args, s.code, s.problems)
		}
	}
}

func TestBlindShardsFailTogether(t *testing.T) {
	t.Parallel()
	s := summary(t, say(t, "fuzz", "--seeds", "1", "--json").out)
	s.Runs = fuzz.EnoughRuns
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "shard.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if merged := say(t, "fuzz", "merge", file); merged.code != 1 ||
		!strings.Contains(merged.out, "never reached: ") {
		t.Errorf("exit %d:\n%s", merged.code, merged.out)
	}
}
