package scenarios_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

const (
	ttl = int64(1e9)
	ms  = int64(1e6)
)

// bench is a judge with a planted history. Its lease is one second.
type bench struct {
	*scenarios.Judge
	t *testing.T
}

// judging returns a judge of a file with two steps, hit and calm, and the given
// expectation.
func judging(t *testing.T, entry string) bench {
	t.Helper()
	s := parsed(t, entry)
	j := &scenarios.Judge{}
	j.Reset(s, s.TTL())
	return bench{j, t}
}

func parsed(t *testing.T, entry string) *scenarios.Scenario {
	t.Helper()
	src := strings.Join([]string{
		"version: 1", "name: planted", "why: A test.", "tiers: [sim, real]", "catches: [belief-by-flag]",
		"cluster: {nodes: 3, lease: {ttl: 1s}}", "workload: {signals: 20/s}", "assume: {min_traffic: 15/s}",
		"steps:",
		"  - {id: hit, at: 1s, pause: {node: leader, as: old, for: 1ttl}}",
		"  - {id: calm, after: hit.end, plus: 1s, control: {set: halt}}",
		"expect:", "  - never: single-executor", "  - " + entry, "run: {duration: 20ttl}",
	}, "\n")
	s, err := scenarios.Parse("", []byte(src+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s.WithDefaults()
}

// says announces an event about the node itself.
func (b bench) says(event event.Event, node int16, at int64) {
	b.Observe(&history.Record{Kind: history.Announced, Event: event, Node: node, Subject: node, At: at})
}

func (b bench) elects(node int16, epoch core.Epoch, at int64) {
	b.Observe(&history.Record{
		Kind: history.Announced, Event: event.LeaderElected, Node: node, Subject: node, Epoch: epoch,
		At: at,
	})
}

func (b bench) stale(subject, node int16, by core.Party, at int64) {
	b.Observe(&history.Record{
		Kind: history.Announced, Event: event.LeaderStale, Node: node, Subject: subject, By: by, At: at,
	})
}

// pauses elects n1 and pauses it from 1s to 2s; at 3s there is calm.
func (b bench) pauses() {
	b.elects(0, 1, 100*ms)
	b.Bind("old", 0)
	b.Started(0, ttl)
}

func (b bench) wakes() {
	b.Ended(0, 2*ttl)
	b.Started(1, 3*ttl)
	b.Ended(1, 3*ttl)
}

// wants judges the run at ten seconds.
func (b bench) wants(want scenarios.RunVerdict, at int64) {
	b.t.Helper()
	got, failure := b.Verdict(10 * ttl)
	switch {
	case got != want:
		b.t.Fatalf("verdict %s (%v), not %s", got, failure, want)
	case want == scenarios.Pass && failure != nil:
		b.t.Fatalf("passed with the failure %v", failure)
	case want != scenarios.Pass && failure == nil:
		b.t.Fatalf("%s without a failure", got)
	case failure != nil && failure.At != at:
		b.t.Fatalf("failure at %s, not at %s: %v", scenarios.Seconds(failure.At), scenarios.Seconds(at),
			failure)
	}
}

func TestElectNeedsAYoungerEpochInTime(t *testing.T) {
	t.Parallel()
	const entry = "elect: {from: hit.start, within: 2ttl}"
	for _, c := range []struct {
		name  string
		epoch core.Epoch
		at    int64
		want  scenarios.RunVerdict
	}{
		{"at the bound", 2, 3 * ttl, scenarios.Pass},
		{"after the bound", 2, 3*ttl + 1, scenarios.Fail},
		{"the same epoch", 1, 2 * ttl, scenarios.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := judging(t, entry)
			b.pauses()
			if c.at <= 2*ttl {
				b.elects(1, c.epoch, c.at)
			}
			b.wakes()
			if c.at > 2*ttl {
				b.elects(1, c.epoch, c.at)
			}
			b.wants(c.want, 3*ttl)
		})
	}
}

func TestElectionsClockStandsStillWhileNothingIsOwed(t *testing.T) {
	t.Parallel()
	b := judging(t, "elect: {from: hit.start, within: 2ttl}")
	b.pauses()
	b.Liveness(false, 1500*ms)
	b.wakes()
	b.Liveness(true, 6500*ms)
	b.elects(1, 2, 8*ttl)
	b.wants(scenarios.Pass, 0)

	b.Reset(parsed(t, "elect: {from: hit.start, within: 2ttl}"), ttl)
	b.pauses()
	b.Liveness(false, 1500*ms)
	b.wakes()
	b.Liveness(true, 6500*ms)
	b.elects(1, 2, 8*ttl+1)
	b.wants(scenarios.Fail, 8*ttl)
}

func TestElectIsNotJudgedBeforeItsTimeIsUp(t *testing.T) {
	t.Parallel()
	b := judging(t, "elect: {from: hit.start, within: 20ttl}")
	b.pauses()
	b.wakes()
	b.wants(scenarios.Invalid, 10*ttl)
}

func TestDetectWantsItsNodeItsPartyAndItsTime(t *testing.T) {
	t.Parallel()
	const entry = "detect: {what: stale_leader, node: $old, from: hit.end, within: 0.5ttl, by: [self, store]}"
	for _, c := range []struct {
		name          string
		subject, node int16
		by            core.Party
		at            int64
		want          scenarios.RunVerdict
	}{
		{"itself, at the bound", 0, 0, core.Self, 2500 * ms, scenarios.Pass},
		{"the store", 0, history.None, core.StoreParty, 2 * ttl, scenarios.Pass},
		{"the gate is part of the node", 0, 0, core.Gate, 2 * ttl, scenarios.Pass},
		{"too late", 0, 0, core.Self, 2500*ms + 1, scenarios.Fail},
		{"a peer was not asked", 0, 1, core.Peer, 2100 * ms, scenarios.Fail},
		{"about another node", 1, 1, core.Self, 2100 * ms, scenarios.Fail},
		{"before the moment", 0, 0, core.Self, 1900 * ms, scenarios.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := judging(t, entry)
			b.pauses()
			if c.at < 2*ttl {
				b.stale(c.subject, c.node, c.by, c.at)
			}
			b.wakes()
			if c.at >= 2*ttl {
				b.stale(c.subject, c.node, c.by, c.at)
			}
			b.wants(c.want, 2500*ms)
		})
	}
}

