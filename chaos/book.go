package chaos

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// book is the history of a run: what was seen, and what the judge must be told,
// each with its instant. It is written by many and read when the run is over.
type book struct {
	mu      sync.Mutex
	entries []entry
}

// entry is one observation, or one thing that the judge is told.
type entry struct {
	at     int64
	record history.Record
	tell   func(*scenarios.Judge, int64) // nil for a record
}

// add writes a record.
func (b *book) add(at int64, r history.Record) {
	r.At = at
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, entry{at: at, record: r})
}

// tell notes what the judge is to be told.
func (b *book) tell(at int64, what func(*scenarios.Judge, int64)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, entry{at: at, tell: what})
}

// sorted returns what was seen up to an instant, in the order in which it
// happened; of one instant in the order in which it was written.
func (b *book) sorted(until int64) []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.SortStableFunc(b.entries, func(x, y entry) int { return cmp.Compare(x.at, y.at) })
	end, _ := slices.BinarySearchFunc(b.entries, until+1, func(e entry, at int64) int {
		return cmp.Compare(e.at, at)
	})
	return b.entries[:end]
}

// judged is what came of a run's history.
type judged struct {
	verdict scenarios.RunVerdict
	failure *scenarios.Failure
	excused int
	counts  [event.Total]int64
	records int64
	hash    uint64
}

// conditions are what a run was played on: by how much what was seen may be late, and
// why nothing that depends on time can be judged, if so. stalled tells that the
// file's own assumption was broken, whatever came of the run; void why nothing at all
// can be judged, if so.
type conditions struct {
	void      string
	late      time.Duration
	disturbed string
	at        int64
	stalled   bool
}

// judge gives the history to the checkers and to the judge of the file. A failure on
// a machine that was disturbed is judged again without the bounds in time: what is
// left of it is the service's own fault. Where the wall clock was set, what the stores
// noted and when leases ran out says nothing of the service; the broker's own book
// does.
func (p *Program) judge(entries []entry, end int64, settled *scenarios.SettledWorld, on conditions) judged {
	checks := p.checks
	checks.HarnessStall = on.late
	var judge scenarios.Judge
	judge.Reset(p.file, p.ttl)
	out := p.judgeBy(checks, &judge, entries, end, settled)
	twoOrders := out.failure != nil && out.failure.Invariant == check.NoDuplicateOrder
	if on.void != "" && !twoOrders {
		judge.Reset(p.file, p.ttl)
		judge.Unmet(-1, on.at, on.void)
		out.verdict, out.failure = judge.Verdict(end)
	}
	if out.verdict != scenarios.Fail || on.disturbed == "" {
		return out
	}
	checks.Untimed = true
	judge.Reset(p.file, p.ttl)
	judge.Disturbed(on.at, on.disturbed)
	return p.judgeBy(checks, &judge, entries, end, settled)
}

// judgeBy gives the history to checkers and to a judge that knows nothing of it yet.
func (p *Program) judgeBy(checks check.Config, judge *scenarios.Judge, entries []entry, end int64,
	settled *scenarios.SettledWorld,
) judged {
	var suite check.Suite
	suite.Reset(checks)
	out := judged{}
	for i := range entries {
		e := &entries[i]
		suite.Advance(e.at)
		if e.tell != nil {
			e.tell(judge, e.at)
			continue
		}
		out.records++
		out.hash = mix(out.hash, &e.record)
		if e.record.Kind == history.Announced {
			out.counts[e.record.Event]++
		}
		suite.Observe(&e.record)
		judge.Observe(&e.record)
	}
	suite.Finish(end)
	out.excused = suite.Excused()
	if v, broken := suite.Violation(); broken {
		out.verdict = scenarios.Fail
		out.failure = &scenarios.Failure{
			Invariant: v.Invariant, At: v.At, Node: v.Node, Detail: v.Detail, Step: judge.LastStep(v.At),
		}
		return out
	}
	if why := suite.GaveUp(); why != "" {
		judge.Undecided(end, why)
	}
	if settled != nil {
		judge.Settled(*settled, end)
	}
	out.verdict, out.failure = judge.Verdict(end)
	return out
}

// mix folds a record into the history's hash, so that two runs can be told
// apart. It is no promise: real processes do not run the same way twice.
func mix(hash uint64, r *history.Record) uint64 {
	const prime = 0x9e3779b97f4a7c15
	for _, v := range [...]uint64{
		uint64(r.At), uint64(r.Kind)<<16 | uint64(r.Event)<<8 | uint64(r.Op), uint64(r.Epoch),
		uint64(r.Signal), uint64(r.Attempt)<<16 | uint64(uint16(r.Node)),
	} {
		hash = (hash ^ v) * prime
		hash ^= hash >> 29
	}
	return hash
}
