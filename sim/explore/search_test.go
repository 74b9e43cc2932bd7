package explore

import (
	"maps"
	"math/rand/v2"
	"slices"
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
	for _, a := range append(w.acts(nil), w.strikes(nil)...) {
		scratch.become(w)
		scratch.do(a)
		prints = append(prints, c.take(scratch))
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
			for _, class := range []order.Class{order.ClassA, order.ClassD} {
				r := smallRules(t, class, 1)
				r.symmetric, r.reduced = symmetric, reduced
				checkBisimulation(t, r)
			}
		}
	}
}

func checkBisimulation(t *testing.T, r *rules) {
	t.Helper()
	const walks, steps = 120, 80
	rng := rand.New(rand.NewPCG(1, 2))
	var c canon
	var u unpacker
	w, next, read := newWorld(r), newWorld(r), newWorld(r)
	known := map[uint64][]uint64{}
	for range walks {
		w.become(newWorld(r))
		for step := range steps {
			print := c.take(w)
			packed := c.pack(nil)
			if c.offGrid != "" {
				t.Fatalf("a time that is not on the grid: %s", c.offGrid)
			}
			u.unpack(packed, read)
			if again := c.take(read); again != print {
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

// TestFingerprintsThatForgetTooMuchAreFoundOut plants a mistake in the codes: a
// lane's deadline is left out.
func TestFingerprintsThatForgetTooMuchAreFoundOut(t *testing.T) {
	r := smallRules(t, order.ClassD, 0)
	for _, name := range []string{"leaseTrust", "nextBeat"} {
		at := place(nodeType, name)
		i := slices.IndexFunc(nodeLayout.fields, func(f field) bool { return f.at == at })
		was := nodeLayout.fields[i].sense
		nodeLayout.fields[i].sense = ignored
		found := differs(r)
		nodeLayout.fields[i].sense = was
		if !found {
			t.Errorf("nothing shows that fingerprints without %s are no bisimulation", name)
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
			if rng.IntN(12) == 0 {
				acts = w.strikes(acts[:0])
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
	var u unpacker
	var c canon
	w := newWorld(r)
	for k := range faults + 1 {
		levels, _, _ = s.budget(k, levels, true)
		if len(s.broken) > 0 {
			t.Fatalf("%s: %s", s.broken[0].what.Invariant, s.broken[0].what.Detail)
		}
		for _, l := range levels {
			for _, it := range l.items {
				u.unpack(l.bytes[it.from:it.to], w)
				if w.quiet() {
					w.rules = &like
					all[c.take(w)] = true
					w.rules = r
				}
			}
		}
	}
	return all
}

func TestReductionsReachWhatIsReachedWithoutThem(t *testing.T) {
	for _, signals := range []int{0, 1} {
		plain := smallRules(t, order.ClassD, signals)
		plain.symmetric, plain.reduced = false, false
		symmetric := *plain
		symmetric.symmetric = true
		full := explored(t, plain, 0, 0)
		if got := explored(t, &symmetric, 0, 0); !maps.Equal(got, full) {
			t.Errorf("%d signals: by symmetry %d states of rest, without %d", signals, len(got), len(full))
		}
		reduced := symmetric
		reduced.reduced = true
		got := explored(t, &reduced, 0, 0)
		extra, missing := compare(got, full)
		t.Logf("%d signals: %d states of rest in all, %d with reductions: %d more, %d fewer",
			signals, len(full), len(got), extra, missing)
		if extra > 0 {
			t.Errorf("%d signals: the reductions reach %d states of rest that nothing else reaches", signals, extra)
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