func TestDetectResolvesRolesAtItsMoment(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]scenarios.RunVerdict{
		"leader": scenarios.Pass, "n1": scenarios.Pass, "any": scenarios.Pass, "$old": scenarios.Pass,
		"follower": scenarios.Fail, "n2": scenarios.Fail, "followers": scenarios.Fail, "all": scenarios.Fail,
		"candidate": scenarios.Invalid,
	} {
		t.Run(role, func(t *testing.T) {
			b := judging(t, "detect: {what: stale_leader, node: "+role+", from: hit.start, within: 2ttl}")
			b.pauses()
			b.elects(1, 2, 1500*ms)
			b.stale(0, 1, core.Peer, 1600*ms)
			b.wakes()
			b.wants(want, map[bool]int64{true: 10 * ttl, false: 3 * ttl}[want == scenarios.Invalid])
		})
	}
	b := judging(t, "detect: {what: stale_leader, node: all, from: hit.start, within: 2ttl}")
	b.pauses()
	for node := range int16(3) {
		b.stale(node, node, core.Self, 2*ttl)
	}
	b.wakes()
	b.wants(scenarios.Pass, 0)
}

func TestEventsAreCountedBetweenTheirMoments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		entry string
		at    []int64
		want  scenarios.RunVerdict
		when  int64
	}{
		{"no: {event: degraded}", nil, scenarios.Pass, 0},
		{"no: {event: degraded}", []int64{900 * ms}, scenarios.Fail, 900 * ms},
		{
			"no: {event: degraded, from: hit.start, until: calm.start}",
			[]int64{900 * ms, 3100 * ms},
			scenarios.Pass, 0,
		},
		{
			"no: {event: degraded, from: hit.start, until: calm.start}",
			[]int64{2900 * ms},
			scenarios.Fail,
			2900 * ms,
		},
		{"at_most: {event: degraded, count: 2}", []int64{200 * ms, 9 * ttl}, scenarios.Pass, 0},
		{"at_most: {event: degraded, count: 1}", []int64{200 * ms, 9 * ttl}, scenarios.Fail, 9 * ttl},
		{
			"at_most: {event: degraded, count: 1, from: calm.end}",
			[]int64{200 * ms, 9 * ttl},
			scenarios.Pass,
			0,
		},
	} {
		t.Run(fmt.Sprint(c.entry, c.at), func(t *testing.T) {
			b := judging(t, c.entry)
			b.elects(0, 1, 100*ms)
			for _, stage := range []struct {
				until int64
				then  func()
			}{
				{ttl, func() { b.Started(0, ttl) }},
				{3 * ttl, b.wakes},
				{10 * ttl, func() {}},
			} {
				for len(c.at) > 0 && c.at[0] < stage.until {
					b.says(event.Degraded, 2, c.at[0])
					c.at = c.at[1:]
				}
				stage.then()
			}
			b.wants(c.want, c.when)
		})
	}
}

