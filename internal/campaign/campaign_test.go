package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// fakeWorld answers each seed as it is told to.
type fakeWorld struct {
	run  func(seed uint64) Outcome
	last uint64
}

func (w *fakeWorld) Run(seed uint64) Outcome {
	w.last = seed
	return w.run(seed)
}

func (w *fakeWorld) WriteTrace(out io.Writer, n int) error {
	if n <= 0 {
		n = 4
	}
	for i := range n {
		fmt.Fprintf(out, "  %d.000000s line %d of seed %d\n", i, i, w.last)
	}
	return nil
}

func planted(t *testing.T, run func(seed uint64) Outcome) *Campaign {
	t.Helper()
	src := "version: 1\nname: planted\nwhy: A test.\ntiers: [sim, real]\ncatches: [belief-by-flag]\n" +
		"expect:\n  - never: single-executor\n  - sometimes: {event: permit.refused, at_least: 3}\n"
	s, err := scenarios.Parse("", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return &Campaign{
		Scenario: s, Tier: scenarios.SimTier, First: 1, Count: 20, Workers: 4,
		Open: func() World { return &fakeWorld{run: run} },
	}
}

func passes(seed uint64) Outcome {
	o := Outcome{Verdict: scenarios.Pass, Hash: seed * 7, Events: 10, SimNanos: 1_500_000_000}
	o.Counts[event.PermitRefused] = 1
	return o
}

func failsOn(bad ...uint64) func(uint64) Outcome {
	return func(seed uint64) Outcome {
		o := passes(seed)
		for _, b := range bad {
			if seed == b {
				o.Verdict = scenarios.Fail
				o.Failure = &scenarios.Failure{
					Invariant: check.SingleExecutor, At: 2_500_000_000, Step: "freeze", Node: 1,
					Detail: "two permits",
				}
			}
		}
		return o
	}
}

func report(t *testing.T, c *Campaign) *Report {
	t.Helper()
	r, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAReportDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	t.Parallel()
	var first string
	for _, workers := range []int{1, 2, 8} {
		c := planted(t, failsOn(5, 9))
		c.Workers = workers
		text, err := json.Marshal(report(t, c))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Errorf("%d workers report\n%s\nand one reports\n%s", workers, text, first)
		}
	}
}

