package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/scenarios"
)

// shell carries out a command line that was printed, as a person who pastes it
// would: a shell takes it apart.
func shell(t *testing.T, command string) said {
	t.Helper()
	words, err := exec.Command("sh", "-c", `for word in `+command+`; do printf '%s\n' "$word"; done`).Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	args := strings.Split(strings.TrimSuffix(string(words), "\n"), "\n")
	if args[0] != asBuilt {
		t.Fatalf("%q does not call the program", command)
	}
	return say(t, args[1:]...)
}

// TestEveryPrintedCommandReplaysTheFailure pastes what each command prints with a
// failure, from a directory whose name a shell would take apart.
func TestEveryPrintedCommandReplaysTheFailure(t *testing.T) {
	t.Parallel()
	const mutant = "release-before-drain" // the swarm finds it within a few seeds
	dir := filepath.Join(t.TempDir(), "it's here")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file, short := filepath.Join(dir, "never-elects.yaml"), filepath.Join(dir, "short.yaml")
	if err := os.WriteFile(file, []byte(failsAlways), 0o644); err != nil {
		t.Fatal(err)
	}
	found := func(args ...string) (what, command string) {
		got := say(t, append(args, "--json")...)
		if args[0] == "run" {
			r := reports(t, got.out)[0]
			return r.Runs[0].Violation.Detail, r.Replay
		}
		if args[0] == "fuzz" {
			f := summary(t, got.out).Failures
			if len(f) == 0 {
				t.Fatalf("%v found nothing: %s", args, got.problems)
			}
			return f[0].Detail, f[0].Repro
		}
		var s struct{ Detail, Replay string }
		if err := json.Unmarshal([]byte(got.out), &s); err != nil {
			t.Fatalf("%v: %v, %s", args, err, got.problems)
		}
		return s.Detail, s.Replay
	}
	for _, args := range [][]string{
		{"run", "--seed", "3", file},
		{"run", "--seed", "1", "--mutant", "history-left-open", "crash-after-send"},
		{"fuzz", "--seeds", "40", "--stop", "--mutant", mutant},
		{"fuzz", "--seeds", "40", "--stop", "--mutant", mutant, "--out", dir},
		{"shrink", file},
		{"shrink", file, "-o", short},
		{"shrink", "crash-after-send", "--mutant", "history-left-open"},
		{"shrink", "--seed", "12", "--mutant", mutant, "-o", filepath.Join(dir, "drawn.yaml")},
	} {
		what, command := found(args...)
		again := shell(t, command)
		if again.code != 1 || what == "" || !strings.Contains(again.out, what) ||
			!strings.Contains(again.out, "  -> ") {
			t.Errorf("%v prints %q, which exits with %d and does not show %q\n%.2000s%s",
				args, command, again.code, what, again.out, again.problems)
		}
	}
}

// What a run on real processes leaves and what is printed of it name one command, which
// holds the file as it was given and the class.
func TestWhatARealRunLeavesNamesTheCommandThatIsPrinted(t *testing.T) {
	t.Parallel()
	file := failing(t)
	s, err := scenarios.Find(file)
	if err == nil {
		s, err = s.WithClass(scenarios.ClassD)
	}
	if err != nil {
		t.Fatal(err)
	}
	for built, option := range map[string]string{"": "", "belief-by-flag": "--mutant belief-by-flag "} {
		o := runOptions{tier: "real", class: "D", repeat: 1, built: built, seedGiven: true, seed: 7}
		want := "bin/drill run --tier real --seed 7 " + option + "--class D " + file
		made := o.staging(s, file, "fencepost")
		if made.Again == nil || made.Again(7) != want {
			t.Errorf("what is left is not played again by %s", want)
		}
		plan := o.plan(assignment{scenario: s, argument: file}, 0)
		if printed := plan.Unplayed().Replay; printed != want {
			t.Errorf("%s is printed, not %s", printed, want)
		}
	}
}

func TestACommandThatIsPrintedCallsTheProgramThatPrintsIt(t *testing.T) {
	t.Parallel()
	here, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{"/opt/fencepost/bin/drill", "../bin/drill", "../bin/drill"},
		{"/opt/my tools/drill", "/opt/my tools/drill", "/opt/my tools/drill"},
		{"/usr/local/bin/drill", "drill", "drill"},
		{"/tmp/go-build17/b001/exe/drill", "/tmp/go-build17/b001/exe/drill", asBuilt},
		{here, here, asBuilt},
	} {
		if got := calledAs(c[0], c[1]); got != c[2] {
			t.Errorf("%s, called %s, is called %s", c[0], c[1], got)
		}
	}
}

// What a drill with a mistake in it prints is pasted to whoever started it: the file
// that it was built as lies in a cache.
func TestADrillThatCarriesACommandOutIsCalledAsTheOneThatStartedIt(t *testing.T) {
	t.Parallel()
	command := carrier(t.Context(), "/cache/mutants/fails-open/drill", []string{"run", "baseline"})
	if got := strings.Join(command.Args, " "); got != "bin/drill run baseline" {
		t.Errorf("it is called by %s", got)
	}
	if command.Path != "/cache/mutants/fails-open/drill" {
		t.Errorf("%s carries it out", command.Path)
	}
}
