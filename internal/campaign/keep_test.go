package campaign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/scenarios"
)

func TestReportsAndTracesAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := planted(t, failsOn(5))
	c.Traces, c.Mutant = dir, "belief-by-flag"
	r := report(t, c)
	if err := r.Keep(dir); err != nil {
		t.Fatal(err)
	}
	trace, err := os.ReadFile(filepath.Join(dir, "planted@belief-by-flag.seed-5.trace"))
	if err != nil || !strings.Contains(string(trace), "line 0 of seed 5\n") {
		t.Errorf("the trace of seed 5 is %q (%v)", trace, err)
	}
	kept, err := c.Kept(dir)
	if err != nil || kept == nil || kept.Verdict != scenarios.Fail || len(kept.Runs) != 20 {
		t.Fatalf("kept %v (%v)", kept, err)
	}
}

// A report stands for the campaign that it is of, and for no other.
func TestAReportOfAnotherCampaignDoesNotCount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := report(t, planted(t, passes)).Keep(dir); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Campaign){
		"another mutant":     func(c *Campaign) { c.Mutant = "belief-by-flag" },
		"another tier":       func(c *Campaign) { c.Tier = scenarios.RealTier },
		"another first seed": func(c *Campaign) { c.First = 2 },
		"more seeds":         func(c *Campaign) { c.Count++ },
		"fewer seeds":        func(c *Campaign) { c.Count-- },
		"repetitions":        func(c *Campaign) { c.Repeat = 20 },
		"another class":      func(c *Campaign) { c.Scenario.Cluster.Broker.Class = scenarios.ClassB },
		"another step":       func(c *Campaign) { c.Scenario.Expect = c.Scenario.Expect[:1] },
	} {
		c := planted(t, passes)
		if kept, err := c.Kept(dir); kept == nil || err != nil {
			t.Fatalf("the same campaign has no report: %v", err)
		}
		if change(c); c.Mutant != "" { // whatever the file is called
			name := filepath.Join(dir, ReportName("planted", ""))
			if err := os.Link(name, filepath.Join(dir, ReportName("planted", c.Mutant))); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := c.Kept(dir); kept != nil || err != nil {
			t.Errorf("%s: the report counts (%v)", what, err)
		}
	}
	c := planted(t, passes)
	c.Repeat, c.Workers, c.Argument = 1, 1, "elsewhere/planted.yaml"
	if kept, err := c.Kept(dir); kept == nil || err != nil {
		t.Errorf("how it is played makes it another campaign: %v", err)
	}
}
