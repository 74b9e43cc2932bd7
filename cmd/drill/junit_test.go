package main

import (
	"context"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/internal/campaign"
	"fencepost/internal/junit"
	"fencepost/internal/parity"
	"fencepost/scenarios"
)

// decoded reads a JUnit file back.
func decoded(t *testing.T, file string) junit.Report {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r junit.Report
	if err := xml.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r
}

func TestRunWritesASuiteForEachFileAndACaseForEachSeed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "reports", "junit.xml")
	fails := failing(t)
	got := say(t, "run", "--seeds", "3", "--junit", file, "baseline", fails)
	if got.code != 1 {
		t.Fatalf("%+v", got)
	}
	r := decoded(t, file)
	if len(r.Suites) != 2 || r.Tests < 6 || r.Failures != 3 {
		t.Fatalf("%+v", r)
	}
	if s := r.Suites[0]; s.Name != "baseline" || s.Failures+s.Errors != 0 || len(s.Cases) != 3 {
		t.Errorf("%+v", s)
	}
	s := r.Suites[1]
	if s.Name != "nobody-leads" || len(s.Cases) != 3 || s.Time <= 0 {
		t.Fatalf("%+v", s)
	}
	c := s.Cases[1]
	if c.Class != "sim.nobody-leads" || c.Name != "seed 2" || c.Failure == nil || c.Failure.Type != "no" ||
		!strings.Contains(c.Failure.Message, "leader.elected") ||
		!strings.Contains(c.Failure.Text, "drill run --seed 2 "+fails) {
		t.Errorf("%+v, %+v", c, c.Failure)
	}
}

func TestAFileThatCannotBeWrittenIsRefusedBeforeAnythingIsPlayed(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"run", "parity"} {
		if got := say(t, command, "--junit", t.TempDir(), "baseline"); got.code != scenarios.ExitRefused ||
			!strings.Contains(got.problems, "--junit") {
			t.Errorf("%s: %+v", command, got)
		}
	}
}

func TestWhatAllSeedsTogetherDidNotMeetIsACaseOfItsOwn(t *testing.T) {
	t.Parallel()
	suite := suiteOf(&campaign.Report{
		Name: "x", Tier: scenarios.RealTier, Mutant: "belief-by-flag", Interrupted: true,
		Runs: []campaign.Run{
			{Seed: 4, Verdict: scenarios.Pass},
			{Seed: 4, Verdict: scenarios.Invalid, Trace: []string{"last line"}},
		},
		Unmet:  []campaign.Violation{{Expect: "sometimes: {event: permit.refused}", Detail: "never seen"}},
		Replay: "bin/drill run --tier real --seed 4 x",
	})
	if len(suite.Cases) != 4 {
		t.Fatalf("%+v", suite.Cases)
	}
	if c := suite.Cases[1]; c.Name != "seed 4, time 2" || c.Class != "real.x" || c.Error == nil ||
		c.Error.Type != "invalid" || !strings.Contains(c.Error.Text, "last line") {
		t.Errorf("%+v", c)
	}
	if c := suite.Cases[2]; c.Error == nil || !strings.Contains(c.Error.Message, "never seen") {
		t.Errorf("%+v", c)
	}
	if c := suite.Cases[3]; c.Error == nil || c.Error.Type != "unknown" {
		t.Errorf("%+v", c)
	}
}

func TestWorldsThatDoNotAgreeAreAFailureInJUnit(t *testing.T) {
	t.Parallel()
	pair := &parity.Report{
		Name: "x", Sim: parity.Side{Verdict: scenarios.Pass}, Real: parity.Side{Verdict: scenarios.Fail},
	}
	if s := suiteOfPair(pair); len(s.Cases) != 1 || s.Cases[0].Failure == nil ||
		!strings.HasPrefix(s.Cases[0].Failure.Message, "DIFFER") {
		t.Errorf("%+v", s)
	}
	pair.Sim.Verdict, pair.Agree = scenarios.Fail, true
	if s := suiteOfPair(pair); s.Cases[0].Failure != nil || s.Cases[0].Error != nil {
		t.Errorf("both fail, so they agree: %+v", s.Cases[0])
	}
	pair.Real.Verdict, pair.Agree = scenarios.Invalid, false
	if s := suiteOfPair(pair); s.Cases[0].Error == nil || s.Cases[0].Error.Type != "invalid" {
		t.Errorf("one world says nothing: %+v", s.Cases[0])
	}
}

