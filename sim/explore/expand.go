package explore

import "unsafe"

// chunk is how many states one job expands at the most, batch how many jobs are
// done before what they found is taken in.
const (
	chunk = 256
	batch = 64
)

// item is a state that waits to be expanded: its fingerprint, and where in its
// block the numbers of its sections stand.
type item struct {
	print    uint64
	from, to uint32
}

// The bytes of an item, and of a word.
const (
	itemBytes = int(unsafe.Sizeof(item{}))
	wordBytes = int(unsafe.Sizeof(uint32(0)))
)

// block is states of one depth, packed.
type block struct {
	items []item
	words []uint32
}

// level is all states of one depth.
type level struct {
	blocks []block
	count  int
}

// add appends a block.
func (l *level) add(b block) {
	if len(b.items) > 0 {
		l.blocks = append(l.blocks, b)
		l.count += len(b.items)
	}
}

// size is how many bytes the level takes.
func (l *level) size() int {
	size := 0
	for i := range l.blocks {
		size += len(l.blocks[i].items)*itemBytes + len(l.blocks[i].words)*wordBytes
	}
	return size
}

// chunks cuts the level into jobs.
func (l *level) chunks() (jobs []block) {
	for _, b := range l.blocks {
		for items := b.items; len(items) > 0; items = items[min(chunk, len(items)):] {
			jobs = append(jobs, block{items[:min(chunk, len(items))], b.words})
		}
	}
	return jobs
}

// found is what one job found.
type found struct {
	children []item
	words    []uint32
	// parts say to which part of the visited states each child goes.
	parts [shards][]child
	// own are sections that no state had before this batch, numbers what they
	// are in the library of all.
	own     library
	numbers []uint32
	broken  []breach
	acts    uint64
}

// child is a state that was come to: which of the children it is.
type child struct {
	seen
	at int
}

// clear makes room for what the next job finds.
func (f *found) clear() {
	f.children, f.words, f.broken, f.acts = f.children[:0], f.words[:0], nil, 0
	f.own.clear()
	for i := range f.parts {
		f.parts[i] = f.parts[i][:0]
	}
}

// worker expands states. It is reused from job to job.
type worker struct {
	from, to *world
	canon    canon
	before   canon
	unpacker unpacker
	acts     []act
}

// expand lets everything happen that can, in one state.
func (k *worker) expand(s *search, print uint64, packed []uint32, faults bool, out *found) {
	k.unpacker.unpack(packed, k.from, &k.before)
	k.acts = k.acts[:0]
	if faults {
		k.acts = k.from.strikes(k.acts)
	} else {
		k.acts = k.from.acts(k.acts)
	}
	for _, a := range k.acts {
		k.to.share(k.from)
		k.to.do(a)
		out.acts++
		if k.to.broken.Invariant != "" {
			out.broken = append(out.broken, breach{print, a, k.to.broken})
			continue
		}
		next := k.canon.takeFrom(k.to, &k.before)
		if next == print {
			continue
		}
		from := uint32(len(out.words))
		out.words = k.canon.pack(out.words, s.rules.nodes, &s.library, &out.own)
		part := &out.parts[shardOf(next)]
		*part = append(*part, child{seen{next, print}, len(out.children)})
		out.children = append(out.children, item{next, from, uint32(len(out.words))})
	}
}

// expandAll expands the states of a level into the next.
func (s *search) expandAll(l *level, faults bool, next *level) {
	for jobs := l.chunks(); len(jobs) > 0 && !s.ends(); jobs = jobs[min(batch, len(jobs)):] {
		now := jobs[:min(batch, len(jobs))]
		s.share(len(now), func(hand, job int) {
			k, out := s.worker(hand), &s.founds[job]
			out.clear()
			for _, it := range now[job].items {
				k.expand(s, it.print, now[job].words[it.from:it.to], faults, out)
			}
		})
		next.add(s.takeIn(len(now)))
	}
}

// takeIn keeps what the jobs found that is new: part by part, each in the order
// of the jobs.
func (s *search) takeIn(jobs int) block {
	s.share(shards, func(_, part int) {
		for job := range jobs {
			f := &s.founds[job]
			s.parts[part].addAll(f.parts[part], f.children)
		}
	})
	var b block
	var places [batch]struct{ items, words int }
	items, words := 0, 0
	for job := range jobs {
		f := &s.founds[job]
		s.acts += f.acts
		s.broken = append(s.broken, f.broken...)
		f.numbers = f.numbers[:0]
		for i := range f.own.volumes {
			v := &f.own.volumes[i]
			f.numbers = append(f.numbers, s.library.add(&v.section, v.codes))
		}
		places[job].items, places[job].words = items, words
		for _, c := range f.children {
			if c.print != 0 {
				items++
				words += int(c.to - c.from)
			}
		}
	}
	s.states += items
	b.items, b.words = make([]item, items), make([]uint32, words)
	s.share(jobs, func(_, job int) {
		s.founds[job].move(b.items[places[job].items:], b.words[places[job].words:], places[job].words)
	})
	return b
}

// move copies what is new to its place, with the numbers that sections have in
// the library of all. The words of the first stand at so many in their block.
func (f *found) move(items []item, words []uint32, at int) {
	n, size := 0, 0
	for _, c := range f.children {
		if c.print == 0 {
			continue
		}
		from := size
		for _, word := range f.words[c.from:c.to] {
			if word&local != 0 {
				word = f.numbers[word&^local]
			}
			words[size] = word
			size++
		}
		items[n] = item{c.print, uint32(at + from), uint32(at + size)}
		n++
	}
}
