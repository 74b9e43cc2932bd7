package shrink

import (
	"fmt"
	"testing"

	"fencepost/core/check"
	"fencepost/scenarios"
	"fencepost/sim"
)

// linked is a scenario whose steps speak of each other.
const linked = `version: 1
name: linked
why: Steps that follow each other.
tiers: [sim]
tier_reason: r
catches: [belief-by-flag]
cluster: {nodes: 5}
steps:
  - id: first
    at: 1s
    pause: {node: n4, as: old, for: 1ttl..2ttl}
  - id: second
    after: first.end
    plus: 2s
    net: {link: $old <-> all, effect: drop, for: 1ttl}
  - at: 3s
    kill: {node: n2, restart: 1s}
expect:
  - never: single-executor
  - elect: {from: second.start, within: 2ttl}
`

func parsed(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Parse("", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStepsGoWithWhatTheySpeakOf(t *testing.T) {
	t.Parallel()
	s := parsed(t, linked)
	if c := without(s, map[int]bool{0: true}); c != nil {
		t.Errorf("the expectation speaks of a step that is gone: %v", c.Steps)
	}
	s.Expect = s.Expect[:1]
	c := without(s, map[int]bool{0: true})
	if c == nil || len(c.Steps) != 1 || c.Steps[0].Verb.Word() != "kill" {
		t.Errorf("%+v", c)
	}
}

func TestFewerNodesKeepTheNamesApart(t *testing.T) {
	t.Parallel()
	s := parsed(t, linked)
	if c := crowded(s, 1); c != nil {
		t.Errorf("two nodes became one: %+v", c.Steps)
	}
	c := crowded(s, 2)
	if c == nil || c.Cluster.Nodes != 2 {
		t.Fatalf("%+v", c)
	}
	var hit []string
	for _, step := range c.Steps {
		parties(step, func(p scenarios.Party) scenarios.Party {
			hit = append(hit, p.String())
			return p
		})
	}
	if fmt.Sprint(hit) != "[n1 $old n2]" {
		t.Errorf("the steps hit %v", hit)
	}
	if _, err := scenarios.Parse("", scenarios.Format(c)); err != nil {
		t.Error(err)
	}
}

func TestStepAfterAnotherCanFireAtAFixedTime(t *testing.T) {
	t.Parallel()
	s := parsed(t, linked)
	at, ok := instant(s, s.Steps[1].Trigger, 0)
	if want := int64(13_000_000_000); !ok || at.Resolve(s.TTL()) != want {
		t.Errorf("%v (%v), want %d", at, ok, want)
	}
}

func TestRounderLengthsAreRounder(t *testing.T) {
	t.Parallel()
	const ttl = 10_000_000_000
	odd := scenarios.Span{
		Min: scenarios.Length{Nanos: 12_345_678_901}, Max: scenarios.Length{Nanos: 13_000_000_001},
	}
	for _, span := range []scenarios.Span{
		odd, odd.Max.Span(),
		{Min: scenarios.Length{Nanos: -5_555_555_555}, Max: scenarios.Length{Nanos: -5_555_555_555}},
	} {
		found := rounder(span, ttl)
		if len(found) < 4 {
			t.Errorf("%v: only %v", span, found)
		}
		for _, l := range found {
			if !l.Fixed() || l.IsZero() || roughness(l) > roughness(span) {
				t.Errorf("%v is no rounder than %v", l, span)
			}
			if low, _ := l.Resolve(ttl); (low < 0) != (span.Min.Resolve(ttl) < 0) {
				t.Errorf("%v has another sign than %v", l, span)
			}
		}
	}
}

func TestFailuresOfOneKindAreAlike(t *testing.T) {
	t.Parallel()
	kind := func(v scenarios.RunVerdict, f scenarios.Failure) string {
		k, failed := kindOf(&sim.Result{Verdict: v, Failure: &f})
		if !failed {
			return "none"
		}
		return k.String() + k.Panic
	}
	for _, c := range []struct {
		verdict scenarios.RunVerdict
		failure scenarios.Failure
		want    string
	}{
		{scenarios.Fail, scenarios.Failure{Invariant: check.SingleBeliever}, "single-believer"},
		{scenarios.Fail, scenarios.Failure{Expect: "elect: {from: x.start} (line 3)"}, "elect"},
		{scenarios.Crash, scenarios.Failure{Detail: "core: impossible\nstack"}, "paniccore: impossible"},
		{scenarios.Invalid, scenarios.Failure{Expect: "step 1"}, "none"},
		{scenarios.Pass, scenarios.Failure{}, "none"},
	} {
		if have := kind(c.verdict, c.failure); have != c.want {
			t.Errorf("%v %+v is %s, want %s", c.verdict, c.failure, have, c.want)
		}
	}
}

func TestOfSeveralExpectationsTheBrokenOneIsKept(t *testing.T) {
	t.Parallel()
	s := parsed(t, linked)
	kept := needed(s, &scenarios.Failure{Expect: s.WithDefaults().Expect[1].Text()})
	if len(kept) != 2 || kept[0].Claim.Word() != "never" || kept[1].Claim.Word() != "elect" {
		t.Errorf("%+v", kept)
	}
	kept = needed(s, &scenarios.Failure{Invariant: check.EpochMonotonic})
	if len(kept) != 1 || kept[0].Claim != (scenarios.Never{Invariant: check.EpochMonotonic}) {
		t.Errorf("%+v", kept)
	}
}
