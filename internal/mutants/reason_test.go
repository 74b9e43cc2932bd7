package mutants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/core/check"
	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// TestAMutantIsKilledByItsOwnReasonOnly: a run that is merely invalid, one in which
// the harness broke, and one that breaks something else have not noticed the
// mistake.
func TestAMutantIsKilledByItsOwnReasonOnly(t *testing.T) {
	t.Parallel()
	believer := Mutant{Name: "m", Breaks: check.SingleBeliever, Real: &RealRun{}}
	final := Mutant{Name: "m", Misses: "final", Real: &RealRun{}}
	either := Mutant{Name: "m", Misses: "final", Real: &RealRun{Breaks: []string{"recovers", "elect"}}}
	broke := func(invariant, expect string) *campaign.Violation {
		return &campaign.Violation{Invariant: invariant, Expect: expect}
	}
	for _, c := range []struct {
		mutant    *Mutant
		verdict   scenarios.RunVerdict
		violation *campaign.Violation
		killed    bool
	}{
		{&believer, scenarios.Fail, broke("single-believer", ""), true},
		{&believer, scenarios.Fail, broke("recovers", ""), false},
		{&believer, scenarios.Fail, broke("", "final: [every_signal_terminal] (line 3)"), false},
		{&believer, scenarios.Invalid, broke("", "harness_stall"), false},
		{&believer, scenarios.Crash, broke("single-believer", ""), false},
		{&believer, scenarios.Unknown, nil, false},
		{&believer, scenarios.Pass, nil, false},
		{&final, scenarios.Fail, broke("", "final: [every_signal_terminal] (line 3)"), true},
		{&final, scenarios.Fail, broke("", "elect: {within: 2ttl} (line 3)"), false},
		{&either, scenarios.Fail, broke("recovers", ""), true},
		{&either, scenarios.Fail, broke("", "elect: {within: 2ttl} (line 3)"), true},
		{&either, scenarios.Fail, broke("", "final: [every_signal_terminal] (line 3)"), false},
	} {
		why := c.mutant.otherwise(&campaign.Run{Verdict: c.verdict, Violation: c.violation})
		if (why == "") != c.killed {
			t.Errorf("%s, %v, of a mutant of %v: %q", c.verdict, c.violation, c.mutant.reasons(), why)
		}
	}
}

// TestARunOnRealProcessesIsReadStrictly: it names a scenario and a seed, and says why
// something else falls than everywhere.
func TestARunOnRealProcessesIsReadStrictly(t *testing.T) {
	t.Parallel()
	const head = "why: w\nsite: core\npath: a.go\nold: x\nnew: y\nbreaks: single-executor\nreal: "
	if _, err := Parse("m", []byte(head+"{scenario: s, seed: 1}\n")); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"{seed: 1}":     "a scenario and a seed",
		"{scenario: s}": "a scenario and a seed",
		"{scenario: s, seed: 1, breaks: [recovers]}":           "stand together",
		"{scenario: s, seed: 1, since: it is so}":              "stand together",
		"{scenario: s, seed: 1, breaks: [luck], since: it is}": "neither an invariant nor an expectation",
		"{scenario: s, seed: 1, seeds: 4}":                     "seeds",
	} {
		if _, err := Parse("m", []byte(head+text+"\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestADrillThatDoesNotEndIsEnded: one that does not come to an end, and then does
// not listen either.
func TestADrillThatDoesNotEndIsEnded(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"exec sleep 60", "trap '' TERM; while :; do sleep 1; done"} {
		dir := t.TempDir()
		text := "#!/bin/sh\n" + script + "\n"
		if err := os.WriteFile(filepath.Join(dir, "drill"), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		limits := patience{100 * time.Millisecond, 100 * time.Millisecond}
		_, err := Tree(dir).askDrill(t.Context(), limits, dir, "fails-open",
			RealPlay{Scenario: "baseline", Seed: 1}, dir)
		if err == nil || !strings.Contains(err.Error(), "baseline: drill had not ended after 100ms") {
			t.Errorf("%s: %v", script, err)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("%s: it took %v", script, took)
		}
	}
}
