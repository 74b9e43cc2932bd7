package explore

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"fencepost/core/order"
)

// smallRules are those of a world that is searched within a test.
func smallRules(t *testing.T, class order.Class, signals int) *rules {
	t.Helper()
	c := Config{Nodes: 2, Signals: signals, Class: class.String(), Kinds: Kinds()}
	r, err := c.rules()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.config.Validate(); err != nil {
		t.Fatal(err)
	}
	return r
}

// successors returns the fingerprints of all that can come of a state, sorted.
func successors(w, scratch *world, c *canon) []uint64 {
	var prints []uint64
	var before canon
	before.take(w)
	for _, a := range append(w.acts(nil), w.strikes(nil)...) {
		scratch.become(w)
		scratch.do(a)
		prints = append(prints, c.take(scratch))
		if c.takeFrom(scratch, &before) != prints[len(prints)-1] {
			panic("a section that is copied has changed")
		}
	}
	slices.Sort(prints)
	return prints
}

// TestStatesThatAreAlikeHaveFuturesThatAreAlike walks at random, faults and all,
// without ever reading a state from its codes, and compares each state on the way
// with what its codes make of it, and with every other one of its fingerprint.
func TestStatesThatAreAlikeHaveFuturesThatAreAlike(t *testing.T) {
	for _, symmetric := range []bool{true, false} {
		for _, reduced := range []bool{true, false} {
			for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC, order.ClassD} {
				r := smallRules(t, class, 1)
				r.symmetric, r.reduced = symmetric, reduced
				checkBisimulation(t, r)
			}
		}
	}
}

func checkBisimulation(t *testing.T, r *rules) {
	t.Helper()
	const walks, steps = 30, 80
	rng := rand.New(rand.NewPCG(1, 2))
	var c, readBack canon
	var u unpacker
	u.library = &library{}
	w, next, read := newWorld(r), newWorld(r), newWorld(r)
	known := map[uint64][]uint64{}
	for range walks {
		w.become(newWorld(r))
		for step := range steps {
			print := c.take(w)
			packed := c.packInto(u.library, r.nodes)
			if c.offGrid != "" {
				t.Fatalf("a time that is not on the grid: %s", c.offGrid)
			}
			u.unpack(packed, read, &readBack)
			again := c.take(read)
			if again != print || !slices.Equal(c.packInto(u.library, r.nodes), packed) {
				t.Fatalf("step %d: a state that was read from its codes has another fingerprint", step)
			}
			futures := successors(w, next, &c)
			if !slices.Equal(futures, successors(read, next, &c)) {
				t.Fatalf("step %d: a state that was read from its codes has other futures", step)
			}
			if before, ok := known[print]; ok && !slices.Equal(before, futures) {
				t.Fatalf("step %d: two states with one fingerprint have different futures", step)
			}
			known[print] = futures
			acts := w.acts(nil)
			if rng.IntN(12) == 0 {
				acts = append(acts[:0], w.strikes(nil)...)
			}
			if len(acts) == 0 {
				break
			}
			next.become(w)
			next.do(acts[rng.IntN(len(acts))])
			w, next = next, w
			if w.broken.Invariant != "" {
				t.Fatalf("the core breaks %s: %s", w.broken.Invariant, w.broken.Detail)
			}
		}
	}
}

// TestFingerprintsThatForgetTooMuchAreFoundOut plants mistakes in the codes: a field
// that matters is left out.
func TestFingerprintsThatForgetTooMuchAreFoundOut(t *testing.T) {
	r := smallRules(t, order.ClassD, 1)
	for _, plant := range []struct {
		layout *layout
		at     uintptr
	}{
		{nodeLayout, place(nodeType, "notBefore")},
		{redisLayout, place(redisType, "lease") + place(member(redisType, "lease").Type, "expiresAt")},
	} {
		fields := plant.layout.fields
		i := slices.IndexFunc(fields, func(f field) bool { return f.at == plant.at })
		was := fields[i].sense
		fields[i].sense = ignored
		found := differs(r)
		fields[i].sense = was
		if !found {
			t.Errorf("nothing shows that fingerprints without field %d are no bisimulation", i)
		}
	}
}

// differs reports whether two states of one fingerprint with different futures
// are met on random walks.
func differs(r *rules) bool {
	rng := rand.New(rand.NewPCG(3, 4))
	var c canon
	w, next := newWorld(r), newWorld(r)
	known := map[uint64][]uint64{}
	for range 200 {
		w.become(newWorld(r))
		for range 60 {
			print, futures := c.take(w), successors(w, next, &c)
			if before, ok := known[print]; ok && !slices.Equal(before, futures) {
				return true
			}
			known[print] = futures
			acts := w.acts(nil)
			if faults := w.strikes(nil); len(faults) > 0 && rng.IntN(12) == 0 {
				acts = faults
			}
			next.become(w)
			next.do(acts[rng.IntN(len(acts))])
			w, next = next, w
		}
	}
	return false
}

