package scenarios_test

import (
	"slices"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

func TestDetectIsMetByAnyOfSeveralSubjects(t *testing.T) {
	const entry = "detect: {what: [lease_lost, stale_leader], node: $old, from: hit.start, within: 1ttl}"
	for _, said := range []event.Event{event.LeaseLost, event.LeaderStale} {
		b := judging(t, entry)
		b.pauses()
		b.Observe(&history.Record{
			Kind: history.Announced, Event: said, By: core.Self, Node: 0, Subject: 0, At: 2*ttl - ms,
		})
		b.wakes()
		b.wants(scenarios.Pass, 20*ttl)
	}
	b := judging(t, entry)
	b.pauses()
	b.says(event.LeaderGray, 0, 2*ttl-ms)
	b.wakes()
	b.wants(scenarios.Fail, 2*ttl)
}

// TestWhatTheHarnessSaysOfItsOwnActIsNoReport: a loss that the harness has made, and
// announces, is not detected by that.
func TestWhatTheHarnessSaysOfItsOwnActIsNoReport(t *testing.T) {
	b := judging(t, "detect: {what: lost_write, from: hit.start, within: 1ttl, by: [self]}")
	b.pauses()
	b.says(event.RedisLostWrite, history.None, 2*ttl-ms)
	b.wakes()
	b.wants(scenarios.Fail, 2*ttl)
}

func TestWhatOnlyProcessesHaveIsLeftToTheRealTier(t *testing.T) {
	const entry = "metric: {name: open_files, below: 200}"
	s := parsed(t, entry)
	rest := s.WithoutProcesses()
	if len(rest.Expect) != len(s.Expect)-1 || len(s.Expect) != 2 {
		t.Errorf("of %d expectations %d are left", len(s.Expect), len(rest.Expect))
	}
	alone := *s
	alone.Tiers = []scenarios.Tier{scenarios.SimTier}
	if alone.WithoutProcesses() != &alone {
		t.Error("a file that only the simulator plays must be refused, not trimmed")
	}
	other := parsed(t, "metric: {name: open_signals, below: 200}")
	if other.WithoutProcesses() != other {
		t.Error("a gauge that the judge computes is trimmed")
	}
	for _, g := range scenarios.Gauges() {
		if g.OfProcess() && (g.Derived() || !slices.Contains(scenarios.GaugeNames(), g.String())) {
			t.Errorf("%s is of a process and derived from records", g)
		}
	}
}

func TestALimitOfZeroIsWritten(t *testing.T) {
	const entry = "at_most: {event: leader.elected, count: 0}"
	if text := string(scenarios.Format(parsed(t, entry))); !strings.Contains(text, entry) {
		t.Errorf("the limit is lost:\n%s", text)
	}
}
