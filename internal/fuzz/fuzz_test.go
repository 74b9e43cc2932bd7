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
// and the last digits of a sum of seconds.
func alike(s *Summary) Summary {
	plain := *s
	plain.WallSeconds, plain.SimSeconds = 0, math.Round(s.SimSeconds*1e6)
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

func TestShardsMergeToTheWhole(t *testing.T) {
	t.Parallel()
	whole := played(t, Options{First: 1, Seeds: 50, Workers: 2})
	var parts []*Summary
	for i := range uint64(3) {
		parts = append(parts, played(t, Options{First: 1, Seeds: 50, Shard: i, Shards: 3, Workers: 2}))
	}
	if sum := Merge(parts); !reflect.DeepEqual(alike(sum), alike(whole)) {
		t.Errorf("merged %+v\nwhole %+v", alike(sum), alike(whole))
	}
}

func TestASummaryThatListsAFailureHasNotPassed(t *testing.T) {
	t.Parallel()
	part := &Summary{Runs: 3, Failures: []Failure{{Seed: 2, Invariant: "recovers"}}}
	if sum := Merge([]*Summary{part}); sum.Failed != 1 || sum.Verdict() != scenarios.Fail {
		t.Errorf("%d failed: %s", sum.Failed, sum.Verdict())
	}
	part.Failures[0].Invariant = ""
	if sum := Merge([]*Summary{part, part}); sum.Crashed != 2 || sum.Verdict() != scenarios.Crash {
		t.Errorf("%d crashed: %s", sum.Crashed, sum.Verdict())
	}
}

func TestShardIsCountedFromZeroOrFromOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]uint64{
		"0/4": {0, 4}, "3/4": {3, 4}, "4/4": {0, 4}, "1/1": {0, 1}, "0/1": {0, 1},
	} {
		if i, n, err := ParseShard(text); err != nil || i != want[0] || n != want[1] {
			t.Errorf("%s is %d of %d (%v)", text, i, n, err)
		}
	}
	for _, text := range []string{"", "4", "5/4", "-1/4", "1/0", "a/b", "1/2/3"} {
		if _, _, err := ParseShard(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestCampaignEndsWithItsTimeOrItsContext(t *testing.T) {
	t.Parallel()
	if s := played(t, Options{First: 1, For: 300 * time.Millisecond}); s.Runs == 0 || s.WallSeconds > 20 {
		t.Errorf("%d runs in %f s", s.Runs, s.WallSeconds)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Run(ctx, Options{First: 1, Seeds: 1000}, nil); err != nil || s.Runs != 0 {
		t.Errorf("after an interrupt: %+v (%v)", s, err)
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
	sum := Merge([]*Summary{half, sampled(EnoughRuns/2, mark)})
	if sum.Verdict() != scenarios.Fail || len(sum.Blind) != 1 || sum.Blind[0] != mark {
		t.Errorf("%v: blind to %v", sum.Verdict(), sum.Blind)
	}
	if sum = Merge([]*Summary{half, sampled(EnoughRuns/2, "")}); sum.Verdict() != scenarios.Pass {
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
