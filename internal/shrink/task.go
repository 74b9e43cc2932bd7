package shrink

import (
	"context"

	"fencepost/scenarios"
	"fencepost/sim"
)

// Effort is how many simulated events one search may take: less than two seconds
// on two cores. It is counted, not timed, so that the result is always the same.
const Effort = 10_000_000

// reseeds is how many other micro-schedules are tried where a candidate does
// not fail under the old one.
const reseeds = 24

// few faults are quick to try in every combination.
const few = 6

// task is one search.
type task struct {
	ctx   context.Context
	o     *Options
	kind  Kind
	avoid map[string]bool
	// now is the simplest scenario so far that fails, under seed.
	now    *scenarios.Scenario
	seed   uint64
	result sim.Result
	size   measure
	// others are the seeds that are tried beside the present one.
	others int
	// tried are the candidates that did not fail, by their text; a text is tried
	// again once other seeds are.
	tried  map[string]bool
	stages []Stage
	// met counts what was met while a failure was looked for.
	met    map[string]int
	runs   int64
	events int64
}

// spent tells whether the search has to end.
func (t *task) spent() bool { return t.events >= t.o.Effort || t.ctx.Err() != nil }

// seeds lists the micro-schedules under which a candidate is tried.
func (t *task) seeds() []uint64 {
	list := []uint64{t.seed}
	for seed := uint64(1); seed <= uint64(t.others); seed++ {
		if seed != t.seed {
			list = append(list, seed)
		}
	}
	return list
}

// attempt tries candidates and takes the first that fails alike; it tells
// whether there was one.
func (t *task) attempt(generate func(*scenarios.Scenario) []candidate) bool {
	return t.from(0, generate) >= 0
}

// each takes as many candidates of a kind as it can. After each that is taken
// the list is made anew and gone on with where it was left.
func (t *task) each(generate func(*scenarios.Scenario) []candidate) bool {
	changed := false
	for at := 0; at >= 0 && !t.spent(); {
		if at = t.from(at, generate); at >= 0 {
			changed = true
		}
	}
	return changed
}

// from is attempt for the candidates from a place in the list on. It returns
// the place of the one that was taken, or -1.
func (t *task) from(start int, generate func(*scenarios.Scenario) []candidate) int {
	for list := generate(t.now); start < len(list) && !t.spent(); {
		at, trials := first(list[start:], t.worth, t.seeds(), t.kind, t.o.Workers)
		for i := range trials {
			if !trials[i].played {
				continue
			}
			t.runs += trials[i].runs
			t.events += trials[i].events
			t.tried[trials[i].text] = true
		}
		if at < 0 {
			return -1
		}
		at += start
		if t.take(list[at], &trials[at-start]) {
			return at
		}
		start = at + 1
	}
	return -1
}

// worth tells whether a scenario is simpler than the present one and was not
// tried yet, and returns the text under which it is known. It is called by several
// goroutines, while nothing is taken.
func (t *task) worth(s *scenarios.Scenario) (text string, ok bool) {
	text = bare(s)
	return text, measureWith(s, text).less(t.size) && !t.tried[text]
}

// take makes the candidate the present scenario, if it stands as a file.
func (t *task) take(c candidate, found *trial) bool {
	stage, err := t.o.stage(c.scenario, found, c.what)
	if err != nil || t.avoid[stage.Key] {
		return false
	}
	t.now, t.seed, t.result = c.scenario, found.seed, found.result
	t.size = measureOf(c.scenario)
	t.stages = append(t.stages, *stage)
	return true
}

// search makes the scenario as simple as it can.
func (t *task) search() {
	t.attempt(func(s *scenarios.Scenario) []candidate { return cutAtFailure(s, t.result.Failure.At) })
	t.attempt(t.hasty)
	t.attempt(cutSuffixes)
	t.cutWindow()
	t.cutFaults()
	for _, others := range []int{0, reseeds} {
		t.others = others
		clear(t.tried)
		for changed := true; changed && !t.spent(); {
			changed = t.round()
		}
	}
	t.settleAgain()
	t.lowerSeed()
	t.inOrder()
}

// cutWindow looks for a window of neighbouring steps that fails by itself, under
// fewer seeds the longer it is: each size costs as much.
func (t *task) cutWindow() {
	t.others = reseeds
	for size := few; size < len(t.now.Steps) && !t.spent(); size *= 2 {
		if t.attempt(func(s *scenarios.Scenario) []candidate { return windows(s, size) }) {
			break
		}
		t.others /= 2
	}
	t.others = 0
}

// round runs every pass once and tells whether one of them changed something.
func (t *task) round() bool {
	before := len(t.stages)
	t.attempt(func(s *scenarios.Scenario) []candidate { return cutAtFailure(s, t.result.Failure.At) })
	if len(t.now.Steps) > 0 {
		t.cutFaults()
	}
	for _, pass := range []func(*scenarios.Scenario) []candidate{
		plainSettings, fewerSettings, fewerNodes, fewerSignals, plainTriggers, narrowLinks, namedParties,
		tidySteps, points, earlier, rounderTimes, shorterRuns,
	} {
		t.each(pass)
	}
	return len(t.stages) > before
}
