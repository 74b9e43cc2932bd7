package sim

import (
	"testing"

	"fencepost/scenarios"
)

// found are what the swarm has found out about the simulator itself, as short
// files: each of them broke a run, or the simulator, before it was mended.
var found = map[string]string{
	"whoever wakes may be paused by what it writes": `
  - {when: {event: gate.passed, nth: 3}, pause: {node: leader, for: 0.2ttl}}
  - {when: {event: order.sent, nth: 3}, pause: {node: leader, for: 0.2ttl}}
  - {when: {event: order.sent, nth: 4}, kill: {node: leader, restart: 0.2ttl}}`,
	"a person who is right waits for an order that is on its way": `
  - {at: 1ttl, net: {link: leader -> broker, effect: hold, for: 3ttl}}
  - {at: 2ttl, operator: {act: attest}}
  - {at: 3ttl, operator: {act: attest}}`,
	"a process that was killed says nothing more": `
  - {when: {event: permit.granted, nth: 4}, kill: {node: leader, restart: 0.1ttl}}
  - {when: {event: permit.granted, nth: 9}, kill: {node: leader, restart: 0.1ttl}}
  - {at: 6ttl, stop: {node: leader, restart: 0.1ttl}}`,
	"a drift that ends during a pause does not prolong belief": `
  - {at: 1ttl, clock: {node: leader, drift: -10%, for: 0.5ttl}}
  - {at: 1.45ttl, pause: {node: leader, for: 3ttl}}`,
}

func TestWhatTheSwarmHasFoundStaysMended(t *testing.T) {
	for claim, steps := range found {
		t.Run(claim, func(t *testing.T) {
			s, err := scenarios.Parse("", []byte(`version: 1
name: found
why: The swarm found it.
tiers: [sim, real]
catches: [belief-by-flag]
cluster: {lease: {ttl: 1s}, broker: {class: D}}
workload: {signals: 20/s}
expect: [{never: single-executor}]
run: {duration: 10ttl, settle: 8ttl, seeds: {sim: 1}}
steps:`+steps+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			p, err := Compile(s)
			if err != nil {
				t.Fatal(err)
			}
			w := NewWorld(p)
			for seed := uint64(1); seed <= 200; seed++ {
				if r := w.Run(seed); r.Verdict == scenarios.Fail || r.Verdict == scenarios.Unknown {
					t.Fatalf("seed %d: %v %s", seed, r.Failure.Invariant, r.Failure.Detail)
				}
			}
		})
	}
}
