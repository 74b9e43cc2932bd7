package reconcile_test

import (
	"testing"

	"fencepost/internal/reconcile"
)

func TestReportIsCleanOnlyIfEverythingWasComparedAndSeenTo(t *testing.T) {
	seen := reconcile.Finding{Kind: reconcile.Unknown, Acknowledged: true}
	open := reconcile.Finding{Kind: reconcile.Missing}
	for _, c := range []struct {
		report reconcile.Report
		clean  bool
		open   int
	}{
		{reconcile.Report{Listed: true}, true, 0},
		{reconcile.Report{}, false, 0},
		{reconcile.Report{Listed: true, Error: "away"}, false, 0},
		{reconcile.Report{Listed: true, Findings: []reconcile.Finding{seen}}, true, 0},
		{reconcile.Report{Listed: true, Findings: []reconcile.Finding{seen, open}}, false, 1},
	} {
		if c.report.Clean() != c.clean || c.report.Open() != c.open {
			t.Errorf("%+v: clean %v, open %d", c.report, c.report.Clean(), c.report.Open())
		}
	}
}

// Whoever adds a kind has to say whether it halts; until then it does.
func TestKindThatNobodyKnowsHalts(t *testing.T) {
	if !reconcile.Kind("new").Halts() {
		t.Error("an unknown kind does not halt")
	}
	seen := map[reconcile.Kind]bool{}
	for _, k := range reconcile.Kinds() {
		if seen[k] {
			t.Errorf("%s is listed twice", k)
		}
		seen[k] = true
	}
}
