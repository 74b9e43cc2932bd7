package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"fencepost/core"
)

// completed asks the program what could stand in the place of the last word.
func completed(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := command(t, append([]string{"__complete"}, args...)...)
	if code != exitDone {
		t.Errorf("%v: exit %d\n%s%s", args, code, out, errs)
	}
	return out
}

func TestWordsOfTheCodeAreCompleted(t *testing.T) {
	for _, c := range []struct {
		args, wants string
	}{
		{"hal", "halt"},
		{"in-doubt ", "list resolve"},
		{"in-doubt resolve 1 --as ", "executed rejected cancelled standing not-sent"},
		{"signals list --state ", "received held submitting submitted in_doubt executed rejected cancelled " +
			"expired"},
		{"signals decide 1 ", "received held submitted executed rejected cancelled void"},
		{"signals send --type ", "BASE_ENTRY PYRAMID EXIT HEARTBEAT"},
		{"control set ", "run pause halt"},
		{"paper --class ", "A B C D"},
		{"paper --behave ", "lost_reply late"},
		{"status -o ", "table json"},
	} {
		args := strings.Split(c.args, " ")
		got := strings.Fields(completed(t, args...))
		for _, want := range strings.Fields(c.wants) {
			if !slices.Contains(got, want) {
				t.Errorf("%q lacks %q: %q", c.args, want, got)
			}
		}
	}
	// Void is an attempt's state and no signal's; a decision is not "submitting".
	if out := completed(t, "signals", "list", "--state", ""); strings.Contains(out, core.Void.String()) {
		t.Errorf("states: %s", out)
	}
	if out := completed(t, "signals", "decide", "1", ""); slices.Contains(strings.Fields(out), "submitting") {
		t.Errorf("decisions: %s", out)
	}
}

func TestDoubtsAreCompletedByTheirNumbersAndAnAbsentLedgerByNothing(t *testing.T) {
	file := inDoubt(t)
	out := completed(t, "in-doubt", "resolve", "--config", file, "")
	if !strings.Contains(out, "1\tEXIT NIFTY LONG") {
		t.Errorf("%s", out)
	}
	if out := completed(t, "in-doubt", "resolve", ""); strings.Contains(out, "NIFTY") {
		t.Errorf("without a ledger: %s", out)
	}
}

func TestShellsUnderstandTheCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, out, errs := command(t, "completion", shell)
		if code != exitDone || !strings.Contains(out, "__complete") || !strings.Contains(out, "fencepost") {
			t.Errorf("%s: exit %d %.80s%s", shell, code, out, errs)
		}
		if shell != "bash" {
			continue // the others need not be here
		}
		check := exec.CommandContext(t.Context(), "bash", "-n")
		check.Stdin = strings.NewReader(out)
		if text, err := check.CombinedOutput(); err != nil {
			t.Errorf("bash -n: %v\n%s", err, text)
		}
	}
}
