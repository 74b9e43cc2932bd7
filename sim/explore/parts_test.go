package explore

import (
	"slices"
	"testing"

	"fencepost/core/order"
)

// TestAStateInPartsIsTheStateAsAWhole takes states of searches and compares what
// is read from parts, done on shared parts and written again in parts with the
// same on worlds of their own, written in full.
func TestAStateInPartsIsTheStateAsAWhole(t *testing.T) {
	for _, world := range []struct {
		class   order.Class
		signals int
		plain   bool
	}{{order.ClassB, 1, false}, {order.ClassD, 0, true}} {
		r := smallRules(t, world.class, world.signals)
		r.symmetric, r.reduced = !world.plain, !world.plain
		s := newSearch(r, &Config{})
		var levels []*level
		for faults := range 2 {
			levels, _, _ = s.budget(faults, levels, true)
			for _, l := range levels {
				checkParts(t, s, l)
			}
		}
	}
}

// checkParts checks some states of a level.
func checkParts(t *testing.T, s *search, l *level) {
	t.Helper()
	const every = 97
	from, shared, copied := newWorld(s.rules), newWorld(s.rules), newWorld(s.rules)
	var before, parts, whole canon
	u := unpacker{library: &s.library}
	for _, b := range l.blocks {
		for i := 0; i < len(b.items); i += every {
			it := b.items[i]
			words := b.words[it.from:it.to]
			u.unpack(words, from, &before)
			print := whole.take(from)
			if print != it.print || !slices.Equal(whole.packInto(&s.library, s.rules.nodes), words) {
				t.Fatal("a state that was read from its parts has other parts")
			}
			for _, a := range append(from.acts(nil), from.strikes(nil)...) {
				shared.share(from)
				shared.do(a)
				copied.become(from)
				copied.do(a)
				if shared.broken.Invariant != copied.broken.Invariant {
					t.Fatalf("%+v breaks %q in parts, %q as a whole",
						a, shared.broken.Invariant, copied.broken.Invariant)
				}
				if parts.takeFrom(shared, &before) != whole.take(copied) {
					t.Fatalf("%+v leads elsewhere in parts", a)
				}
			}
		}
	}
}
