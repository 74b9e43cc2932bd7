package shrink

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"fencepost/scenarios"
	"fencepost/sim"
)

// tries is under how many schedules of the simulator a file for both worlds is
// played, and realTries how often on real processes. What fails under one
// schedule of the simulator in a hundred is not to be had from real processes,
// which cannot be told their schedule.
const (
	tries     = 24
	realTries = 3
)

// Anchored says how well a file for both worlds stands.
type Anchored struct {
	// Fails is under how many of the seeds 1…Tries it fails in the same way; zero
	// means that no such file was found, and that the answer is the pinned one.
	Fails int `json:"fails"`
	Tries int `json:"tries"`
	// Instants counts the steps that stay at an instant, because no event sets off
	// the same failure.
	Instants int `json:"instants"`
}

// Loose tells whether no file for both worlds was found.
func (a *Anchored) Loose() bool { return a == nil || a.Fails == 0 }

// tally is how often a candidate fails alike, and where first.
type tally struct {
	fails int
	found trial
}

// anchor turns the present scenario, which fails under one schedule, into one
// that both worlds can play.
func (t *task) anchor() *Anchored {
	a := &Anchored{Tries: tries}
	if t.spent() || !t.forBoth(a) {
		return a
	}
	t.sturdier(a)
	for step := range t.now.Steps {
		if t.spent() {
			break
		}
		t.anchorStep(a, step)
	}
	t.quicken(a)
	t.sturdier(a)
	t.margins(a)
	a.Instants = instantsOf(t.now)
	return a
}

// instantsOf counts the steps that strike at an instant.
func instantsOf(s *scenarios.Scenario) int {
	n := 0
	for _, step := range s.Steps {
		if step.Trigger.Kind == scenarios.AtTrigger {
			n++
		}
	}
	return n
}

// tallyBatch is how many candidates are tallied before the effort is looked at. It is
// fixed, so that the number of cores changes nothing but the time.
const tallyBatch = 8

// tallies plays each candidate under the seeds, until the effort is spent. What
// cannot be played, or is not any more, fails never.
func (t *task) tallies(list []candidate) []tally {
	var sums []tally
	for batch := range slices.Chunk(list, tallyBatch) {
		if t.spent() {
			break
		}
		sums = append(sums, t.tallyAll(batch)...)
	}
	return append(sums, make([]tally, len(list)-len(sums))...)
}

// tallyAll is tallies for so few that they are played whatever it takes.
func (t *task) tallyAll(list []candidate) []tally {
	sums := make([]tally, len(list))
	workers := t.o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(workers, len(list)) {
		group.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(list) && t.ctx.Err() == nil; i = next.Add(1) - 1 {
				sums[i] = tallied(list[i].scenario, t.kind)
			}
		})
	}
	group.Wait()
	for i := range sums {
		t.runs += sums[i].found.runs
		t.events += sums[i].found.events
	}
	return sums
}

func tallied(s *scenarios.Scenario, kind Kind) tally {
	sum := tally{}
	var world *sim.World
	for seed := uint64(1); seed <= tries; seed++ {
		found := try(world, s, []uint64{seed}, kind)
		if world = found.world; world == nil {
			return sum
		}
		if found.alike {
			if sum.fails++; sum.fails == 1 {
				sum.found.alike, sum.found.seed, sum.found.result = true, found.seed, found.result
			}
		}
		sum.found.runs += found.runs
		sum.found.events += found.events
	}
	return sum
}

// choose takes the candidate that fails under the most schedules, the first one
// of several, if those are so many at least. It tells whether there was one.
func (t *task) choose(a *Anchored, list []candidate, atLeast int) bool {
	sums := t.tallies(list)
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return sums[j].fails - sums[i].fails })
	for _, i := range order {
		if sums[i].fails < max(atLeast, 1) {
			return false
		}
		if t.take(list[i], &sums[i].found) {
			a.Fails = sums[i].fails
			t.stages[len(t.stages)-1].Fails = a.Fails
			return true
		}
	}
	return false
}

// forBoth makes the scenario one for both worlds: not pinned, in a lease that
// real processes live through quickly, and with some room behind the failure,
// which need not come as early there. It reports false if it then fails under
// no schedule at all.
func (t *task) forBoth(a *Anchored) bool {
	leases := []*scenarios.Scenario{copied(t.now)}
	if t.now.TTL() > long {
		leases = []*scenarios.Scenario{quick(t.now), copied(t.now)}
	}
	for _, lease := range leases {
		lease.Tiers = []scenarios.Tier{scenarios.SimTier, scenarios.RealTier}
		lease.TierReason, lease.Tags = "", []string{"anchored"}
		lease.Run.Seed, lease.Run.Seeds = 0, scenarios.Seeds{Sim: tries, Real: realTries}
		lease.Run.Settle = scenarios.Length{}
		var list []candidate
		for _, longer := range []int64{20, 50} {
			list = append(list, candidate{later(lease, longer), "for both worlds"},
				candidate{busier(later(lease, longer), 20), "for both worlds, with signals"})
		}
		if t.choose(a, list, 1) {
			return true
		}
	}
	return false
}

