package detect

import (
	"encoding/json"
	"slices"
	"testing"

	"fencepost/core/history"
	"fencepost/scenarios"
)

// runOf is a run on real processes with one quantity measured in each occurrence; a
// negative value stands for one that never came.
func runOf(k *Kind, q Quantity, millis ...int64) Run {
	r := Run{Kind: k.Name, Tier: scenarios.RealTier, Seed: 1, Verdict: scenarios.Pass}
	for _, n := range millis {
		o := Occurrence{Next: history.None, Measured: map[Quantity]Span{}}
		if n >= 0 {
			o.Measured[q] = after(n)
		}
		r.Occurrences = append(r.Occurrences, o)
	}
	return r
}

func TestPercentilesAreValuesThatWereMeasured(t *testing.T) {
	t.Parallel()
	var values []Span
	for n := range int64(100) {
		values = append(values, after(100-n))
	}
	want := Spread{N: 100, Min: after(1), P50: after(50), P99: after(99), Max: after(100)}
	if got := spreadOf(values); got != want {
		t.Errorf("of 100: %+v", got)
	}
	one := Spread{N: 1, Min: after(7), P50: after(7), P99: after(7), Max: after(7)}
	if got := spreadOf([]Span{after(7)}); got != one {
		t.Errorf("of 1: %+v", got)
	}
	if got := spreadOf([]Span{after(3), after(1), after(2)}); got.P50 != after(2) || got.P99 != after(3) {
		t.Errorf("of 3: %+v", got)
	}
}

func TestInvalidRunsAreCountedAndNotMeasured(t *testing.T) {
	t.Parallel()
	k := kind(t, "pause")
	stood := &scenarios.Failure{Expect: "harness_stall"}
	r := k.read(scenarios.RealTier, 1, scenarios.Invalid, stood, paused())
	if len(r.Occurrences) != 0 || r.Why == "" {
		t.Errorf("%+v", r)
	}
	a := account(k, scenarios.RealTier, []Run{r, runOf(k, Self, 3)})
	if a.Runs != 2 || a.Invalid != 1 || a.Occurrences != 1 || a.Spreads[Self].N != 1 {
		t.Errorf("%+v", a)
	}
	if list := r.violations(k); len(list) != 0 {
		t.Errorf("an invalid run is called wrong: %v", list)
	}
	r = k.read(scenarios.RealTier, 1, scenarios.Fail, &scenarios.Failure{Expect: "single-executor"}, paused())
	if list := r.violations(k); len(list) != 1 {
		t.Errorf("a run that failed is not: %v", list)
	}
}

func TestMeasuresOutliveTheirFileToTheMicrosecond(t *testing.T) {
	t.Parallel()
	r := runOf(kind(t, "pause"), Overlap, 3)
	r.Occurrences[0].Measured[Overlap] = -123_456_789
	text, err := json.Marshal(&r)
	var again Run
	if err == nil {
		err = json.Unmarshal(text, &again)
	}
	if err != nil || again.Verdict != scenarios.Pass ||
		again.Occurrences[0].Measured[Overlap] != -123_457_000 {
		t.Errorf("%v: %s", err, text)
	}
	if err := json.Unmarshal([]byte(`{"measured":{"luck":1}}`), &Occurrence{}); err == nil {
		t.Error("a quantity that nobody knows is read")
	}
}

// claim is what became of a bound.
func claim(t *testing.T, r *Report, says, source string) Held {
	t.Helper()
	i := slices.IndexFunc(r.Bars, func(c Claim) bool { return c.Says == says && c.Source == source })
	if i < 0 {
		t.Fatalf("no bound of %s says %q: %+v", source, says, r.Bars)
	}
	return r.Bars[i].Worlds[0]
}

func TestBoundsAreThoseOfTheShippedScenarios(t *testing.T) {
	t.Parallel()
	k := kind(t, "pause")
	for _, test := range []struct {
		millis int64
		held   bool
	}{{500, true}, {501, false}, {-1, false}} {
		r, err := Summarize([]*Kind{k}, []Run{runOf(k, Self, test.millis)})
		if err != nil {
			t.Fatal(err)
		}
		h := claim(t, r, "noticed by self or store, from the end", "pause-across-lease-expiry")
		if h.Held != test.held {
			t.Errorf("%d ms: %+v", test.millis, h)
		}
	}
	for _, k := range Kinds() {
		bounds, err := k.bounds()
		if err != nil || (len(bounds) == 0) != k.Keeps {
			t.Errorf("%s has %d bounds (%v)", k.Name, len(bounds), err)
		}
	}
}

func TestGoalOfNinetyNineBearsOneOfAHundred(t *testing.T) {
	t.Parallel()
	k := kind(t, "kill")
	millis := make([]int64, 100)
	millis[50] = 1600
	r, err := Summarize([]*Kind{k}, []Run{runOf(k, Elected, millis...)})
	if err != nil {
		t.Fatal(err)
	}
	if h := claim(t, r, "a new leader, from the start", "goal"); !h.Held || h.Beyond != 1 {
		t.Errorf("%+v", h)
	}
	millis[51] = -1
	if r, err = Summarize([]*Kind{k}, []Run{runOf(k, Elected, millis...)}); err != nil {
		t.Fatal(err)
	}
	if h := claim(t, r, "a new leader, from the start", "goal"); h.Held || h.Never != 1 {
		t.Errorf("a fault after which nobody led does not count: %+v", h)
	}
}

func TestNothingMeasuredIsNoPass(t *testing.T) {
	t.Parallel()
	k := kind(t, "kill")
	measured := runOf(k, Elected, 900)
	lost := Run{Kind: k.Name, Tier: scenarios.SimTier, Seed: 1, Verdict: scenarios.Pass, Lost: 5}
	for _, c := range []struct {
		runs []Run
		want scenarios.RunVerdict
	}{
		{[]Run{measured}, scenarios.Pass},
		{[]Run{measured, lost}, scenarios.Unknown}, // the simulator measured nothing
		{[]Run{lost}, scenarios.Unknown},
		{nil, scenarios.Unknown},
	} {
		r, err := Summarize([]*Kind{k}, c.runs)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Verdict(); got != c.want || (len(r.Unmeasured()) == 0) != (c.want == scenarios.Pass) {
			t.Errorf("%d runs: %s, unmeasured %q; want %s", len(c.runs), got, r.Unmeasured(), c.want)
		}
	}
}