func TestAReportHoldsWhatOutsideChecksRelyOn(t *testing.T) {
	t.Parallel()
	c := planted(t, failsOn(2))
	c.Count = 3
	text, err := json.Marshal(report(t, c))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"planted","tier":"sim","verdict":"fail","seeds":3,"failed":1,"unknown":0,` +
		`"invalid":0,"crashed":0,"repeated":0,"excused":0,"unmet":[],"interrupted":false,"runs":[` +
		`{"seed":1,"verdict":"pass","hash":"0000000000000007","events":10,"sim_seconds":1.5,` +
		`"violation":null},` +
		`{"seed":2,"verdict":"fail","hash":"000000000000000e","events":10,"sim_seconds":1.5,"violation":` +
		`{"invariant":"single-executor","at":2.5,"step":"freeze","node":"n2","detail":"two permits"}},` +
		`{"seed":3,"verdict":"pass","hash":"0000000000000015","events":10,"sim_seconds":1.5,` +
		`"violation":null}],"asked":{"scenario":"` + c.asked().Scenario +
		`","first":1,"count":3,"repeat":1},` +
		`"replay":"bin/drill run --seed 2 planted"}`
	if string(text) != want {
		t.Errorf("the report is\n%s\nnot\n%s", text, want)
	}
}

func TestAPanicIsACrashThatNamesItsSeed(t *testing.T) {
	t.Parallel()
	c := planted(t, func(seed uint64) Outcome {
		if seed == 7 {
			panic("the queue is empty")
		}
		return passes(seed)
	})
	c.Lines = 2
	r := report(t, c)
	run := r.Runs[6]
	if r.Verdict != scenarios.Crash || r.Crashed != 1 || run.Verdict != scenarios.Crash || run.Seed != 7 {
		t.Fatalf("verdict %s with %d crashes; seed %d is %s", r.Verdict, r.Crashed, run.Seed, run.Verdict)
	}
	if !strings.Contains(run.Violation.Detail, "the queue is empty") || len(run.Trace) != 2 {
		t.Errorf("the crash says only %q, with the trace %q", run.Violation.Detail, run.Trace)
	}
	if r.Replay != "bin/drill run --seed 7 planted" {
		t.Errorf("replayed by %q", r.Replay)
	}
}

func TestARunBeyondItsTimeoutIsACrash(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	defer close(hold)
	c := planted(t, func(seed uint64) Outcome {
		if seed == 3 {
			<-hold
		}
		return passes(seed)
	})
	c.Timeout, c.Lines = 50*time.Millisecond, 5
	r := report(t, c)
	if r.Crashed != 1 || r.Runs[2].Verdict != scenarios.Crash || r.Runs[19].Verdict != scenarios.Pass {
		t.Errorf("%d crashes, seed 3 %s, seed 20 %s", r.Crashed, r.Runs[2].Verdict, r.Runs[19].Verdict)
	}
}

func TestRepetitionsMustHaveTheSameHash(t *testing.T) {
	t.Parallel()
	var calls atomic.Uint64
	c := planted(t, func(seed uint64) Outcome {
		o := passes(seed)
		if seed == 4 {
			o.Hash = calls.Add(1)
		}
		return o
	})
	c.Repeat = 3
	r := report(t, c)
	if r.Verdict != scenarios.Crash || r.Crashed != 1 || r.Runs[3].Verdict != scenarios.Crash {
		t.Errorf("verdict %s, %d crashes", r.Verdict, r.Crashed)
	}
}

func TestAnInvalidRunIsRepeatedOnceAndAFailedOneNever(t *testing.T) {
	t.Parallel()
	var calls [21]atomic.Int32
	c := planted(t, func(seed uint64) Outcome {
		o := passes(seed)
		n := calls[seed].Add(1)
		switch {
		case seed == 2 && n == 1, seed == 3:
			o.Verdict, o.Failure = scenarios.Invalid, &scenarios.Failure{Expect: "step 1", Node: history.None}
		case seed == 4 && n == 1:
			o.Verdict, o.Failure = scenarios.Fail, &scenarios.Failure{Expect: "elect", Node: history.None}
		}
		return o
	})
	c.Wavers = true
	r := report(t, c)
	if r.Repeated != 2 || r.Invalid != 1 || r.Failed != 1 || r.Verdict != scenarios.Fail {
		t.Errorf("%d repeated, %d invalid, %d failed: %s", r.Repeated, r.Invalid, r.Failed, r.Verdict)
	}
	if calls[3].Load() != 2 || calls[4].Load() != 1 {
		t.Errorf("the invalid seed was played %d times, the failed one %d times", calls[3].Load(),
			calls[4].Load())
	}
}

func TestADangerThatNeverHappenedMakesTheFileInvalid(t *testing.T) {
	t.Parallel()
	c := planted(t, passes)
	c.Count = 2
	if r := report(t, c); r.Verdict != scenarios.Invalid || len(r.Unmet) != 1 || r.Invalid != 0 {
		t.Errorf("two refusals are not three: %s with %v", r.Verdict, r.Unmet)
	}
	c.Count = 1
	if r := report(t, c); r.Verdict != scenarios.Pass {
		t.Errorf("a single seed owes no danger: %s with %v", r.Verdict, r.Unmet)
	}
}

// A seed that is played again and again is still one, and owes no danger; and what was
// not played of it is missing.
func TestRepetitionsOfASeedAreNotSeeds(t *testing.T) {
	t.Parallel()
	c := planted(t, passes)
	c.Count, c.Repeat, c.Wavers, c.Workers = 1, 3, true, 1
	r := report(t, c)
	if r.Seeds != 1 || len(r.Runs) != 3 || r.Verdict != scenarios.Pass {
		t.Errorf("%d seeds and %d runs: %s with %v", r.Seeds, len(r.Runs), r.Verdict, r.Unmet)
	}
	var text strings.Builder
	if r.Render(&text); !strings.Contains(text.String(), "planted: 1 seed, 3 runs, ") {
		t.Errorf("%s", &text)
	}
	c.Count = 2
	r = report(t, c)
	if r.Seeds != 2 || len(r.Runs) != 6 || !strings.Contains(r.Replay, "--seed 1 --repeat 3 ") {
		t.Errorf("%d seeds and %d runs, %s", r.Seeds, len(r.Runs), r.Replay)
	}
	ctx, cancel := context.WithCancel(context.Background())
	runs := 0
	c = planted(t, func(seed uint64) Outcome {
		if runs++; runs == 4 {
			cancel()
		}
		return passes(seed)
	})
	c.Count, c.Repeat, c.Wavers, c.Workers = 2, 3, true, 1
	r, err := c.Run(ctx)
	if err != nil || !r.Interrupted || r.Seeds != 2 || len(r.Runs) != 4 {
		t.Errorf("cut short: %+v (%v)", r, err)
	}
}

// A run on real processes that is given up says nothing, not even as the last one.
func TestARunThatIsGivenUpIsNoCrash(t *testing.T) {
	t.Parallel()
	for last, want := range map[uint64]int{3: 2, 1: 0} {
		ctx, cancel := context.WithCancel(context.Background())
		c := planted(t, func(seed uint64) Outcome {
			if seed == last {
				cancel()
				return crash(seed, "the run was given up: interrupt signal received")
			}
			return passes(seed)
		})
		c.Count, c.Wavers, c.Workers = int(last), true, 1
		r, err := c.Run(ctx)
		if err != nil || !r.Interrupted || r.Verdict != scenarios.Unknown || len(r.Runs) != want {
			t.Errorf("given up in run %d: %v, %+v", last, err, r)
		}
	}
	c := planted(t, func(seed uint64) Outcome { return crash(seed, "no server") })
	c.Wavers = true
	if r := report(t, c); r.Interrupted || r.Crashed != 20 {
		t.Errorf("a harness that breaks by itself: %+v", r)
	}
}

func TestPeopleReadTheFirstViolationAndHowToReplayIt(t *testing.T) {
	t.Parallel()
	c := planted(t, failsOn(5, 6, 7, 8))
	c.Lines, c.Argument = 2, "my scenarios/planted.yaml"
	var text strings.Builder
	report(t, c).Render(&text)
	for _, want := range []string{
		"fail    planted: 20 seeds, 4 failed, 200 events in 30 s of the runs\n",
		"    planted, seed 5: fail\n",
		"    single-executor at 2.500000s on n2 after step freeze: two permits\n",
		"      |   1.000000s line 1 of seed 5\n      |   2.000000s line 2 of seed 5\n    replay:",
		"    replay: bin/drill run --seed 6 'my scenarios/planted.yaml'\n",
		"more runs of the same verdict",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &text)
		}
	}
	if strings.Contains(text.String(), "seed 8") {
		t.Errorf("more runs are shown than people read:\n%s", &text)
	}
}

