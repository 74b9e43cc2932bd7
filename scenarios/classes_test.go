package scenarios_test

import (
	"errors"
	"strings"
	"testing"

	"fencepost/internal/campaign"
	"fencepost/scenarios"
)

// brokerFailures are the scenarios in which it matters what a broker can be asked.
var brokerFailures = []string{"crash-before-send", "crash-after-send", "broker-silence", "broker-late-acks"}

// Whatever a broker promises: nothing is doubled, nothing is lost, and every doubt
// ends, by the class's own rules or by a person. On real processes `make
// broker-classes` plays them.
func TestBrokerFailuresAtBrokersOfEveryClass(t *testing.T) {
	if tier() != scenarios.SimTier {
		return
	}
	const seeds = 100
	for _, name := range brokerFailures {
		for _, class := range []scenarios.BrokerClass{"A", "B", "C", "D"} {
			t.Run(name+"/"+string(class), func(t *testing.T) {
				s, err := scenarios.Find(name)
				if err == nil {
					s, err = s.WithClass(class)
				}
				if err != nil {
					t.Fatal(err)
				}
				c := planned(t, s)
				c.First, c.Count, c.Argument, c.Class = 1, seeds, name, string(class)
				play(t, c)
			})
		}
	}
}

const conditional = `version: 1
name: conditional
why: A doubt that a broker of one class leaves behind, and nobody else.
tiers: [sim, real]
catches: [blind-retry]
cluster: {nodes: 3, lease: {ttl: 1s}, broker: {class: C}}
workload: {signals: 10/s}
steps:
  - {id: silence, at: 2s, broker: {act: accept_then_silence, for: 1ttl}}
  - {id: person, class: [C, D], after: silence.end, operator: {act: attest}}
expect:
  - never: no-duplicate-order
  - {class: [D], sometimes: {event: signal.in_doubt, at_least: 3}}
  - {class: [C, D], metric: {name: in_doubt, below: 1, from: person.end}}
`

func conditionalUnder(t *testing.T, class scenarios.BrokerClass) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Parse("conditional.yaml", []byte(conditional))
	if err == nil {
		s, err = s.WithClass(class)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOnlyWhatIsMeantForTheClassIsPlayed(t *testing.T) {
	for class, want := range map[scenarios.BrokerClass]struct {
		steps, expect int
		name          string
	}{
		"A": {1, 1, "conditional-class-a"}, "B": {1, 1, "conditional-class-b"},
		"C": {2, 2, "conditional"}, "D": {2, 3, "conditional-class-d"},
	} {
		s := conditionalUnder(t, class)
		if len(s.Steps) != want.steps || len(s.Expect) != want.expect || s.Name != want.name ||
			s.Cluster.Broker.Class != class {
			t.Errorf("%s: %s with %d steps and %d expectations at class %s",
				class, s.Name, len(s.Steps), len(s.Expect), s.Cluster.Broker.Class)
		}
		again, err := scenarios.Parse("", scenarios.Format(s))
		if err != nil || len(again.Steps) != want.steps || len(again.Expect) != want.expect {
			t.Errorf("%s: written and read again: %v\n%s", class, err, scenarios.Format(s))
		}
	}
}

// What a part refers to must be there under every class under which the part is.
func TestReferenceToAStepOfAnotherClassIsRefused(t *testing.T) {
	for _, broken := range []string{
		strings.Replace(conditional, "{class: [C, D], metric", "{metric", 1),
		strings.Replace(conditional, "{class: [C, D], metric", "{class: [A, C], metric", 1),
		strings.Replace(conditional, "class: [C, D], after", "class: [D], after", 1),
	} {
		_, err := scenarios.Parse("conditional.yaml", []byte(broken))
		if err == nil || !strings.Contains(err.Error(), "person") {
			t.Errorf("%v", err)
		}
	}
	_, err := scenarios.Parse("conditional.yaml", []byte(strings.Replace(conditional, "[D]", "[E]", 1)))
	if err == nil || !strings.Contains(err.Error(), "E") {
		t.Errorf("%v", err)
	}
}

func TestClassThatTheFileContradictsIsRefused(t *testing.T) {
	pinned := strings.Replace(conditional, "broker: {class: C}",
		"broker: {class: B}, config: {broker.late_arrival_bound: 1s}", 1)
	s, err := scenarios.Parse("conditional.yaml", []byte(pinned))
	if err != nil {
		t.Fatal(err)
	}
	for class, ok := range map[scenarios.BrokerClass]bool{"A": false, "B": true, "D": false, "E": false} {
		_, err := s.WithClass(class)
		var refused *scenarios.Error
		if (err == nil) != ok || err != nil && !errors.As(err, &refused) {
			t.Errorf("class %q: %v", class, err)
		}
	}
	if _, err := (&scenarios.Scenario{}).WithClass("A"); err == nil {
		t.Error("a scenario without a file was given another class")
	}
}

// The command that replays a run says the class.
func TestReplayNamesTheClass(t *testing.T) {
	s := conditionalUnder(t, "A")
	open, err := campaign.Simulated(s)
	if err != nil {
		t.Fatal(err)
	}
	c := campaign.Campaign{
		Scenario: s, Tier: scenarios.SimTier, Open: open, First: 4, Count: 1,
		Argument: "conditional", Class: "A",
	}
	report, err := c.Run(t.Context())
	if err != nil || report.Replay != "bin/drill run --seed 4 --class A conditional" {
		t.Errorf("%v, %v", report, err)
	}
}
