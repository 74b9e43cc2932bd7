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

func TestASecondHoldThatHeldNothingIsNotCoveredByTheFirst(t *testing.T) {
	t.Parallel()
	file, err := scenarios.Parse("two-holds.yaml", []byte(twoHolds))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(p, Options{}, 1)
	r.watch, r.hunger = watchStall(r.clock), watchHunger(r.clock)
	r.watch.stop()
	r.hunger.stop()
	wire := &countingLink{}
	wires := []*cable{{Link: wire}}
	strike := func(index int, held int64) {
		r.steps[index].fired, r.steps[index].wires = true, wires
		r.steps[index].tampered = tampered(wires)
		wire.stats.Towards.Held += held
	}
	strike(0, 7)
	r.demandAssumptions(1)
	if len(r.book.sorted(1)) != 0 {
		t.Fatal("a hold that held seven bytes is not enough")
	}
	strike(1, 0)
	r.demandAssumptions(1)
	out := p.judge(r.book.sorted(2), 2, nil, conditions{})
	if said := out.failure.String(); out.verdict != scenarios.Invalid ||
		!strings.Contains(said, "step second") || !strings.Contains(said, "no byte was held") {
		t.Errorf("%v: %v; want an invalid run that names the second hold", out.verdict, out.failure)
	}
}
