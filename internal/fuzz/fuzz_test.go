package fuzz

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"fencepost/scenarios"
	"fencepost/sim"
)

// played runs a campaign that must not be refused.
func played(t *testing.T, o Options) *Summary {
	t.Helper()
	s, err := Run(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// alike drops what may differ between two equal campaigns: how long it took,
// the last digits of a sum of seconds, and how it was cut into shards.
func alike(s *Summary) Summary {
	plain := *s
	plain.WallSeconds, plain.SimSeconds, plain.Campaign = 0, math.Round(s.SimSeconds*1e6), nil
	return plain
}

func TestSummaryDependsOnTheSeedsAlone(t *testing.T) {
	t.Parallel()
	one := played(t, Options{First: 7, Seeds: 60, Workers: 1})
	if one.Runs != 60 || one.Events == 0 || one.SimSeconds == 0 {
		t.Fatalf("%d runs, %d events, %f s", one.Runs, one.Events, one.SimSeconds)
	}
	for _, workers := range []int{2, 5} {
		if again := played(t, Options{First: 7, Seeds: 60, Workers: workers}); !reflect.DeepEqual(
			alike(one), alike(again)) {
			t.Errorf("%d workers: %+v\nwant %+v", workers, alike(again), alike(one))
		}
	}
}

func TestCampaignEndsWithItsTimeOrItsContext(t *testing.T) {
	t.Parallel()
	if s := played(t, Options{First: 1, For: 300 * time.Millisecond}); s.Runs == 0 || s.WallSeconds > 20 ||
		s.Interrupted {
		t.Errorf("%d runs in %f s, interrupted: %v", s.Runs, s.WallSeconds, s.Interrupted)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, o := range []Options{{First: 1, Seeds: 1000}, {First: 1, For: time.Hour}} {
		s, err := Run(ctx, o, nil)
		if err != nil || s.Runs != 0 || !s.Interrupted || s.Verdict() != scenarios.Unknown {
			t.Errorf("after an interrupt: %+v (%v)", s, err)
		}
	}
	if _, err := Run(t.Context(), Options{First: 1}, nil); err == nil {
		t.Error("a campaign without an end is taken")
	}
}

// sampled is a summary of so many runs in which every mark was hit but the
// given one.
func sampled(runs uint64, missed string) *Summary {
	s := newSummary()
	s.Runs = runs
	for name := range s.Marks {
		if name != missed {
			s.Marks[name] = 1
		}
	}
	return s
}

func TestBlindnessIsAFailureOnceEnoughWasPlayed(t *testing.T) {
	t.Parallel()
	const mark = "event: leader.elected"
	few, half := sampled(EnoughRuns-1, mark), sampled(EnoughRuns/2, mark)
	if few.judge(); few.Verdict() != scenarios.Pass {
		t.Errorf("%d runs are judged: %v", few.Runs, few.Blind)
	}
	sum := merged(t, half, sampled(EnoughRuns/2, mark))
	if sum.Verdict() != scenarios.Fail || len(sum.Blind) != 1 || sum.Blind[0] != mark {
		t.Errorf("%v: blind to %v", sum.Verdict(), sum.Blind)
	}
	if sum = merged(t, half, sampled(EnoughRuns/2, "")); len(sum.Blind) > 0 {
		t.Errorf("what one shard has hit is missing: %v", sum.Blind)
	}
}

func TestFailuresOfTheLowestSeedsAreListedAndAllAreCounted(t *testing.T) {
	t.Parallel()
	c := &campaign{options: Options{Keep: 3, Out: t.TempDir()}, began: time.Now(), sum: newSummary()}
	var counts tally
	for _, seed := range []uint64{9, 4, 8, 2, 6} {
		r := sim.Result{Seed: seed, Verdict: scenarios.Fail, Failure: &scenarios.Failure{Invariant: 3, At: 5}}
		counts.add(&r)
		c.fail(&r)
	}
	c.take(&counts)
	s, err := c.conclude()
	if err != nil || s.Failed != 5 || len(s.Failures) != 3 {
		t.Fatalf("%+v (%v)", s, err)
	}
	for i, want := range []uint64{2, 4, 6} {
		f := s.Failures[i]
		file := fmt.Sprintf("%s/swarm-%d.yaml", c.options.Out, want)
		if f.Seed != want || f.Repro != "bin/drill run --trace "+file {
			t.Errorf("listed: %+v", f)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := scenarios.Parse(file, text); err != nil || read.Run.Seed != want {
			t.Errorf("the file that was kept: %v", err)
		}
	}
}

func TestPanicIsACrashThatNamesItsSeed(t *testing.T) {
	t.Parallel()
	p := player{world: &sim.World{}} // a world that was never made
	p.tape.Seed(3)
	r := func() (r sim.Result) {
		defer func() {
			if recover() != nil {
				t.Error("the panic got out")
			}
		}()
		return p.play(3)
	}()
	if r.Verdict == scenarios.Crash && (r.Seed != 3 || !strings.Contains(r.Failure.Detail, "panic")) {
		t.Errorf("%+v", r)
	}
	if c := crashed(5, "x"); c.Seed != 5 || failureOf(&c).Invariant != "" {
		t.Errorf("%+v", failureOf(&c))
	}
}

func TestProgressTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	c := &campaign{options: Options{Seeds: 200}, began: time.Now().Add(-time.Second), sum: newSummary()}
	c.sum.Runs, c.sum.Events, c.sum.Failed = 50, 1000, 2
	line := c.line()
	for _, want := range []string{
		"50 runs (25 %)", "runs/s", "simulated", "M events/s", "marks 0/", "failures 2",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %q", line, want)
		}
	}
	var text bytes.Buffer
	c.report(&text)()
}

func TestTraceIsThatOfTheRun(t *testing.T) {
	t.Parallel()
	s := played(t, Options{First: 2, Seeds: 1, Trace: true})
	if !strings.Contains(strings.Join(s.Trace, "\n"), "leader.elected") {
		t.Errorf("a trace of %d lines", len(s.Trace))
	}
}

func TestSummaryIsJSONWithTheAgreedNames(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(played(t, Options{First: 1, Seeds: 2}))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"runs", "events", "sim_seconds", "wall_seconds", "failures", "marks"} {
		if fields[name] == nil {
			t.Errorf("no %s in %s", name, text)
		}
	}
}
