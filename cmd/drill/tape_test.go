package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestARunPlaysAgainFromItsTape(t *testing.T) {
	t.Parallel()
	file := failing(t)
	kept := filepath.Join(t.TempDir(), "run.tape")
	first := say(t, "run", "--json", "--seed", "7", "--record-tape", kept, file)
	if first.code != 1 {
		t.Fatalf("exit %d: %s", first.code, first.problems)
	}
	again := say(t, "run", "--json", "--tape", kept, file)
	was, is := reports(t, first.out)[0].Runs[0], reports(t, again.out)[0].Runs[0]
	if again.code != 1 || is.Hash != was.Hash || is.Seed != 7 || is.Unused != 0 || is.Unnamed != 0 {
		t.Errorf("exit %d, hash %s, then %s with %d unused and %d unnamed %s",
			again.code, was.Hash, is.Hash, is.Unused, is.Unnamed, again.problems)
	}
	if want := "--tape " + kept; !strings.Contains(reports(t, again.out)[0].Replay, want) {
		t.Errorf("replayed by %q", reports(t, again.out)[0].Replay)
	}
	text, err := os.ReadFile(kept)
	if err != nil || !strings.Contains(string(text), "rest = seed 7\n") {
		t.Fatalf("%v: %.80s", err, text)
	}
	lines := strings.SplitAfter(string(text), "\n")
	cut := strings.Join(append([]string{"clock.drift n9 0 = 0x1\n"}, lines[3:]...), "")
	if err := os.WriteFile(kept, []byte(cut), 0o644); err != nil {
		t.Fatal(err)
	}
	other := say(t, "run", "--tape", kept, file)
	if want := "does not fit: 1 draw of it not asked for, "; !strings.Contains(other.out, want) {
		t.Errorf("%s%s", other.out, other.problems)
	}
}

func TestATapeThatNoRunCanHaveIsRefusedAtItsLine(t *testing.T) {
	t.Parallel()
	file := failing(t)
	for text, want := range map[string]string{
		"":                           "run.tape:1:1: the tape is empty",
		"# nothing but a remark\n\n": "run.tape:1:1: the tape is empty",
		"clock.base n1 0 = 1\nclok.base n1 0 = 2": "run.tape:2:1: clok.base is no site of this program; " +
			"did you mean clock.base?\n    2 | clok.base n1 0 = 2\n        ^\n        allowed: ",
		"clock.base - 0 = 1":           "run.tape:1:12: clock.base draws for nodes: the actor is n1",
		"clock.base n1 0 = yes":        "run.tape:1:19: \"yes\" is no answer",
		"rest = seed 3\nclock.base n1": "run.tape:2:14: the line breaks off",
	} {
		got := say(t, "run", "--tape", write(t, "run.tape", text), file)
		if got.code != 64 || !strings.Contains(got.problems, want) || got.out != "" {
			t.Errorf("%q: exit %d, %s%s", text, got.code, got.problems, got.out)
		}
	}
}

func TestATapeThatDoesNotFitAtAllMakesTheRunInvalid(t *testing.T) {
	t.Parallel()
	stray := write(t, "stray.tape", "rest = seed 3\nclock.base n9 0 = 0x1\nclock.drift n9 0 = 0x1\n")
	got := say(t, "run", "--json", "--tape", stray, "baseline")
	if r := reports(t, got.out)[0]; got.code != 3 || r.Verdict.String() != "invalid" || r.Invalid != 1 ||
		r.Runs[0].Unused != 2 || !strings.Contains(r.Runs[0].Violation.Detail, "none of its 2 draws") {
		t.Errorf("exit %d: %s", got.code, got.out)
	}
	half := write(t, "half.tape", "rest = seed 3\nclock.base n1 0 = 0x1\nclock.drift n9 0 = 0x1\n")
	if got := say(t, "run", "--tape", half, "baseline"); got.code != 0 ||
		!strings.Contains(got.out, "the tape does not fit: 1 draw of it not asked for") {
		t.Errorf("exit %d: %s", got.code, got.out)
	}
}

func TestATapeIsOfOneRun(t *testing.T) {
	t.Parallel()
	file := failing(t)
	bad := filepath.Join(t.TempDir(), "bad.tape")
	if err := os.WriteFile(bad, []byte("clock.base n1 0 = 1\nclock.base n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "good.tape")
	if err := os.WriteFile(good, []byte("rest = seed 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"--tape " + bad:                               "bad.tape:2:14: the line breaks off",
		"--tape nowhere.tape":                         "nowhere.tape",
		"--tape " + good + " --seed 3":                "in the seed's place",
		"--tape " + good + " --mutant fails-open":     "no tape",
		"--tape " + good + " --resume " + t.TempDir(): "--resume",
		"--record-tape x":                             "4 are to be played",
		"--tape " + good + " baseline":                "2 are named",
	} {
		got := say(t, append([]string{"run", file}, strings.Fields(args)...)...)
		if got.code != 64 || !strings.Contains(got.problems, want) {
			t.Errorf("%s: exit %d, %s", args, got.code, got.problems)
		}
	}
}
