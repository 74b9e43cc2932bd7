package scenarios_test

import (
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// flow offers a signal every 50 ms from `from` until `until`, and concludes each
// of the first `good` of every twenty 10 ms later.
func (b bench) flow(from, until int64, good int, number int32) int32 {
	for at := from; at < until; at += 50 * ms {
		b.Offered(number, at)
		if int(number)%20 < good {
			b.Concluded(number, at+10*ms)
		}
		number++
	}
	return number
}

func TestRecoverFindsOneGoodWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		heals int64 // from when on signals are concluded
		good  int
		want  scenarios.RunVerdict
	}{
		{"at once", 0, 20, scenarios.Pass},
		{"in the last whole window", 4 * ttl, 20, scenarios.Pass},
		{"a little later", 4*ttl + 200*ms, 20, scenarios.Fail},
		{"nine tenths are enough", 0, 18, scenarios.Pass},
		{"eight tenths are not", 0, 16, scenarios.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := judging(t, "recover: {from: hit.end, within: 3ttl, rate: 90%}")
			b.pauses()
			b.wakes()
			next := b.flow(0, c.heals, 0, 0)
			b.flow(c.heals, 9*ttl, c.good, next)
			b.wants(c.want, 5*ttl)
		})
	}
}

func TestRecoverJudgesNothingWithoutTraffic(t *testing.T) {
	t.Parallel()
	b := judging(t, "recover: {from: hit.end, within: 3ttl, rate: 90%}")
	b.pauses()
	b.wakes()
	b.flow(0, 2*ttl, 20, 0)
	b.wants(scenarios.Invalid, 5*ttl)
}

func TestASignalIsConcludedOnce(t *testing.T) {
	t.Parallel()
	b := judging(t, "recover: {from: hit.end, within: 3ttl, rate: 90%}")
	b.pauses()
	b.wakes()
	b.flow(0, 9*ttl, 0, 0)
	for at := 2 * ttl; at < 5*ttl; at += 10 * ms {
		b.Concluded(50, at)
	}
	b.wants(scenarios.Fail, 5*ttl)
}

func TestRecoversClockStandsStillWhileNothingIsOwed(t *testing.T) {
	t.Parallel()
	b := judging(t, "recover: {from: hit.end, within: 3ttl, rate: 90%}")
	b.pauses()
	b.wakes()
	b.Liveness(false, 2*ttl)
	b.Liveness(true, 5*ttl)
	next := b.flow(0, 6*ttl, 0, 0)
	b.flow(6*ttl, 9*ttl, 20, next)
	b.wants(scenarios.Pass, 0)
}

func TestFinalLooksAtTheSettledWorld(t *testing.T) {
	t.Parallel()
	const both = "final: [every_signal_terminal, ledger_equals_broker]"
	for _, c := range []struct {
		name, entry string
		world       scenarios.SettledWorld
		want        scenarios.RunVerdict
	}{
		{"all is well", both, scenarios.SettledWorld{}, scenarios.Pass},
		{"an open signal", both, scenarios.SettledWorld{Open: 1, Example: 7}, scenarios.Fail},
		{"a doubt that nobody was told of", both, scenarios.SettledWorld{Unalerted: 1}, scenarios.Fail},
		{"an order that only one has", both, scenarios.SettledWorld{Different: 1}, scenarios.Fail},
		{
			"what the file does not ask for", "final: every_signal_terminal",
			scenarios.SettledWorld{Different: 1},
			scenarios.Pass,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := judging(t, c.entry)
			b.pauses()
			b.wakes()
			b.Settled(c.world, 9*ttl)
			b.wants(c.want, 9*ttl)
		})
	}
	b := judging(t, both)
	b.pauses()
	b.wakes()
	b.wants(scenarios.Invalid, 10*ttl)
	b.Liveness(false, 8*ttl)
	b.Settled(scenarios.SettledWorld{Open: 1}, 9*ttl)
	b.wants(scenarios.Invalid, 9*ttl)
}

func (b bench) moves(signal core.SignalID, state core.SignalState, at int64) {
	b.Observe(&history.Record{Kind: history.StateSet, Signal: signal, State: state, At: at})
}

