package sim

import (
	"strings"
	"testing"

	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// asks compiles the few lines of acting, in which what stands left of an arrow is
// replaced by what stands right of it, with the steps and expectations.
func asks(t *testing.T, other map[string]string, steps, expect []string) *World {
	t.Helper()
	text := acting
	for old, other := range other {
		if !strings.Contains(text, old) {
			t.Fatalf("the scenario has no %q", old)
		}
		text = strings.Replace(text, old, other, 1)
	}
	return world(t, text+"steps:\n  - "+strings.Join(steps, "\n  - ")+
		"\nexpect:\n  - never: single-executor\n  - "+strings.Join(expect, "\n  - ")+"\n")
}

// differed are files of which the two worlds once said different things.
var differed = []struct {
	name   string
	other  map[string]string
	steps  []string
	expect []string
}{
	{
		name: "a reset without a rate is one, however long the step lasts",
		steps: []string{
			"{id: cut, at: 2s, net: {link: leader <-> redis, effect: reset, for: 3ttl}}",
		},
		expect: []string{"no: {event: leader.stepped_down, from: cut.start, until: cut.end}"},
	},
	{
		name: "a reset that is over leaves the fault that it struck upon",
		steps: []string{
			"{id: gone, at: 2s, net: {link: leader <-> redis, effect: drop, for: 3ttl}}",
			"{id: cut, at: 2100ms, net: {link: leader <-> redis, effect: reset, for: 4ttl}}",
		},
		expect: []string{"elect: {from: gone.start, within: 2ttl}"},
	},
	{
		name: "a reply that is cut is lost with its connection, which its asker notices",
		steps: []string{
			"{id: cut, at: 4s, " +
				"net: {link: leader <-> postgres, effect: cut_reply, on: permit, for: 1ttl}}",
		},
		expect: []string{
			"detect: {what: unknown_outcome, node: leader, from: cut.start, within: 0.2ttl, by: [self]}",
		},
	},
	{
		name: "in a split, a node's way to Redis is its way to the server that serves it",
		steps: []string{
			"{id: two, at: 2s, redis: {act: split, serves: n1}}",
			"{id: cut, at: 5s, net: {link: n2 <-> redis, effect: drop, for: 2ttl}}",
		},
		expect: []string{
			"detect: {what: degradation, node: n2, from: cut.start, within: 1.5ttl, by: [self]}",
		},
	},
	{
		name: "a leader that says why it will lead no more is the leader still",
		steps: []string{
			"{id: gray, at: 2s, net: {link: leader <-> postgres, effect: drop, for: 3ttl}}",
			"{id: mark, when: {event: leader.gray, node: leader}, webhook: {act: malformed}}",
			"{id: left, when: {event: leader.stepped_down, node: leader}, webhook: {act: malformed}}",
		},
		expect: []string{"never: no-stale-effect"},
	},
	{
		name:  "an order that the broker lets nobody bring was not sent",
		other: map[string]string{"class: A, ack: 5ms..20ms": "class: D, ack: 1ms..2ms"},
		steps: []string{
			"{id: shut, at: 2s, net: {link: leader <-> broker, effect: refuse, for: 2ttl}}",
			// What was under way is over by then.
			"{id: mark, after: shut.start, plus: 50ms, webhook: {act: malformed}}",
		},
		expect: []string{"no: {event: signal.in_doubt, from: mark.start}"},
	},
	{
		name: "a person finds a ledger that stands still, and waits",
		steps: []string{
			"{id: still, at: 2s, postgres: {act: stall, for: 1ttl}}",
			"{id: say, at: 2500ms, control: {set: pause}}",
			"{id: on, after: say.end, plus: 1ttl, control: {set: run}}",
		},
		expect: []string{"no: {event: control.changed, from: still.start, until: still.end}"},
	},
}

func TestWhatRealProcessesDoTheSimulatorDoes(t *testing.T) {
	for _, c := range differed {
		t.Run(c.name, func(t *testing.T) { plays(t, asks(t, c.other, c.steps, c.expect), 30) })
	}
}

// TestTheOrderThatSetsAFaultOffIsOnItsWay: the broker gets the last order, though its
// link is cut when it leaves.
func TestTheOrderThatSetsAFaultOffIsOnItsWay(t *testing.T) {
	few := map[string]string{"signals: 10/s": "signals: 5, every: 400ms"}
	cut := "{id: cut, when: {event: order.sent, node: leader, nth: 5}, " +
		"net: {link: leader -> broker, effect: drop, for: 2ttl}}"
	r := plays(t, asks(t, few, []string{cut}, []string{"final: every_signal_terminal"}), 20)
	times(t, r, event.OrderAccepted, 100, 100)
	times(t, r, event.OrderAmbiguous, 0, 0)
}

func TestACutThatCutsNothingSaysNothing(t *testing.T) {
	w := asks(t, nil, []string{
		"{id: cut, at: 4s, net: {link: follower <-> broker, effect: cut_reply, on: submit, for: 1ttl}}",
	}, []string{"final: every_signal_terminal"})
	r := w.Run(1)
	if r.Verdict != scenarios.Invalid || !strings.Contains(r.Failure.String(), "no reply was cut") {
		t.Errorf("%s %v", r.Verdict, r.Failure)
	}
}

func TestAnActUponASplitRedisLeavesTheOldPrimaryAlone(t *testing.T) {
	w := acts(t, "{at: 2s, redis: {act: split, serves: n1, lose_last: 1us, for: 8ttl}}",
		"{at: 5s, redis: {act: stall, for: 2ttl}}")
	var lost [3]int
	w.Listen(func(r history.Record) {
		if r.Kind == history.Announced && r.Event == event.OutcomeUnknown && r.At > 5e9 && r.At < 9e9 {
			lost[r.Node]++
		}
	})
	plays(t, w, 20)
	if lost[0] > 0 || lost[1] == 0 || lost[2] == 0 {
		t.Errorf("%v calls of the nodes were lost; the new primary of the last two stood still", lost)
	}
}

func TestABrokerThatLetsNobodyInHasClosedTheConnectionsThatThereWere(t *testing.T) {
	slow := map[string]string{"class: A, ack: 5ms..20ms": "class: D, ack: 90ms"}
	r := plays(t, asks(t, slow, []string{
		"{id: shut, at: 2s, net: {link: leader -> broker, effect: refuse, for: 1ttl}}",
	}, []string{"never: no-duplicate-order"}), 20)
	times(t, r, event.OrderAmbiguous, 10, -1)
}
