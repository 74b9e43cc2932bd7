package scenarios_test

import (
	"testing"

	"fencepost/core/event"
	"fencepost/scenarios"
)

func TestNoBoundInTimeIsJudgedOnAMachineThatWasDisturbed(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{
		"elect: {from: hit.start, within: 2ttl}",
		"no: {event: degraded}",
		"at_most: {event: degraded, count: 0}",
	} {
		b := judging(t, entry)
		b.pauses()
		b.wakes()
		b.says(event.Degraded, 0, 7*ttl)
		if v, _ := b.Verdict(20 * ttl); v != scenarios.Fail {
			t.Errorf("%s: %s on a calm machine, want fail", entry, v)
		}
		b.Disturbed(3*ttl, "others had the machine")
		b.wants(scenarios.Invalid, 3*ttl)
	}
}

func TestWhatIsStillUnderWayIsNotJudgedOnAMachineThatWasDisturbed(t *testing.T) {
	t.Parallel()
	b := judging(t, "final: [every_signal_terminal, ledger_equals_broker]")
	b.pauses()
	b.wakes()
	b.Settled(scenarios.SettledWorld{Open: 1, Different: 1, Example: 7}, 20*ttl)
	if v, _ := b.Verdict(20 * ttl); v != scenarios.Fail {
		t.Errorf("a signal that stays open gives %s on a calm machine, want fail", v)
	}
	b.Disturbed(3*ttl, "others had the machine")
	b.wants(scenarios.Invalid, 3*ttl)
}

func TestWhatTheBrokerHoldsIsJudgedOnEveryMachine(t *testing.T) {
	t.Parallel()
	b := judging(t, "final: [ledger_equals_broker]")
	b.pauses()
	b.wakes()
	b.Disturbed(3*ttl, "others had the machine")
	b.Settled(scenarios.SettledWorld{Different: 1, Example: 7}, 20*ttl)
	if v, _ := b.Verdict(20 * ttl); v != scenarios.Fail {
		t.Errorf("an order that the ledger does not know gives %s, want fail", v)
	}
}
