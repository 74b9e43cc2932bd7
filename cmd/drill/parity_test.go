package main

import (
	"bytes"
	"errors"
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

func TestParityRefusesEveryFileBeforeItPlaysOne(t *testing.T) {
	t.Parallel()
	got := say(t, "parity", "basline", "leader-crush")
	if got.code != scenarios.ExitRefused || !strings.Contains(got.problems, "basline") ||
		!strings.Contains(got.problems, "leader-crush") {
		t.Errorf("%+v", got)
	}
}

// TestAnInterruptedParitySpeaksOfNothingThatItDidNotCompare is interrupted in the
// simulator: real processes would say nothing more, and both sides agree on that.
func TestAnInterruptedParitySpeaksOfNothingThatItDidNotCompare(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := newParity()
	c.SetContext(interruptAfter(t, 20))
	c.SetOut(&out)
	o := parityOptions{seed: 1, seeds: 1}
	err := o.compare(c, []string{"baseline", "leader-crash"}, o.options("none is started"))
	var how *exit
	if !errors.As(err, &how) || how.code != scenarios.Unknown.ExitCode() ||
		!strings.Contains(how.text, "the rest was not compared") || out.Len() > 0 {
		t.Errorf("%v: %s", err, &out)
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
	if got := (&runOptions{resume: "reports"}).left(); got != "reports" {
		t.Errorf("--resume reports keeps it in %q", got)
	}
}
