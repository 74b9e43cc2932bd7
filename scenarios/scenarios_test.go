package scenarios_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// The flags stand after the package: go test ./scenarios -run … -seed 7 -v.
var (
	seedFlag  = flag.Uint64("seed", 0, "the first seed; alone the only one, and -v prints its trace")
	seedsFlag = flag.Int("seeds", 0, "how many seeds; 0 means the file's own number, 200 at most")
	tierFlag  = flag.String("tier", string(scenarios.SimTier), "which engine plays: sim or real")
)

// mostSeeds is how many seeds a test plays unless it is told; `drill run` plays
// as many as the file says.
const mostSeeds = 200

// seeds returns the first seed and how many there are.
func seeds(s *scenarios.Scenario) (first uint64, count int) {
	full := s.WithDefaults()
	first, count = 1, min(full.Run.Seeds.Sim, mostSeeds)
	if tier() == scenarios.RealTier {
		count = 1
	}
	if testing.Short() {
		count = min(count, 20)
	}
	if full.Run.Seed != 0 {
		first, count = full.Run.Seed, 1
	}
	if *seedFlag != 0 {
		first, count = *seedFlag, 1
	}
	if *seedsFlag != 0 {
		count = *seedsFlag
	}
	return first, count
}

// tier is the engine that plays.
func tier() scenarios.Tier { return scenarios.Tier(*tierFlag) }

// planned returns the campaign of a scenario in the simulator.
func planned(t *testing.T, s *scenarios.Scenario) *campaign.Campaign {
	t.Helper()
	open, err := campaign.Simulated(s)
	if err != nil {
		t.Fatal(err)
	}
	c := &campaign.Campaign{
		Scenario: s, Tier: scenarios.SimTier, Open: open, Lines: 20, Timeout: campaign.Timeout(s),
	}
	c.First, c.Count = seeds(s)
	return c
}

// TestScenarios plays every scenario that comes with the project and can be
// played in the tier. On real processes, which take their time, it plays those
// of the set for every change, and any other that -run names. To have played none
// is a failure: whoever names a file wants to hear of it.
func TestScenarios(t *testing.T) {
	all, err := scenarios.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	plan := planned
	switch tier() {
	case scenarios.SimTier:
	case scenarios.RealTier:
		plan = realPlans(t)
	default:
		t.Fatalf("-tier %s: no such tier; there are sim and real", *tierFlag)
	}
	pattern, begun := flag.Lookup("test.run").Value.String(), 0
	for _, s := range all {
		if s.Plays(tier()) && (tier() == scenarios.SimTier || isAsked(s, pattern)) {
			t.Run(s.Name, func(t *testing.T) {
				begun++ // subtests wait for this one before they go on side by side
				if tier() == scenarios.RealTier {
					t.Parallel() // most of a run is waiting, and each has processes of its own
				}
				play(t, plan(t, s))
			})
		}
	}
	if begun == 0 {
		t.Errorf("no scenario of the tier %s was played: -run %q matches none", tier(), pattern)
	}
}

// play plays a campaign on all cores and fails with what people read.
func play(t *testing.T, c *campaign.Campaign) {
	t.Helper()
	watched := testing.Verbose() && c.Count == 1 && *seedFlag != 0
	if watched {
		c.Lines = campaign.AllLines
	}
	report, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if watched {
		for _, line := range report.Runs[0].Trace {
			fmt.Fprintln(os.Stdout, line)
		}
		report.Runs[0].Trace = nil
	}
	var text strings.Builder
	report.Render(&text)
	if report.Verdict == scenarios.Pass {
		t.Log(text.String())
		return
	}
	for _, run := range report.Runs {
		if run.Verdict == report.Verdict {
			fmt.Fprintf(&text, "    or: go test ./scenarios -run 'TestScenarios/%s' -seed %d -v\n",
				report.Name, run.Seed)
			break
		}
	}
	t.Errorf("%s", &text)
}

// TestSameSeedSameHash plays one seed of some scenarios a thousand times, in
// worlds that were used before and in new ones, on one core and on two at once.
func TestSameSeedSameHash(t *testing.T) {
	times := 1000
	if underRace {
		times = 40
	}
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	all, err := scenarios.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		if i%6 != 0 || !s.Plays(scenarios.SimTier) {
			continue
		}
		hashes := map[string]int{}
		for _, cores := range []int{1, 2} {
			runtime.GOMAXPROCS(cores)
			for hash := range hashesOf(t, s, cores, times/(2*cores)) {
				hashes[hash]++
			}
		}
		if len(hashes) != 1 {
			t.Errorf("%s: one seed went %d ways: %v", s.Name, len(hashes), hashes)
		}
	}
}

// hashesOf plays seed 7 so many times in each of several worlds at once.
func hashesOf(t *testing.T, s *scenarios.Scenario, worlds, times int) map[string]bool {
	t.Helper()
	reports := make([]*campaign.Report, worlds)
	var group sync.WaitGroup
	for i := range reports {
		c := planned(t, s)
		c.First, c.Count, c.Repeat, c.Workers = 7, 1, times, 1
		group.Go(func() {
			report, err := c.Run(t.Context())
			if err != nil {
				t.Error(err)
			}
			reports[i] = report
		})
	}
	group.Wait()
	hashes := map[string]bool{}
	for _, report := range reports {
		if report == nil {
			continue
		}
		hashes[report.Runs[0].Hash] = true
		if report.Verdict == scenarios.Crash {
			t.Errorf("%s: %v", s.Name, report.Runs[0].Violation)
		}
	}
	return hashes
}
