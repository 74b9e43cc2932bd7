package sim

import (
	"slices"
	"testing"

	"fencepost/scenarios"
)

func TestStrikesTellWhenAndWhomEachStepHit(t *testing.T) {
	t.Parallel()
	const ttl = 1_000_000_000
	s, err := scenarios.Parse("", []byte(`version: 1
name: struck
why: Two steps strike, and one waits for what never comes.
tiers: [sim]
tier_reason: It is planted.
catches: [belief-by-flag]
cluster: {nodes: 3, lease: {ttl: 1s}}
steps:
  - at: 1ttl
    pause: {node: n2, for: 0.3ttl}
  - at: 2ttl
    redis: {act: flush}
  - when: {event: leader.elected, nth: 90}
    kill: {node: n3}
expect:
  - never: single-executor
run: {duration: 5ttl}
`))
	if err != nil {
		t.Fatal(err)
	}
	program, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorld(program)
	w.Run(3)
	strikes := w.Strikes(nil)
	if len(strikes) != 2 {
		t.Fatalf("%+v", strikes)
	}
	pause, flush := strikes[0], strikes[1]
	if w.Elected() == 0 || pause.Step != 0 || pause.At != w.Elected()+ttl ||
		pause.Healed != pause.At+3*ttl/10 || !slices.Equal(pause.Nodes, []int16{1}) {
		t.Errorf("elected at %d, the pause: %+v", w.Elected(), pause)
	}
	if flush.Step != 1 || flush.At != w.Elected()+2*ttl || len(flush.Nodes) != 0 {
		t.Errorf("the flush: %+v", flush)
	}
	// A second run in the same world does not remember the first.
	w.Run(4)
	if again := w.Strikes(nil); len(again) != 2 || again[0].At != w.Elected()+ttl {
		t.Errorf("elected at %d: %+v", w.Elected(), again)
	}
}
