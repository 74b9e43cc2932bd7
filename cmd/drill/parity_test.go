package main

import (
	"strings"
	"testing"

	"fencepost/scenarios"
)

func TestParityRefusesAMutantThatIsNone(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"": "names no mutant", "belief-by-flg": "belief-by-flag"} {
		got := say(t, "parity", "--mutant", name, "baseline")
		if got.code != scenarios.ExitRefused || !strings.Contains(got.problems, want) {
			t.Errorf("%q: %+v", name, got)
		}
	}
}

func TestParityHandsEveryFlagToTheProgramThatMakesTheMistake(t *testing.T) {
	t.Parallel()
	o := parityOptions{seed: 4, seeds: 2, json: true, out: "dir", junit: "file.xml", mutant: "belief-by-flag"}
	got := strings.Join(o.words([]string{"a.yaml", "b"}), " ")
	const want = "parity --built-with belief-by-flag --seed 4 --seeds 2 --json=true --out dir " +
		"--junit file.xml -- a.yaml b"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestParityKeepsWhatFailedWhereRunDoes(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "out", "kept": "kept"} {
		o := parityOptions{out: given}
		if got := o.options("fencepost").Chaos.Out; got != want || (&runOptions{out: given}).left() != want {
			t.Errorf("--out %q keeps it in %q, want %q", given, got, want)
		}
	}
}
