package explore

import "math/bits"

// shards is into how many parts the visited states are cut by their
// fingerprint. Each part is filled by one worker at a time. The number is fixed:
// the order in which states are found does not depend on the workers.
const shards = 64

// seen is a visited state: its fingerprint and that of the state from which it
// was first reached. A fingerprint is never zero.
type seen struct{ print, parent uint64 }

// seenBytes is how many bytes a place takes.
const seenBytes = 16

// visited is one part: open addressing, a place for each state.
type visited struct {
	places []seen
	count  int
}

// place is where the search for a fingerprint begins: by its high bits, the low
// ones having chosen the part.
func (v *visited) place(print uint64) int {
	high, _ := bits.Mul64(print, uint64(len(v.places)))
	return int(high)
}

// find returns the state of a fingerprint, or nil.
func (v *visited) find(print uint64) *seen {
	if len(v.places) == 0 {
		return nil
	}
	for i := v.place(print); ; i++ {
		if i == len(v.places) {
			i = 0
		}
		switch p := &v.places[i]; p.print {
		case print:
			return p
		case 0:
			return nil
		}
	}
}

// add takes a state, unless it is there already. It reports whether it was new.
func (v *visited) add(print, parent uint64) bool {
	if v.count*8 >= len(v.places)*7 {
		v.grow()
	}
	for i := v.place(print); ; i++ {
		if i == len(v.places) {
			i = 0
		}
		switch p := &v.places[i]; p.print {
		case print:
			return false
		case 0:
			*p = seen{print, parent}
			v.count++
			return true
		}
	}
}

// group is how many places are looked at before the first of them is needed: they
// lie far apart, and memory brings many as fast as one.
const group = 16

// addAll takes the states that a job has found. Of those that were there already
// it strikes the fingerprint off the children.
func (v *visited) addAll(list []child, children []item) {
	for len(list) > 0 {
		some := list[:min(group, len(list))]
		list = list[len(some):]
		for (v.count+len(some))*8 >= len(v.places)*7 {
			v.grow()
		}
		var first [group]uint64
		for i := range some {
			first[i] = v.places[v.place(some[i].print)].print
		}
		for i := range some {
			if c := &some[i]; first[i] == c.print || !v.add(c.print, c.parent) {
				children[c.at].print = 0
			}
		}
	}
}

// grow makes room for half as many again, so that a place costs at most 28
// bytes for each state that is there.
func (v *visited) grow() {
	old := v.places
	v.places = make([]seen, max(64, len(old)*3/2))
	v.count = 0
	for i := range old {
		if old[i].print != 0 {
			v.add(old[i].print, old[i].parent)
		}
	}
}

// shardOf is the part that a fingerprint belongs to.
func shardOf(print uint64) int { return int(print % shards) }
