package sim

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"fencepost/core/event"
	"fencepost/scenarios"
)

// acting is a scenario of a few lines: three nodes, a ttl of one second, a
// steady flow of signals to a broker of class A.
const acting = `version: 1
name: f
why: w
tiers: [sim, real]
catches: [fails-open]
cluster: {nodes: 3, lease: {ttl: 1s}, broker: {class: A, ack: 5ms..20ms}}
workload: {signals: 10/s, instruments: 4}
run: {duration: 12ttl, settle: 4ttl, seeds: {sim: 1}}
`

// acts compiles the few lines with those steps, one a line.
func acts(t *testing.T, steps ...string) *World {
	t.Helper()
	text := acting + "steps:\n  - " + strings.Join(steps, "\n  - ") +
		"\nexpect:\n  - never: single-executor\n"
	return world(t, text)
}

// world compiles a scenario.
func world(t *testing.T, text string) *World {
	t.Helper()
	s, err := scenarios.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return NewWorld(p)
}

// plays runs a world under many seeds, demands that each one passes, and adds
// up what happened.
func plays(t *testing.T, w *World, seeds int) (sum Result) {
	t.Helper()
	for seed := uint64(1); seed <= uint64(seeds); seed++ {
		r := w.Run(seed)
		if r.Verdict != scenarios.Pass {
			var tail bytes.Buffer
			if err := w.WriteTrace(&tail, 60); err != nil {
				t.Fatal(err)
			}
			t.Fatalf("seed %d: %s %+v\n%s", seed, r.Verdict, r.Failure, tail.String())
		}
		if again := w.Run(seed); again.Hash != r.Hash {
			t.Fatalf("seed %d: another run", seed)
		}
		sum.Excused += r.Excused
		for e, n := range r.Counts {
			sum.Counts[e] += n
		}
	}
	return sum
}

// times asserts how often an event happened: between least and most, without a
// bound if most is negative.
func times(t *testing.T, r Result, e event.Event, least, most int64) {
	t.Helper()
	if n := r.Counts[e]; n < least || most >= 0 && n > most {
		t.Errorf("%s: %d times, want %d to %d", e, n, least, most)
	}
}

func TestFailoverLosesWhatTheReplicaHasMissed(t *testing.T) {
	for missed, want := range map[string][2]int64{
		"":                  {1, -1},
		", lose_last: 3":    {30, -1},
		", lose_last: 1us":  {0, 0},
		", lose_last: 2ttl": {30, -1},
	} {
		w := acts(t, fmt.Sprintf("{at: 4s, redis: {act: failover%s, down: 100ms}}", missed))
		r := plays(t, w, 30)
		times(t, r, event.RedisLostWrite, want[0], want[1])
	}
}

func TestReplicaThatIsCutOffMissesAllSince(t *testing.T) {
	failover := "{id: f, at: 6s, redis: {act: failover, lose_last: 1us, down: 100ms}}"
	for _, effect := range []string{
		"drop", "hold", "refuse", "latency, delay: 800ms", "bandwidth, rate: 512/s",
	} {
		cut := fmt.Sprintf("{at: 2s, net: {link: redis <-> redis_replica, effect: %s, for: %%s}}", effect)
		times(t, plays(t, acts(t, fmt.Sprintf(cut, "10s"), failover), 30), event.RedisLostWrite, 25, -1)
		healed := plays(t, acts(t, fmt.Sprintf(cut, "3s"), failover), 30)
		if times(t, healed, event.RedisLostWrite, 0, 0); t.Failed() {
			t.Fatalf("%s: the replica had caught up", effect)
		}
	}
}

func TestSplitRedisLetsTwoBelieveAndOneExecute(t *testing.T) {
	w := acts(t, "{id: s, at: 4s, redis: {act: split, serves: [leader], lose_last: 1us, for: 4ttl}}")
	r := plays(t, w, 100)
	if r.Excused == 0 {
		t.Error("two never believed at once")
	}
	times(t, r, event.LeaderElected, 200, -1)
	times(t, r, event.RedisLostWrite, 50, -1)
	healed := plays(t, acts(t, "{at: 4s, redis: {act: split, serves: [followers], for: 4ttl}}"), 100)
	times(t, healed, event.SignalExecuted, 100, -1)
}

func TestNodesLinkToThePromotedReplicaCountsInASplitOnly(t *testing.T) {
	cut := "{at: 3s, net: {link: n1 <-> redis_replica, effect: drop, for: 8ttl}}"
	if r := plays(t, acts(t, cut), 20); r.Counts[event.LeaseLost] > 0 {
		t.Error("a lease was lost over a link that nobody uses")
	}
	split := "{at: 4s, redis: {act: split, serves: [n2], lose_last: 1us, for: 6ttl}}"
	times(t, plays(t, acts(t, cut, split), 20), event.OutcomeUnknown, 20, -1)
}

func TestActsUponASplitRedisStrikeTheNewPrimary(t *testing.T) {
	split := "{at: 4s, redis: {act: split, serves: [n3], lose_last: 1us, for: 6ttl}}"
	for _, act := range []string{"flush", "lose_data"} {
		w := acts(t, split, fmt.Sprintf("{at: 7s, redis: {act: %s}}", act))
		times(t, plays(t, w, 20), event.RedisLostWrite, 20, -1)
	}
	w := acts(t, split)
	w.Run(1)
	w.replica.split, w.hosts[2].old = true, true
	w.primary().Flush(0)
	if w.primary() == &w.redis || w.redisOf(2) != &w.redis {
		t.Error("the primary is the server that the old one's nodes do not talk to")
	}
}