const second = int64(1_000_000_000)

// long is a lease that real processes had better not live through.
const long = 2 * second

// quicken tries a quick lease again, now that the steps hang on events.
func (t *task) quicken(a *Anchored) {
	if t.now.TTL() > long {
		t.choose(a, []candidate{{quick(t.now), "a quick lease"}}, (a.Fails+1)/2)
	}
}

// quick returns the scenario in a lease of one second; what was as long as a part
// of the lease still is.
func quick(s *scenarios.Scenario) *scenarios.Scenario {
	c, ttl := copied(s), s.TTL()
	scaled := func(l scenarios.Length) scenarios.Length {
		const part = scenarios.OneTTL / 100
		return scenarios.Length{TTLs: l.TTLs + (l.Nanos*100/ttl)*part}
	}
	both := func(span scenarios.Span) scenarios.Span {
		return scenarios.Span{Min: scaled(span.Min), Max: scaled(span.Max)}
	}
	for i, step := range c.Steps {
		c.Steps[i] = spans(step, func(_ use, span scenarios.Span) scenarios.Span { return both(span) })
	}
	c.Run.Duration, c.Workload.Every = scaled(c.Run.Duration), both(c.Workload.Every)
	c.Cluster.Lease = scenarios.Lease{TTL: scenarios.Length{Nanos: second}}
	return c
}

// later ends the run by so many tenths of a ttl later.
func later(s *scenarios.Scenario, by int64) *scenarios.Scenario {
	c, ttl := copied(s), s.TTL()
	c.Run.Duration = inTTLs(c.WithDefaults().Run.Duration.Resolve(ttl)+by*ttl/10, ttl)
	return c
}

// busier offers so many signals in a ttl, all the time.
func busier(s *scenarios.Scenario, signals int64) *scenarios.Scenario {
	c := copied(s)
	c.Workload.Signals = scenarios.Signals{
		Rate: scenarios.Rate{Milli: 1000 * signals, Per: tenths(10)},
	}
	c.Workload.Every = scenarios.Span{}
	return c
}

// sturdier changes the scenario, as little as possible, as long as it fails under
// more schedules for it.
func (t *task) sturdier(a *Anchored) {
	for a.Fails < tries && !t.spent() {
		list := []candidate{
			{later(t.now, 20), "a longer run"},
			{busier(t.now, 20), "more signals"},
			{busier(t.now, 50), "more signals"},
		}
		if t.now.WithDefaults().Cluster.Nodes < 3 {
			c := copied(t.now)
			c.Cluster.Nodes = 3
			list = append(list, candidate{c, "three nodes"})
		}
		for step := range t.now.Steps {
			for _, by := range []int64{2, 3} {
				if c, ok := stretched(t.now, step, by, 1); ok {
					list = append(list, c)
				}
			}
		}
		if !t.choose(a, list, a.Fails+1) {
			return
		}
	}
}

// margins lets faults last longer where the failure does not mind: what is just
// long enough in the simulator may not be on processes that are late.
func (t *task) margins(a *Anchored) {
	for step := range t.now.Steps {
		if c, ok := stretched(t.now, step, 3, 2); ok {
			t.choose(a, []candidate{c}, a.Fails)
		}
	}
}

// longest returns for how long the step's fault lasts.
func longest(step scenarios.Step, ttl int64) int64 {
	most := int64(0)
	spans(step, func(u use, span scenarios.Span) scenarios.Span {
		if u == lasting {
			_, high := span.Resolve(ttl)
			most = max(most, high)
		}
		return span
	})
	return most
}

// stretched returns the scenario with one fault lasting by that factor longer; it
// reports false if the fault has no length.
func stretched(s *scenarios.Scenario, step int, by, of int64) (candidate, bool) {
	ttl := s.TTL()
	if longest(s.Steps[step], ttl) == 0 {
		return candidate{}, false
	}
	next := spans(s.Steps[step], func(u use, span scenarios.Span) scenarios.Span {
		if u != lasting {
			return span
		}
		low, high := span.Resolve(ttl)
		return scenarios.Span{Min: inTTLs(low*by/of, ttl), Max: inTTLs(high*by/of, ttl)}
	})
	return at(s, step, "it lasts longer", next), true
}
