package sim

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"fencepost/core/event"
	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// denseWorld returns a world of dense faults with a broker of the class.
func denseWorld(t testing.TB, class scenarios.BrokerClass) *World {
	t.Helper()
	s := denseFaults()
	s.Cluster.Broker.Class = class
	s.Run.Duration = scenarios.Length{Nanos: 120_000_000_000}
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return NewWorld(p)
}

func TestSameSeedGivesTheSameRun(t *testing.T) {
	used := denseWorld(t, scenarios.ClassB)
	first := make(map[uint64]Result)
	for seed := uint64(1); seed <= 20; seed++ {
		first[seed] = used.Run(seed)
	}
	for _, procs := range []int{1, 2} {
		before := runtime.GOMAXPROCS(procs)
		for seed := uint64(20); seed >= 1; seed-- {
			if again := used.Run(seed); again.Hash != first[seed].Hash || again.Events != first[seed].Events {
				t.Errorf("seed %d, used world: %x with %d events, then %x with %d",
					seed, first[seed].Hash, first[seed].Events, again.Hash, again.Events)
			}
			if fresh := denseWorld(t, scenarios.ClassB).Run(seed); fresh.Hash != first[seed].Hash {
				t.Errorf("seed %d, new world: %x, then %x", seed, first[seed].Hash, fresh.Hash)
			}
		}
		runtime.GOMAXPROCS(before)
	}
}

func TestALoadedWorldPlaysAsANewOne(t *testing.T) {
	var programs []*Program
	for _, nodes := range []int{3, 7, 1, 5} {
		s := denseFaults()
		s.Cluster.Nodes = nodes
		s.Run.Duration = scenarios.Length{Nanos: 60_000_000_000}
		if nodes == 7 {
			s = idleSteps(s)
		}
		p, err := Compile(s)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, p)
	}
	used := NewWorld(programs[0])
	for round := range uint64(3) {
		for i, p := range programs {
			used.Load(p)
			for seed := round + 1; seed < round+4; seed++ {
				want := NewWorld(p).Run(seed)
				if got := used.Run(seed); got.Hash != want.Hash || got.Verdict != want.Verdict {
					t.Errorf("program %d, seed %d: %x %v, in a new world %x %v",
						i, seed, got.Hash, got.Verdict, want.Hash, want.Verdict)
				}
			}
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	w := denseWorld(t, scenarios.ClassD)
	seen := make(map[uint64]uint64)
	for seed := uint64(1); seed <= 200; seed++ {
		r := w.Run(seed)
		if other, ok := seen[r.Hash]; ok {
			t.Fatalf("seeds %d and %d have the same hash %x", other, seed, r.Hash)
		}
		seen[r.Hash] = seed
	}
}

// TestDenseFaultsReachWhatMustBeReached is the search's own check: a simulator
// that never meets the danger proves nothing.
func TestDenseFaultsReachWhatMustBeReached(t *testing.T) {
	var counts [event.Total]int64
	for _, class := range []scenarios.BrokerClass{"A", "B", "C", "D"} {
		w := denseWorld(t, class)
		for seed := uint64(1); seed <= 100; seed++ {
			r := w.Run(seed)
			if r.Verdict == scenarios.Fail || r.Verdict == scenarios.Unknown {
				t.Errorf("class %s, seed %d: %v", class, seed, r.Failure)
			}
			for e, n := range r.Counts {
				counts[e] += n
			}
		}
	}
	later := map[event.Event]string{
		event.AuthorityRegressed: "needs a ledger that goes back in time",
		event.Degraded:           "not announced by any node yet",
		event.ControlChanged:     "no fault here touches the control mode",
		event.SignalExpired:      "the signals here stay valid for ever",
		event.LeaderEvicted:      "needs a leader that renews without heartbeats",
	}
	for _, e := range event.All() {
		if _, excused := later[e]; counts[e] == 0 && !excused {
			t.Errorf("%v never happened", e)
		}
	}
}

func TestRunInAUsedWorldAllocatesNothing(t *testing.T) {
	w := denseWorld(t, scenarios.ClassA)
	for seed := uint64(1); seed <= 300; seed++ {
		w.Run(seed)
	}
	seed := uint64(0)
	if n := testing.AllocsPerRun(100, func() { seed++; w.Run(seed) }); n > 0 {
		t.Errorf("%v allocations a run", n)
	}
}

func TestTraceReadsAloud(t *testing.T) {
	w := denseWorld(t, scenarios.ClassD)
	w.Run(1)
	var text bytes.Buffer
	if err := w.WriteTrace(&text, 0); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"-> acquire", "<- lease acquired", "** leader.elected epoch=1", "** gate.passed", "-> submit",
		"!! nemesis strikes", "!! nemesis lets go",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the trace has no %q", want)
		}
	}
	var last bytes.Buffer
	if err := w.WriteTrace(&last, 5); err != nil || strings.Count(last.String(), "\n") != 5 {
		t.Errorf("the last five lines are %q (%v)", last.String(), err)
	}
}

func TestATraceThatWasNotKeptIsThatOfTheRun(t *testing.T) {
	w := denseWorld(t, scenarios.ClassB)
	var kept, again bytes.Buffer
	first := w.Play(tape.From(tape.Seed(3)))
	if err := w.WriteTrace(&kept, 0); err != nil {
		t.Fatal(err)
	}
	second := w.Run(3)
	if w.trace.count != 0 || second.Hash != first.Hash {
		t.Error("the run of a seed keeps its trace, or is another")
	}
	if err := w.WriteTrace(&again, 0); err != nil || !bytes.Equal(kept.Bytes(), again.Bytes()) {
		t.Errorf("played again, the run reads otherwise (%v)", err)
	}
}

func TestATraceEndsWhereTheRunWasStopped(t *testing.T) {
	const minute = int64(60_000_000_000)
	w := denseWorld(t, scenarios.ClassB)
	w.Run(3)
	w.PlayUntil(tape.Seeded(3), minute)
	var text bytes.Buffer
	if err := w.WriteTrace(&text, 1); err != nil {
		t.Fatal(err)
	}
	at := strings.TrimSuffix(strings.Fields(text.String())[0], "s")
	if stop, err := strconv.ParseFloat(at, 64); err != nil || stop < 50 || stop > 62 {
		t.Errorf("stopped after a minute, the trace ends %q (%v)", text.String(), err)
	}
}
