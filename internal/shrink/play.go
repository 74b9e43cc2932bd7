package shrink

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"fencepost/core/history"
	"fencepost/scenarios"
	"fencepost/sim"
)

// candidate is a scenario that is to be tried.
type candidate struct {
	scenario *scenarios.Scenario
	// what says what was made simpler, for people.
	what string
}

// trial is what came of one candidate.
type trial struct {
	// played: it was worth trying. Text is what it is known under.
	played bool
	text   string
	alike  bool
	seed   uint64
	result sim.Result
	runs   int64
	events int64
	// world is what it was played in, for the next one.
	world *sim.World
}

// try plays the candidate under the seeds, in their order, until a run fails in
// that way. What cannot be compiled does not. The world is used again, if there
// is one; it is void after a panic.
func try(world *sim.World, s *scenarios.Scenario, seeds []uint64, kind Kind) trial {
	t := trial{}
	world, ok := open(world, s)
	t.world = world
	if !ok {
		return t
	}
	for _, seed := range seeds {
		r, whole := play(world, seed)
		t.runs++
		t.events += r.Events
		if have, failed := kindOf(&r); failed && have == kind {
			t.alike, t.seed, t.result = true, seed, r
		}
		if !whole {
			world, _ = open(nil, s)
			t.world = world
		}
		if t.alike {
			return t
		}
	}
	return t
}

// open compiles the scenario and makes a world for it. Cutting pieces out of a
// scenario can leave references that lead nowhere: what then panics is refused
// like what Compile refuses.
func open(used *sim.World, s *scenarios.Scenario) (world *sim.World, ok bool) {
	defer func() {
		if recover() != nil {
			world, ok = nil, false
		}
	}()
	program, err := sim.Compile(s)
	if err != nil {
		return used, false
	}
	if used == nil {
		return sim.NewWorld(program), true
	}
	used.Load(program)
	return used, true
}

// play plays the seed once. A panic is a result too, and the world is not whole
// any more.
func play(world *sim.World, seed uint64) (r sim.Result, whole bool) {
	defer func() {
		if reason := recover(); reason != nil {
			r = sim.Result{
				Seed: seed, Verdict: scenarios.Crash,
				Failure: &scenarios.Failure{Node: history.None, Detail: fmt.Sprint(reason)},
			}
			whole = false
		}
	}()
	return world.Run(seed), true
}

// first tries the candidates that are worth it on so many cores and returns the
// place of the first one in the list that fails alike, or -1. Later ones may have been tried
// by then; they are neither looked at nor counted, so that the number of cores
// changes nothing but the time.
func first(
	list []candidate, worth func(*scenarios.Scenario) (string, bool), seeds []uint64, kind Kind, workers int,
) (int, []trial) {
	trials := make([]trial, len(list))
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next, best atomic.Int64
	best.Store(int64(len(list)))
	var group sync.WaitGroup
	for range min(workers, len(list)) {
		group.Go(func() {
			var world *sim.World
			for {
				i := next.Add(1) - 1
				if i >= best.Load() {
					return
				}
				text, ok := worth(list[i].scenario)
				if !ok {
					continue
				}
				trials[i] = try(world, list[i].scenario, seeds, kind)
				trials[i].played, trials[i].text = true, text
				world, trials[i].world = trials[i].world, nil
				for trials[i].alike {
					have := best.Load()
					if i >= have || best.CompareAndSwap(have, i) {
						break
					}
				}
			}
		})
	}
	group.Wait()
	if at := best.Load(); at < int64(len(list)) {
		return int(at), trials[:at+1]
	}
	return -1, trials
}
