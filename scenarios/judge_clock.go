package scenarios

import (
	"math"
	"slices"
	"sort"
)

// never is an instant that does not come.
const never = math.MaxInt64

// owedClock counts the time during which progress is owed. What a file allows
// for elections and recovery is measured by it: while no live eligible node
// reaches PostgreSQL, it stands still.
type owedClock struct {
	turns []turn
}

// turn is an instant from which progress is owed, or is not.
type turn struct {
	at   int64
	owed bool
}

func (c *owedClock) reset() { c.turns = append(c.turns[:0], turn{0, true}) }

// set notes that from now on progress is owed, or is not.
func (c *owedClock) set(owed bool, at int64) {
	last := &c.turns[len(c.turns)-1]
	switch {
	case last.owed == owed:
	case last.at == at:
		last.owed = owed
	default:
		c.turns = append(c.turns, turn{at, owed})
	}
}

// owed tells whether progress is owed at the end of what is known.
func (c *owedClock) owed() bool { return c.turns[len(c.turns)-1].owed }

// after returns the instant at which span of owed time has passed since from,
// or never.
func (c *owedClock) after(from, span int64) int64 {
	next := sort.Search(len(c.turns), func(i int) bool { return c.turns[i].at > from })
	for i := max(next-1, 0); i < len(c.turns); i++ {
		if !c.turns[i].owed {
			continue
		}
		start, end := max(c.turns[i].at, from), int64(never)
		if i+1 < len(c.turns) {
			end = c.turns[i+1].at
		}
		if span <= end-start {
			return start + span
		}
		span -= end - start
	}
	return never
}

// traffic holds when signals were offered and when they were concluded.
type traffic struct {
	offered   []int64
	concluded []int64
	// known marks the signals that were concluded already.
	known []bool
}

func (t *traffic) reset() {
	t.offered, t.concluded, t.known = t.offered[:0], t.concluded[:0], t.known[:0]
}

// conclude notes the first conclusion of the signal.
func (t *traffic) conclude(signal int32, at int64) {
	for int(signal) >= len(t.known) {
		t.known = append(t.known, false)
	}
	if !t.known[signal] {
		t.known[signal] = true
		t.concluded = append(t.concluded, at)
	}
}

// sorted puts the instants into their order: observers on several machines may
// hand them in a little out of it.
func (t *traffic) sorted() {
	for _, list := range [][]int64{t.offered, t.concluded} {
		if !slices.IsSorted(list) {
			slices.Sort(list)
		}
	}
}

// share is what the best window showed.
type share struct {
	concluded, offered int64
}

// reaches tells whether the share is rate at least.
func (s share) reaches(rate Percent) bool {
	return s.offered > 0 && s.concluded*1_000_000 >= s.offered*int64(rate)
}

// better tells whether s shows more than other; no offers show nothing.
func (s share) better(other share) bool {
	if other.offered == 0 || s.offered == 0 {
		return s.offered > 0
	}
	return s.concluded*other.offered > other.concluded*s.offered
}

// best returns the best share of any window (w, w+span] that lies between from
// and until. The share changes only where an offer leaves the window at its
// start, or a conclusion enters it at its end; so only such windows are tried,
// and the two at the ends.
func (t *traffic) best(from, until, span int64) share {
	var found share
	try := func(w int64) {
		if w < from || w > until-span {
			return
		}
		s := share{within(t.concluded, w, w+span), within(t.offered, w, w+span)}
		if s.better(found) {
			found = s
		}
	}
	try(from)
	try(until - span)
	for _, at := range t.offered {
		try(at)
	}
	for _, at := range t.concluded {
		try(at - span)
	}
	return found
}

// within counts the instants after from, up to until.
func within(sorted []int64, from, until int64) int64 {
	low := sort.Search(len(sorted), func(i int) bool { return sorted[i] > from })
	high := sort.Search(len(sorted), func(i int) bool { return sorted[i] > until })
	return int64(high - low)
}