// explored searches in full and returns the symmetric fingerprints of the states
// in which time goes on.
func explored(t *testing.T, r *rules, faults, depth int) map[uint64]bool {
	t.Helper()
	s := newSearch(r, &Config{Depth: depth})
	var levels []*level
	all := map[uint64]bool{}
	like := *r
	like.symmetric, like.reduced = true, true
	var c, before canon
	w := newWorld(r)
	u := unpacker{library: &s.library}
	for k := range faults + 1 {
		levels, _, _ = s.budget(k, levels, true)
		if len(s.broken) > 0 {
			t.Fatalf("%s: %s", s.broken[0].what.Invariant, s.broken[0].what.Detail)
		}
		for _, l := range levels {
			for _, b := range l.blocks {
				for _, it := range b.items {
					u.unpack(b.words[it.from:it.to], w, &before)
					if w.quiet() {
						w.rules = &like
						all[c.take(w)] = true
						w.rules = r
					}
				}
			}
		}
	}
	return all
}

// TestReductionsReachWhatIsReachedWithoutThem compares the states of rest, in
// which everything that had to happen at an instant has happened.
func TestReductionsReachWhatIsReachedWithoutThem(t *testing.T) {
	for _, world := range []struct {
		signals, faults, depth int
		anyOrder               bool
	}{{0, 0, 0, true}, {1, 0, 0, false}, {0, 1, 0, false}} {
		plain := smallRules(t, order.ClassD, world.signals)
		plain.faults = 1<<crash | 1<<drop | 1<<loseReply | 1<<loseData
		plain.anyOrder = world.anyOrder
		plain.symmetric, plain.reduced = false, false
		symmetric, reduced := *plain, *plain
		symmetric.symmetric, reduced.reduced = true, true
		full := explored(t, plain, world.faults, world.depth)
		for name, r := range map[string]*rules{"symmetry": &symmetric, "order": &reduced} {
			got := explored(t, r, world.faults, world.depth)
			if more, fewer := compare(got, full); more+fewer > 0 {
				t.Errorf("%+v, %s: %d states of rest instead of %d: %d are new, %d are missing",
					world, name, len(got), len(full), more, fewer)
			}
		}
	}
}

// compare counts what only one of two sets has.
func compare(a, b map[uint64]bool) (onlyA, onlyB int) {
	for print := range a {
		if !b[print] {
			onlyA++
		}
	}
	for print := range b {
		if !a[print] {
			onlyB++
		}
	}
	return onlyA, onlyB
}

// TestWhatIsFoundDoesNotDependOnHowJobsAreShared compares a search whose jobs are
// done in turn with one whose jobs are done backwards and side by side.
func TestWhatIsFoundDoesNotDependOnHowJobsAreShared(t *testing.T) {
	c := Config{Nodes: 2, Signals: 0, Faults: 1}
	first, err := Search(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Share = func(jobs int, do func(hand, job int)) {
		var all sync.WaitGroup
		hands := min(jobs, 3)
		for hand := range hands {
			all.Go(func() {
				for job := jobs - 1 - hand; job >= 0; job -= hands {
					do(hand, job)
				}
			})
		}
		all.Wait()
	}
	second, err := Search(c)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, second) {
		t.Errorf("%s\n%s", first.Proof, second.Proof)
	}
}

// TestAProofSaysWhatWasCutOff: a bound leaves a search without a proof, and what
// lies behind it is not judged.
func TestAProofSaysWhatWasCutOff(t *testing.T) {
	for _, c := range []Config{
		{Nodes: 2, Signals: 1, Faults: 1, Depth: 9}, {Nodes: 2, Signals: 1, Faults: 1, Limit: 1000},
	} {
		report, err := Search(c)
		if err != nil {
			t.Fatal(err)
		}
		if report.Complete || report.Violation != nil || !strings.Contains(report.Proof, "cut off") {
			t.Errorf("%+v: %s", c, report.Proof)
		}
	}
}

// TestAWayIsToldFromTheFirstStateOn breaks the fence for one state and looks for
// the way there.
func TestAWayIsToldFromTheFirstStateOn(t *testing.T) {
	s := newSearch(smallRules(t, order.ClassD, 1), &Config{})
	levels, _, complete := s.budget(0, nil, true)
	if !complete {
		t.Fatal("without faults the search ends")
	}
	last := levels[len(levels)-1].blocks[0]
	deepest := last.items[0]
	var before canon
	u := unpacker{library: &s.library}
	w, next := newWorld(s.rules), newWorld(s.rules)
	u.unpack(last.words[deepest.from:deepest.to], w, &before)
	next.become(w)
	told := s.trail(&breach{parent: deepest.print, act: w.acts(nil)[0]})
	if len(told) != len(levels) || slices.Contains(told, lostWay) {
		t.Errorf("%d steps to depth %d: %q", len(told), len(levels)-1, told)
	}
}