// A run may leave nothing, and what an earlier one left is not its page.
func TestOnlyAPageThatTheRunLeftIsShown(t *testing.T) {
	t.Parallel()
	left, gone := t.TempDir(), filepath.Join(t.TempDir(), "gone")
	page := filepath.Join(left, "timeline.html")
	if err := os.WriteFile(page, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{left: true, gone: false, "": false} {
		c := planted(t, func(seed uint64) Outcome {
			o := crash(seed, "no server")
			o.Left = dir
			return o
		})
		var text strings.Builder
		report(t, c).Render(&text)
		if shown := strings.Contains(text.String(), "    look at: "); shown != want ||
			want && !strings.Contains(text.String(), "look at: "+page+"\n") {
			t.Errorf("left %q:\n%s", dir, &text)
		}
	}
}

func TestAnInterruptedCampaignReportsWhatItPlayed(t *testing.T) {
	t.Parallel()
	for failing, want := range map[uint64]scenarios.RunVerdict{2: scenarios.Fail, 19: scenarios.Unknown} {
		ctx, cancel := context.WithCancel(context.Background())
		c := planted(t, func(seed uint64) Outcome {
			if seed == 4 {
				cancel()
			}
			return failsOn(failing)(seed)
		})
		c.Workers = 1
		r, err := c.Run(ctx)
		if err != nil || !r.Interrupted || r.Verdict != want || r.Seeds != 4 || len(r.Runs) != 4 {
			t.Fatalf("%v: %+v", err, r)
		}
		var text strings.Builder
		if r.Render(&text); !strings.Contains(text.String(), "interrupted: not all seeds were played") {
			t.Errorf("%s", &text)
		}
		dir := t.TempDir()
		if err := r.Keep(dir); err != nil {
			t.Fatal(err)
		}
		if kept, err := c.Kept(dir); kept != nil || err != nil {
			t.Errorf("half a campaign counts as reported: %v (%v)", kept, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := planted(t, passes).Run(ctx)
	if err != nil || !r.Interrupted || r.Verdict != scenarios.Unknown || len(r.Runs) != 0 {
		t.Errorf("nothing was played: %v, %+v", err, r)
	}
}
