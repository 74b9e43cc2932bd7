package explore

import "unsafe"

// chunk is how many states one job expands, batch how many chunks are expanded
// before what they found is taken in.
const (
	chunk = 256
	batch = 64
)

// item is a state that waits to be expanded: its fingerprint, and where its
// codes lie.
type item struct {
	print    uint64
	from, to int
}

// itemBytes is how many bytes an item takes.
const itemBytes = int(unsafe.Sizeof(item{}))

// level is all states of one depth, packed.
type level struct {
	items []item
	bytes []byte
}

// add appends a packed state.
func (l *level) add(print uint64, packed []byte) {
	from := len(l.bytes)
	l.bytes = append(l.bytes, packed...)
	l.items = append(l.items, item{print, from, len(l.bytes)})
}

// found is what one job found, by the part that it goes to.
type found struct {
	parts  [shards][]child
	bytes  []byte
	broken []breach
	acts   uint64
}

// child is a new state.
type child struct {
	print, parent uint64
	from, to      int
}

// breach is an invariant that fell on the way from a state.
type breach struct {
	parent uint64
	act    act
	what   Violation
}

// worker expands states. It is reused from chunk to chunk.
type worker struct {
	from, to *world
	canon    canon
	before   canon
	unpacker unpacker
	acts     []act
}

// search is one search of one world.
type search struct {
	rules   *rules
	config  *Config
	share   func(jobs int, do func(job int))
	parts   [shards]visited
	workers []*worker
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
	s := &search{rules: r, config: c, share: c.Share, workers: make([]*worker, batch)}
	if s.share == nil {
		s.share = inTurn
	}
	return s
}

// worker returns who does a job. Each job of a batch has a worker of its own, so
// that it does not matter who does which.
func (s *search) worker(job int) *worker {
	if s.workers[job] == nil {
		s.workers[job] = &worker{from: newWorld(s.rules), to: newWorld(s.rules)}
	}
	return s.workers[job]
}

// expand lets everything happen that can, in one state, and keeps what is new.
func (k *worker) expand(s *search, print uint64, packed []byte, faults bool, out *found) {
	k.unpacker.unpack(packed, k.from)
	k.acts = k.acts[:0]
	if faults {
		k.acts = k.from.strikes(k.acts)
	} else {
		k.acts = k.from.acts(k.acts)
	}
	k.before.take(k.from)
	k.to.become(k.from)
	for _, a := range k.acts {
		k.to.revert(k.from)
		k.to.do(a)
		out.acts++
		if k.to.broken.Invariant != "" {
			out.broken = append(out.broken, breach{print, a, k.to.broken})
			continue
		}
		next := k.canon.takeFrom(k.to, &k.before)
		part := shardOf(next)
		if next == print || s.parts[part].find(next) != nil {
			continue
		}
		from := len(out.bytes)
		out.bytes = k.canon.pack(out.bytes)
		out.parts[part] = append(out.parts[part], child{next, print, from, len(out.bytes)})
	}
}

// expandAll expands the states of a level into the next.
func (s *search) expandAll(l *level, faults bool, next *level) {
	for first := 0; first < len(l.items) && !s.ends(); first += chunk * batch {
		last := min(first+chunk*batch, len(l.items))
		jobs := (last - first + chunk - 1) / chunk
		s.share(jobs, func(job int) {
			k, out := s.worker(job), &s.founds[job]
			out.bytes, out.broken, out.acts = out.bytes[:0], nil, 0
			for i := range out.parts {
				out.parts[i] = out.parts[i][:0]
			}
			from := first + job*chunk
			for _, it := range l.items[from:min(from+chunk, last)] {
				k.expand(s, it.print, l.bytes[it.from:it.to], faults, out)
			}
		})
		s.takeIn(jobs, next)
	}
}

// takeIn adds what the jobs found, part by part, each in the order of the jobs.
func (s *search) takeIn(jobs int, next *level) {
	s.share(shards, func(part int) {
		v := &s.parts[part]
		for job := range jobs {
			list := s.founds[job].parts[part]
			for i := range list {
				if !v.add(list[i].print, list[i].parent) {
					list[i].print = 0
				}
			}
		}
	})
	for job := range jobs {
		out := &s.founds[job]
		s.acts += out.acts
		s.broken = append(s.broken, out.broken...)
		for part := range out.parts {
			for _, c := range out.parts[part] {
				if c.print != 0 {
					next.add(c.print, out.bytes[c.from:c.to])
					s.states++
				}
			}
		}
	}
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

// size is how many bytes the level takes.
func (l *level) size() int { return cap(l.bytes) + cap(l.items)*itemBytes }

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
		if len(current.items) > 0 {
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
	return s.config.Limit > 0 && s.states >= s.config.Limit || s.config.Stop != nil && s.config.Stop()
}

// root is the level of the first state.
func (s *search) root() *level {
	k := s.worker(0)
	print := k.canon.take(newWorld(s.rules))
	l := &level{}
	l.add(print, k.canon.pack(nil))
	s.parts[shardOf(print)].add(print, 0)
	s.states++
	s.waiting += l.size()
	return l
}