func TestAnEventThatFiresTheStepIsNotItsConsequence(t *testing.T) {
	t.Parallel()
	b := judging(t, "no: {event: degraded, from: hit.start}")
	b.elects(0, 1, 100*ms)
	b.says(event.Degraded, 0, ttl)
	b.Started(0, ttl)
	b.wakes()
	b.wants(scenarios.Pass, 0)
}

func TestAStepThatNeverFiresMakesTheRunInvalid(t *testing.T) {
	t.Parallel()
	b := judging(t, "no: {event: degraded}")
	b.pauses()
	b.Ended(0, 2*ttl)
	b.wants(scenarios.Invalid, 10*ttl)
	if _, f := b.Verdict(10 * ttl); !strings.Contains(f.String(), "step calm (line 11)") || f.Step != "hit" {
		t.Errorf("the failure %q does not name the step and the one before it", f)
	}
	b.says(event.Degraded, 0, 5*ttl)
	b.wants(scenarios.Fail, 5*ttl)
}

func TestAMomentThatNeverComesMakesTheRunInvalid(t *testing.T) {
	t.Parallel()
	b := judging(t, "elect: {from: hit.end, within: 1ttl}")
	b.pauses()
	b.Started(1, 3*ttl)
	b.wants(scenarios.Invalid, 10*ttl)
}

func TestARunThatElectsNobodyIsInvalid(t *testing.T) {
	t.Parallel()
	b := judging(t, "no: {event: degraded}")
	b.Started(0, ttl)
	b.wakes()
	b.wants(scenarios.Invalid, 10*ttl)
}

func TestDoubtsAreRankedBySeverity(t *testing.T) {
	t.Parallel()
	b := judging(t, "no: {event: degraded}")
	b.pauses()
	b.wakes()
	b.wants(scenarios.Pass, 0)
	b.Unmet(0, 4*ttl, "no held byte arrived")
	b.wants(scenarios.Invalid, 4*ttl)
	b.Undecided(6*ttl, "the search gave up")
	b.wants(scenarios.Unknown, 6*ttl)
	b.says(event.Degraded, 0, 7*ttl)
	b.wants(scenarios.Fail, 7*ttl)
}

func TestVerdictsAreOrderedAndHaveTheirExitCodes(t *testing.T) {
	t.Parallel()
	order := []scenarios.RunVerdict{
		scenarios.Crash, scenarios.Fail, scenarios.Unknown, scenarios.Invalid, scenarios.Pass,
	}
	exits := []int{4, 1, 2, 3, 0}
	for i, v := range order {
		if v.ExitCode() != exits[i] {
			t.Errorf("%s exits with %d, not %d", v, v.ExitCode(), exits[i])
		}
		if parsed, ok := scenarios.ParseRunVerdict(v.String()); !ok || parsed != v {
			t.Errorf("%s is read back as %s", v, parsed)
		}
		for k, u := range order {
			if v.WorseThan(u) != (i < k) || v.Worst(u) != order[min(i, k)] {
				t.Errorf("%s and %s are ranked wrongly", v, u)
			}
		}
	}
	if scenarios.RunVerdict(0) == scenarios.Pass {
		t.Error("a run that nobody judged passes")
	}
}

func TestAJudgeIsReusedWithoutAllocating(t *testing.T) {
	b := judging(t, "detect: {what: stale_leader, node: $old, from: hit.end, within: 0.5ttl}")
	s := parsed(t, "elect: {from: hit.start, within: 2ttl}")
	run := func() {
		b.Reset(s, ttl)
		b.pauses()
		b.elects(1, 2, 2*ttl)
		b.wakes()
		b.flow(0, 4*ttl, 20, 0)
		b.wants(scenarios.Pass, 0)
	}
	run()
	if n := testing.AllocsPerRun(100, run); n > 0 {
		t.Errorf("a run costs %v allocations", n)
	}
}

func TestWhatAJudgeDoesNotHeedChangesNothing(t *testing.T) {
	standing := func() bench {
		b := judging(t, "detect: {what: stale_leader, node: n1, from: hit.start, within: 2ttl}")
		b.Started(0, ms)
		b.Observe(&history.Record{Kind: history.Announced, Event: event.LeaseAcquired, At: ms})
		return b
	}
	unheeded := 0
	for _, e := range event.All() {
		untold, told := standing(), standing()
		told.Observe(&history.Record{Kind: history.Announced, Event: e, At: 2 * ms, Epoch: 1})
		same := reflect.DeepEqual(untold.Judge, told.Judge)
		if !told.Heeds(e) && !same {
			t.Errorf("%v is said not to be heeded, and is", e)
		}
		if !told.Heeds(e) {
			unheeded++
		}
		if e == event.LeaderStale && !told.Heeds(e) {
			t.Error("the file asks for leader.stale, and the judge does not heed it")
		}
	}
	if unheeded == 0 {
		t.Error("every event is heeded")
	}
}
