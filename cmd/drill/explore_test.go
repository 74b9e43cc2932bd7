package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"fencepost/scenarios"
	"fencepost/sim/explore"
)

func TestExploreProvesASmallWorld(t *testing.T) {
	t.Parallel()
	var out, problems bytes.Buffer
	args := []string{"explore", "--signals", "0", "--json"}
	if code := drill(t.Context(), args, &out, &problems); code != 0 {
		t.Fatalf("code %d: %s%s", code, out.String(), problems.String())
	}
	var report explore.Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if !report.Complete || report.Violation != nil || report.States < 1000 || len(report.Budgets) != 2 {
		t.Errorf("%s", out.String())
	}
	if !slices.Contains(report.Reachable["leader"], "lease renewed") {
		t.Errorf("no leader renews its lease: %v", report.Reachable)
	}
}

func TestExploreRefusesAWorldThatItCannotSearch(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"--nodes 1", "--nodes 4", "--signals 3", "--faults 9", "--class E", "--kinds drip",
	} {
		var out, problems bytes.Buffer
		code := drill(t.Context(), append([]string{"explore"}, strings.Fields(args)...), &out, &problems)
		if code != scenarios.ExitRefused || problems.Len() == 0 {
			t.Errorf("%s: code %d, %q", args, code, problems.String())
		}
	}
}

// TestAnInterruptedSearchSaysSo: what was searched so far is shown, and is no proof.
func TestAnInterruptedSearchSaysSo(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out, problems bytes.Buffer
	code := drill(ctx, strings.Fields("explore --faults 2"), &out, &problems)
	if code != scenarios.Unknown.ExitCode() {
		t.Errorf("code %d: %s", code, problems.String())
	}
	for _, said := range []string{
		"<= 0 faults: 1 state,", "2 nodes, 1 signal, class D,", "interrupted", "no proof",
	} {
		if !strings.Contains(out.String(), said) {
			t.Errorf("it does not say %q: %s", said, out.String())
		}
	}
}

// TestExploreFindsMistakes searches programs with a mistake in them.
func TestExploreFindsMistakes(t *testing.T) {
	for _, planted := range []struct{ mutant, class, invariant string }{
		{"permit-without-epoch", "D", "single-executor"},
		{"belief-by-flag", "D", "single-believer"},
		{"no-gate-before-wire", "D", "single-believer"},
		{"trust-from-reply", "D", "single-believer"},
		{"blind-retry", "D", "no-duplicate-order"},
		{"history-left-open", "D", "history-complete"},
		{"void-before-send-by", "B", "no-duplicate-order"},
		{"absent-means-void", "C", "no-duplicate-order"},
	} {
		t.Run(planted.mutant, func(t *testing.T) {
			var out, problems bytes.Buffer
			args := []string{"explore", "--class", planted.class, "--mutant", planted.mutant, "--json"}
			code := drill(t.Context(), args, &out, &problems)
			var report explore.Report
			if err := json.Unmarshal(out.Bytes(), &report); err != nil {
				t.Fatalf("%v: %s", err, problems.String())
			}
			v := report.Violation
			if code != scenarios.Fail.ExitCode() || v == nil || v.Invariant != planted.invariant {
				t.Fatalf("code %d: %s", code, out.String())
			}
			if strings.Contains(strings.Join(v.Steps, "\n"), "not found again") {
				t.Errorf("the way is lost: %s", strings.Join(v.Steps, "\n"))
			}
		})
	}
}