func TestMetricStaysOnItsSide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		entry string
		want  scenarios.RunVerdict
		at    int64
	}{
		{"metric: {name: in_doubt, below: 3}", scenarios.Pass, 0},
		{"metric: {name: in_doubt, below: 2}", scenarios.Fail, 2500 * ms},
		{"metric: {name: in_doubt, below: 2, from: calm.start}", scenarios.Pass, 0},
		{"metric: {name: in_doubt, above: 1, from: hit.end, until: calm.start}", scenarios.Fail, 2 * ttl},
		{"metric: {name: open_signals, above: 0, from: calm.start}", scenarios.Fail, 3 * ttl},
		{"metric: {name: open_signals, below: 3}", scenarios.Pass, 0},
		{"metric: {name: leadership_changes, below: 2}", scenarios.Pass, 0},
		{"metric: {name: leadership_changes, below: 1}", scenarios.Fail, 100 * ms},
		{"metric: {name: pool_in_use, below: 5}", scenarios.Invalid, 10 * ttl},
	} {
		t.Run(c.entry, func(t *testing.T) {
			b := judging(t, c.entry)
			b.pauses()
			for signal := range core.SignalID(2) {
				b.Observe(&history.Record{Kind: history.Stored, Signal: signal + 1, At: 1100 * ms})
				b.moves(signal+1, core.Submitting, 1200*ms)
			}
			b.Ended(0, 2*ttl)
			b.moves(1, core.InDoubt, 2400*ms)
			b.moves(2, core.InDoubt, 2500*ms)
			b.moves(2, core.Executed, 2600*ms)
			b.Started(1, 3*ttl)
			b.Ended(1, 3*ttl)
			b.wants(c.want, c.at)
		})
	}
}

func TestMetricReadsTheNodeThatItNames(t *testing.T) {
	t.Parallel()
	for party, want := range map[string]scenarios.RunVerdict{
		"n2": scenarios.Fail, "n3": scenarios.Pass, "followers": scenarios.Fail, "leader": scenarios.Pass,
	} {
		t.Run(party, func(t *testing.T) {
			b := judging(t, "metric: {name: pool_in_use, node: "+party+", below: 5, from: hit.start}")
			b.elects(0, 1, 100*ms)
			for node := range int16(3) {
				b.Sample(scenarios.PoolInUse, node, 1, 500*ms)
			}
			b.Started(0, ttl)
			b.Sample(scenarios.PoolInUse, 1, 5, 1500*ms)
			b.wakes()
			b.wants(want, 1500*ms)
			if !b.Wants(scenarios.PoolInUse) || b.Wants(scenarios.OpenFiles) {
				t.Error("the judge does not know which gauges the file asks for")
			}
		})
	}
}

func TestAggregateJudgesAllSeedsTogether(t *testing.T) {
	t.Parallel()
	s := parsed(t, "sometimes: {event: permit.refused, at_least: 2}")
	all := scenarios.NewAggregate(s)
	var counts [event.Total]int64
	counts[event.PermitRefused] = 1
	all.Add(&counts, 320)
	unmet := all.Unmet()
	if len(unmet) != 1 || !strings.Contains(unmet[0].Expect, "permit.refused") {
		t.Fatalf("one refusal in one run is not two: %v", unmet)
	}
	// Fifteen a second in twenty seconds are 300 a run.
	all.Add(&counts, 280)
	if unmet := all.Unmet(); len(unmet) != 0 {
		t.Fatalf("two refusals and 300 signals a run were enough: %v", unmet)
	}
	all.Add(&counts, 299)
	if unmet := all.Unmet(); len(unmet) != 1 || !strings.HasPrefix(unmet[0].Expect, "min_traffic: 15/s") {
		t.Fatalf("299.7 signals a run are too few: %v", unmet)
	}
}

func TestAFileThatWantsNothingOfAllSeedsHasNothingUnmet(t *testing.T) {
	t.Parallel()
	s := parsed(t, "no: {event: degraded}")
	s.Assume.MinTraffic = scenarios.Rate{}
	if unmet := scenarios.NewAggregate(s).Unmet(); len(unmet) != 0 {
		t.Fatalf("unmet: %v", unmet)
	}
}
