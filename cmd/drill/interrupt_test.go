package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fencepost/internal/campaign"
	"fencepost/internal/mutants"
	"fencepost/internal/shrink"
	"fencepost/scenarios"
)

// countdown is a context that ends when it has been looked at so often: an
// interrupt at the same place of every run.
type countdown struct {
	context.Context
	left atomic.Int64
}

func interruptAfter(t *testing.T, looks int64) *countdown {
	t.Helper()
	c := &countdown{Context: t.Context()}
	c.left.Store(looks)
	return c
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// tripwire interrupts the command when it writes something.
type tripwire struct {
	mu   sync.Mutex
	text bytes.Buffer
	trip context.CancelFunc
}

func (w *tripwire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trip()
	return w.text.Write(p)
}

// sayUntil carries out a command line that is interrupted as the context says.
func sayUntil(ctx context.Context, args ...string) said {
	var out, problems bytes.Buffer
	code := drill(ctx, args, &out, &problems)
	return said{code, out.String(), problems.String()}
}

func TestAnInterruptedRunReportsWhatItPlayed(t *testing.T) {
	t.Parallel()
	got := sayUntil(interruptAfter(t, 20), "run", "--json", "--seeds", "100000", "baseline", "leader-crash")
	all := reports(t, got.out)
	if got.code != scenarios.Unknown.ExitCode() || len(all) != 2 || !strings.Contains(got.problems,
		"drill: interrupted: 2 of 2 scenarios not played to the end") {
		t.Fatalf("exit %d, %s\n%s", got.code, got.problems, got.out)
	}
	for i, name := range []string{"baseline", "leader-crash"} {
		if r := all[i]; r.Name != name || !r.Interrupted || r.Verdict != scenarios.Unknown || r.Failed != 0 {
			t.Errorf("%+v", r)
		}
	}
	if n := all[0].Seeds; n == 0 || n > 40 || len(all[0].Runs) != n || all[1].Seeds != 0 {
		t.Errorf("%d and %d seeds", n, all[1].Seeds)
	}
	failed := sayUntil(interruptAfter(t, 8), "run", "--seeds", "100000", failing(t))
	if failed.code != scenarios.Fail.ExitCode() || !strings.Contains(failed.out, "not all seeds") {
		t.Errorf("exit %d, %s\n%s", failed.code, failed.problems, failed.out)
	}
}

func TestAnInterruptedRunOfAMutantReportsThatNothingWasPlayed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range []string{
		"run --json --mutant fails-open baseline", "fuzz --json --mutant fails-open",
		"shrink --json --mutant fails-open baseline",
	} {
		got := sayUntil(ctx, strings.Fields(args)...)
		if got.code != scenarios.Unknown.ExitCode() || !strings.Contains(got.problems, "interrupted") ||
			!strings.Contains(got.out, `"interrupted":true`) {
			t.Errorf("%s: exit %d, %s\n%s", args, got.code, got.problems, got.out)
		}
	}
}

func TestAnInterruptedFuzzIsUnknownHereAndInARunner(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"fuzz", "--json", "--seeds", "100000000"},
		{"fuzz", "--json", "--seeds", "100000000", "--mutant", "retry-drops-alert"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		wire := &tripwire{trip: cancel} // the first line about its progress
		var out bytes.Buffer
		code := drill(ctx, args, &out, wire)
		cancel()
		s := summary(t, out.String())
		if s.Runs == 0 || !s.Interrupted || s.Failed == 0 && code != scenarios.Unknown.ExitCode() ||
			!strings.Contains(wire.text.String(), "drill: interrupted") {
			t.Errorf("%v: exit %d, %s\n%.600s", args, code, wire.text.String(), out.String())
		}
	}
}

func TestAnInterruptedShrinkGivesTheShortestSoFar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source, result := filepath.Join(dir, "never-elects.yaml"), filepath.Join(dir, "short.yaml")
	if err := os.WriteFile(source, []byte(failsAlways), 0o644); err != nil {
		t.Fatal(err)
	}
	got := sayUntil(interruptAfter(t, 8), "shrink", source, "-o", result, "--json")
	var found shrink.Answer
	if err := json.Unmarshal([]byte(got.out), &found); err != nil || got.code != scenarios.Fail.ExitCode() {
		t.Fatalf("exit %d (%v), %s\n%s", got.code, err, got.problems, got.out)
	}
	if !found.Failing || !found.Interrupted || !strings.Contains(got.problems, "the shortest so far") {
		t.Errorf("%+v, %s", found, got.problems)
	}
	if again := say(t, "run", result); again.code != 1 || !strings.Contains(again.out, "at_most") {
		t.Errorf("the result: exit %d\n%s%s", again.code, again.out, again.problems)
	}
	passing := sayUntil(interruptAfter(t, 3), "shrink", "baseline")
	if passing.code != scenarios.Unknown.ExitCode() || !strings.Contains(passing.problems, "none has") {
		t.Errorf("exit %d: %s", passing.code, passing.problems)
	}
}

func TestAnInterruptedMapHasGapsAndWritesNoFile(t *testing.T) {
	t.Parallel()
	svg := filepath.Join(t.TempDir(), "edge.svg")
	got := sayUntil(interruptAfter(t, 60), "map", "--seeds", "1", "--svg", svg)
	if got.code != scenarios.Unknown.ExitCode() || !strings.Contains(got.out, "Interrupted") ||
		!strings.Contains(got.out, "| ? |") || !strings.Contains(got.problems, "no file was written") {
		t.Errorf("exit %d, %s\n%s", got.code, got.problems, got.out)
	}
	if _, err := os.Stat(svg); !os.IsNotExist(err) {
		t.Errorf("half a picture was drawn: %v", err)
	}
	asJSON := sayUntil(interruptAfter(t, 60), "map", "--seeds", "1", "--json")
	if !strings.Contains(asJSON.out, `"interrupted":true`) || !strings.Contains(asJSON.out, `"open":true`) {
		t.Errorf("%s", asJSON.out)
	}
}

func TestInterruptedMutantsAreNamed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	wire := &tripwire{trip: cancel} // the first result
	var problems bytes.Buffer
	code := drill(ctx, []string{
		"mutants", "--fast", "--json", "--by", "scenarios", "--only",
		"belief-by-flag,fails-open,blind-retry,history-left-open",
	}, wire, &problems)
	var killed, unsearched int
	for d := json.NewDecoder(&wire.text); ; {
		var r mutants.Result
		if err := d.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		switch {
		case r.Interrupted && r.KilledBy == "" && !r.Survived:
			unsearched++
		case r.KilledBy != "":
			killed++
		}
	}
	if code != scenarios.Unknown.ExitCode() || killed == 0 || unsearched == 0 || killed+unsearched != 4 ||
		!strings.Contains(problems.String(), "interrupted") {
		t.Errorf("exit %d, %d killed, %d unsearched: %s", code, killed, unsearched, &problems)
	}
}

// TestAReportThatWasCutShortIsPlayedAgain resumes a directory of reports.
func TestAReportThatWasCutShortIsPlayedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sayUntil(interruptAfter(t, 12), "run", "--seeds", "100000", "--out", dir, "baseline")
	if _, err := os.Stat(filepath.Join(dir, campaign.ReportName("baseline", ""))); err != nil {
		t.Fatal(err)
	}
	again := say(t, "run", "--json", "--seeds", "3", "--resume", dir, "baseline")
	if all := reports(t, again.out); again.code != 0 || all[0].Seeds != 3 || all[0].Interrupted {
		t.Errorf("exit %d: %s", again.code, again.out)
	}
}