// TestWhatBrokeIsAnErrorAndWhatWasPlayedIsKept has something in the way of the second
// scenario's report.
func TestWhatBrokeIsAnErrorAndWhatWasPlayedIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inTheWay := filepath.Join(dir, campaign.ReportName("leader-crash", ""), "full")
	if err := os.MkdirAll(inTheWay, 0o755); err != nil {
		t.Fatal(err)
	}
	file := write(t, "junit.xml", "stale")
	got := say(t, "run", "--seeds", "2", "--out", dir, "--junit", file, "baseline", "leader-crash")
	if got.code != scenarios.Crash.ExitCode() {
		t.Fatalf("%+v", got)
	}
	r := decoded(t, file)
	if len(r.Suites) != 2 || r.Tests != 3 || r.Errors != 1 || r.Suites[0].Errors != 0 {
		t.Fatalf("%+v", r)
	}
	if c := r.Suites[1].Cases[0]; c.Class != "sim.leader-crash" || c.Error == nil ||
		c.Error.Type != "crash" || !strings.Contains(c.Error.Message, "leader-crash") {
		t.Errorf("%+v, %+v", c, c.Error)
	}
}

func TestAReportOfAnEarlierCommandDoesNotOutliveARefusal(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"run", "no-such-scenario"},
		{"run", "--tier", "real", "--mutant", "none", "baseline"},
		{"parity", "--mutant", "none", "baseline"},
	} {
		file := write(t, "junit.xml", "stale")
		if got := say(t, append(args, "--junit", file)...); got.code != scenarios.ExitRefused {
			t.Errorf("%q: %+v", args, got)
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("%q leaves what was there: %v", args, err)
		}
	}
}

func TestAComparisonThatIsInterruptedIsReported(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	o := parityOptions{junit: filepath.Join(t.TempDir(), "junit.xml")}
	command := newParity()
	command.SetContext(interrupted)
	err := o.compare(command, []string{"leader-crash", "baseline"}, parity.Options{First: 1, Seeds: 1})
	var ended *exit
	if !errors.As(err, &ended) || ended.code != scenarios.Unknown.ExitCode() {
		t.Fatal(err)
	}
	r := decoded(t, o.junit)
	if r.Tests != 2 || r.Errors != 2 || r.Suites[0].Cases[0].Error.Type != "unknown" {
		t.Errorf("%+v", r)
	}
}

func TestAComparisonWithAFileThatOneWorldCannotPlayIsRefusedBeforeItBegins(t *testing.T) {
	t.Parallel()
	simulated := write(t, "only-simulated.yaml", "version: 1\nname: only-simulated\nwhy: A test.\n"+
		"tiers: [sim]\ntier_reason: A test.\ncatches: [belief-by-flag]\n"+
		"expect:\n  - never: single-executor\nrun: {duration: 3ttl, seeds: {sim: 1}}\n")
	o := parityOptions{junit: filepath.Join(t.TempDir(), "junit.xml")}
	command := newParity()
	command.SetContext(t.Context())
	err := o.compare(command, []string{"baseline", simulated}, parity.Options{First: 1, Seeds: 1})
	var ended *exit
	if !errors.As(err, &ended) || ended.code != scenarios.ExitRefused ||
		!strings.Contains(ended.text, "only-simulated.yaml") {
		t.Errorf("%v", err)
	}
}
