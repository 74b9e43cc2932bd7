package chaos

import (
	"strings"
	"testing"

	"fencepost/chaos/link"
	"fencepost/scenarios"
)

// twoHolds is a file in which one link is held twice.
const twoHolds = `version: 1
name: two-holds
why: A test.
tiers: [sim, real]
catches: [belief-by-flag]
cluster: {nodes: 3, lease: {ttl: 1s}}
workload: {signals: 20/s}
steps:
  - {id: first, at: 1s, net: {link: leader -> redis, effect: hold, for: 1s}}
  - {id: second, at: 3s, net: {link: leader -> redis, effect: hold, for: 1s}}
expect:
  - never: single-executor
run: {duration: 20ttl}
`

// countingLink is a link that only counts.
type countingLink struct {
	link.Link
	stats link.Stats
}

func (l *countingLink) Stats() link.Stats { return l.stats }

func TestAHoldThatHeldNothingIsNotCoveredByAnother(t *testing.T) {
	t.Parallel()
	p := compiled(t, "two-holds.yaml", twoHolds)
	for _, c := range []struct {
		held [2]int64 // by the first and the second
		want string   // of whom it is said; "" if nothing is
	}{
		{[2]int64{7, 7}, ""}, {[2]int64{7, 0}, "step second"}, {[2]int64{0, 7}, "step first"},
	} {
		r := newRun(p, Options{}, 1)
		r.watch, r.hunger = watchStall(r.clock), watchHunger(r.clock)
		r.watch.stop()
		r.hunger.stop()
		wire := &countingLink{}
		wires := []*cable{{Link: wire}}
		for i, held := range c.held {
			r.open(i, wires)
			r.steps[i].fired, r.steps[i].ended = true, true
			wire.stats.Towards.Held += held
		}
		r.demandAssumptions(1)
		entries := r.book.sorted(1)
		if c.want == "" {
			if len(entries) != 0 {
				t.Errorf("holds that held %v are not enough", c.held)
			}
			continue
		}
		// That no step fired is said of an empty history, and not asked here.
		var judge scenarios.Judge
		judge.Reset(p.file, p.ttl)
		for _, e := range entries {
			e.tell(&judge, 1)
		}
		_, failure := judge.Verdict(2)
		said := failure.String()
		if !strings.Contains(said, c.want) || !strings.Contains(said, "no byte was held") {
			t.Errorf("of holds that held %v it is said: %s", c.held, said)
		}
	}
}
