package parity

import (
	"strings"
	"testing"

	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

func TestFailuresAreAlikeIfTheyBreakTheSame(t *testing.T) {
	t.Parallel()
	type violation = campaign.Violation
	for _, c := range []struct {
		sim, real violation
		alike     bool
	}{
		{violation{Invariant: "single-executor"}, violation{Invariant: "single-executor"}, true},
		{violation{Invariant: "single-executor"}, violation{Invariant: "recovers"}, false},
		{violation{Expect: "elect: {} (line 9)"}, violation{Expect: "elect: {}"}, true},
		{violation{Expect: "elect: {}"}, violation{Expect: "recover: {}"}, false},
	} {
		r := Report{
			Name: "x", Agree: true, Mutant: "m",
			Sim:  Side{Verdict: scenarios.Fail, Violation: &c.sim},
			Real: Side{Verdict: scenarios.Fail, Violation: &c.real},
		}
		if r.Alike = r.alike(); r.Alike != c.alike {
			t.Errorf("%v and %v: %v", &c.sim, &c.real, r.Alike)
		}
		var text strings.Builder
		r.Render(&text)
		if want := "in the same way"; strings.Contains(text.String(), want) != c.alike ||
			!strings.Contains(text.String(), "x [m]:") {
			t.Errorf("%s", text.String())
		}
	}
	passed := Side{Verdict: scenarios.Pass}
	if r := (Report{Agree: true, Sim: passed, Real: passed}); r.alike() {
		t.Error("what passes fails in no way")
	}
}
