package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatCannotBeWrittenIsRefusedBeforeAnythingIsPlayed names places that no file
// can have. Each command would play for minutes otherwise.
func TestWhatCannotBeWrittenIsRefusedBeforeAnythingIsPlayed(t *testing.T) {
	t.Parallel()
	dir, file := t.TempDir(), failing(t)
	nowhere := filepath.Join(dir, "no", "such", "place.yaml")
	below := filepath.Join(file, "reports") // a file stands where a directory would
	again := filepath.Dir(file) + "/./nobody-leads.yaml"
	for args, want := range map[string]string{
		"run --seeds 100000 --out " + below + " baseline":         "--out " + below,
		"run --seeds 100000 --resume " + below + " baseline":      "--resume " + below,
		"run --seed 1 --record-tape " + nowhere + " baseline":     "--record-tape " + nowhere,
		"run --seed 1 --record-tape " + dir + " baseline":         "it is a directory",
		"fuzz --seeds 1000000 --out " + below:                     "--out " + below,
		"fuzz --seeds 1000000 --mutant fails-open --out " + below: "--out " + below,
		"map --svg " + nowhere:                                    "--svg " + nowhere,
		"map --doc " + nowhere:                                    "--doc " + nowhere,
		"map --doc " + file:                                       "has no lines",
		"shrink -o " + nowhere + " " + file:                       "-o " + nowhere,
		"shrink --mutant fails-open --seed 7 -o " + nowhere:       "-o " + nowhere,
		"shrink -o " + filepath.Join(dir, "7.yaml") + " " + file:  "name begins with a letter",
		"shrink -o " + file + " " + file:                          "is the file that is to be shrunk",
		"shrink -o " + again + " " + file:                         "is the file that is to be shrunk",
	} {
		got := say(t, strings.Fields(args)...)
		if got.code != 64 || !strings.Contains(got.problems, want) || got.out != "" {
			t.Errorf("%s: exit %d, %s%s", args, got.code, got.problems, got.out)
		}
	}
}

func TestAFileThatIsThereStaysAsItIsUntilThereIsAResult(t *testing.T) {
	t.Parallel()
	old := write(t, "old.yaml", "precious\n")
	fresh := filepath.Join(t.TempDir(), "fresh.yaml")
	for _, file := range []string{old, fresh} {
		if got := say(t, "shrink", "baseline", "--seed", "4", "-o", file); got.code != 3 {
			t.Errorf("exit %d: %s", got.code, got.problems)
		}
	}
	if text, err := os.ReadFile(old); err != nil || string(text) != "precious\n" {
		t.Errorf("%q (%v)", text, err)
	}
	if _, err := os.Stat(fresh); !os.IsNotExist(err) {
		t.Errorf("a file was left: %v", err)
	}
}

func TestAnEmptyNameIsNoMutant(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"run", "--mutant", "", "baseline"},
		{"fuzz", "--mutant", ""},
		{"shrink", "--mutant", "", "baseline"},
		{"mutants", "--only", ""},
		{"mutants", "--only", "fails-open,,blind-retry"},
		{"mutants", "--only", "fails-open+"},
		{"mutants", "--sample", "0"},
	} {
		got := say(t, args...)
		if got.code != 64 || got.problems == "" || got.out != "" {
			t.Errorf("%q: exit %d, %s%s", args, got.code, got.problems, got.out)
		}
	}
	got := say(t, "mutants", "--list", "--only", "fails-open,fails-open")
	if got.code != 0 || strings.Count(got.out, "fails-open (core)") != 1 {
		t.Errorf("exit %d, %s", got.code, got.out)
	}
}
