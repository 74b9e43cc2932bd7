package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestOneOfAThingIsSaidInTheSingular reads what commands print of one run, one
// seed and one fault.
func TestOneOfAThingIsSaidInTheSingular(t *testing.T) {
	t.Parallel()
	wrong := regexp.MustCompile(`(^|[^0-9.])1 (runs|seeds|faults|lines|nodes|events|mutants|signals)\b`)
	file := failing(t)
	for args, want := range map[string]string{
		"run --seed 1 " + file:    "1 seed, 1 failed",
		"fuzz --seed 1 --seeds 1": "1 run, ",
		"shrink " + file:          "faults became 0",
		"mutants --fast --by scenarios --only history-left-open": "1 of 1 mutant killed",
	} {
		got := say(t, strings.Fields(args)...)
		if found := wrong.FindString(got.out); found != "" || !strings.Contains(got.out, want) {
			t.Errorf("%s: %q; want %q in\n%s%s", args, found, want, got.out, got.problems)
		}
	}
}
