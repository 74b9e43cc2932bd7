package explore

// breach is an invariant that fell on the way from a state.
type breach struct {
	parent uint64
	act    act
	what   Violation
}

// search is one search of one world.
type search struct {
	rules  *rules
	config *Config
	share  func(jobs int, do func(hand, job int))
	parts  [shards]visited
	// library has the sections of all states; it grows between two batches only.
	library library
	// workers have a hand each; what one finds does not depend on what it did before.
	workers [batch]*worker
	founds  [batch]found
	// states is how many were found, acts how often something happened.
	states int
	acts   uint64
	// waiting is how many bytes states take that wait to be expanded, and those
	// that are kept for the next budget; most is the most it came to.
	waiting, most int
	broken        []breach
}

// newSearch prepares a search.
func newSearch(r *rules, c *Config) *search {
	s := &search{rules: r, config: c, share: c.Share}
	if s.share == nil {
		s.share = inTurn
	}
	return s
}

// worker returns the worker of a hand.
func (s *search) worker(hand int) *worker {
	if s.workers[hand] == nil {
		k := &worker{from: newWorld(s.rules), to: newWorld(s.rules)}
		k.unpacker.library = &s.library
		s.workers[hand] = k
	}
	return s.workers[hand]
}

// find returns the visited state of a fingerprint, or nil.
func (s *search) find(print uint64) *seen { return s.parts[shardOf(print)].find(print) }

// size is how many bytes the visited states take.
func (s *search) size() int {
	size := 0
	for i := range s.parts {
		size += len(s.parts[i].places) * seenBytes
	}
	return size
}

// budget searches everything that takes exactly so many faults and no fewer, in
// the order of depth, and returns it, if it is to be kept, and how deep it goes.
// The states that take one fault less are those before; each is the source of
// what one more fault makes of it. It is not complete if a bound cut something
// off, or if something broke.
func (s *search) budget(
	faults int, before []*level, keep bool,
) (levels []*level, deepest int, complete bool) {
	current := &level{}
	if faults == 0 {
		current = s.root()
	}
	for d := 0; ; d++ {
		if current.count > 0 {
			deepest = d
		} else if d >= len(before) {
			return levels, deepest, true
		}
		if s.config.Depth > 0 && d == s.config.Depth || s.ends() {
			return levels, deepest, false
		}
		next := &level{}
		s.expandAll(current, false, next)
		if d < len(before) {
			s.expandAll(before[d], true, next)
			s.waiting -= before[d].size()
			before[d] = nil
		}
		if s.config.Progress != nil {
			s.config.Progress(faults, d+1, s.states)
		}
		if len(s.broken) > 0 || s.ends() {
			return levels, d + 1, false
		}
		if keep {
			levels = append(levels, current)
		} else {
			s.waiting -= current.size()
		}
		s.waiting += next.size()
		s.most = max(s.most, s.waiting)
		current = next
	}
}

// ends reports whether the caller, or the bound on states, ends the search.
func (s *search) ends() bool {
	return s.config.Limit > 0 && s.states >= s.config.Limit || s.stopped()
}

// stopped reports whether the caller has given up.
func (s *search) stopped() bool { return s.config.Stop != nil && s.config.Stop() }

// root is the level of the first state.
func (s *search) root() *level {
	var c canon
	print := c.take(newWorld(s.rules))
	b := block{words: c.packInto(&s.library, s.rules.nodes)}
	b.items = []item{{print, 0, uint32(len(b.words))}}
	l := &level{}
	l.add(b)
	s.parts[shardOf(print)].add(print, 0)
	s.states++
	s.waiting += l.size()
	return l
}
