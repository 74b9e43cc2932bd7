package main

import (
	"strings"
	"testing"
)

// TestASoakRefusesWhatProvesNothing: nothing is started for a plan that cannot tell
// a leak from chance.
func TestASoakRefusesWhatProvesNothing(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--for 3m":           "is too short to tell a leak from chance: give 4m0s at least",
		"--nodes 1":          "1 nodes: give 2 to 9",
		"--nodes 10":         "10 nodes: give 2 to 9",
		"--ttl 0s":           "a ttl of 0s is none",
		"--for 30m again":    "unknown command",
		"--out /dev/null/no": "--out",
	} {
		got := say(t, append([]string{"soak"}, strings.Fields(args)...)...)
		if got.code != 64 || !strings.Contains(got.problems, want) || got.out != "" {
			t.Errorf("soak %s: exit %d, %q\n%s", args, got.code, got.problems, got.out)
		}
	}
}
