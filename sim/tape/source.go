package tape

// Seed is a source: the keyed hash of that seed, as a seeded tape has it.
type Seed uint64

// Draw returns the hash of the seed and the name.
func (s Seed) Draw(n Name) uint64 { return hashed(mixedSeed(uint64(s)), n) }

// Benign is the source in which nothing goes wrong: every draw is zero.
type Benign struct{}

// Draw returns zero.
func (Benign) Draw(Name) uint64 { return 0 }

// Func makes a source of a function, such as one that asks rapid.
type Func func(n Name) uint64

// Draw calls the function.
func (f Func) Draw(n Name) uint64 { return f(n) }

// Bytes is a source that cuts its answers from a string of bytes, in the order
// in which they are asked for; when the bytes run out, answers are zero. It is
// what a fuzzer turns.
type Bytes struct {
	data  []byte
	width int
}

// OfBytes returns a source of the data, with so many bytes for each draw (1 to
// 8). Fewer bytes let the fuzzer reach further with one change; the missing
// ones are a hash of those that are there, and zero stays zero.
func OfBytes(data []byte, width int) *Bytes { return &Bytes{data, min(max(width, 1), 8)} }

// Left tells how many bytes were not asked for yet.
func (b *Bytes) Left() int { return len(b.data) }

// Draw takes the next bytes, the lowest first.
func (b *Bytes) Draw(Name) uint64 {
	bits := uint64(0)
	taken := min(b.width, len(b.data))
	for i, octet := range b.data[:taken] {
		bits |= uint64(octet) << (8 * i)
	}
	b.data = b.data[taken:]
	if bits != 0 && b.width < 8 {
		bits |= scramble(bits) << (8 * b.width)
	}
	return bits
}

// Split is a source that asks one source for some sites and another for the
// rest: a fuzzer's bytes may choose the faults while a seed plays the network.
type Split struct {
	Chosen func(s Site) bool
	From   Source
	Else   Source
}

// Draw asks the source that is in charge of the site.
func (s Split) Draw(n Name) uint64 {
	if s.Chosen(n.Site) {
		return s.From.Draw(n)
	}
	return s.Else.Draw(n)
}

// Unmatched adds up what both sources say.
func (s Split) Unmatched() (unused, unnamed int) {
	for _, source := range []Source{s.From, s.Else} {
		if m, ok := source.(Matcher); ok {
			a, b := m.Unmatched()
			unused, unnamed = unused+a, unnamed+b
		}
	}
	return unused, unnamed
}

// Entries is a source that answers the draws that a list names, and asks
// another for those that it does not.
type Entries struct {
	bits   map[Name]uint64
	asked  map[Name]bool
	sites  []bool // which sites the list names at all
	behind Source

	entries int
	unnamed int
}

// Source returns the list as a source. What it does not name is answered by
// behind, or, where that is nil, by the list's own seed, or by zero.
func (l *List) Source(behind Source) *Entries {
	if behind == nil {
		behind = Benign{}
		if l.Seeded {
			behind = Seed(l.Seed)
		}
	}
	e := &Entries{
		bits: make(map[Name]uint64, len(l.Entries)), asked: make(map[Name]bool, len(l.Entries)),
		sites: make([]bool, len(sites)), behind: behind, entries: len(l.Entries),
	}
	for i := range l.Entries {
		if name, ok := l.Entries[i].Name(); ok {
			e.bits[name], e.sites[name.Site] = l.Entries[i].Bits, true
		}
	}
	return e
}

// Draw returns the entry's answer, or that of the source behind.
func (e *Entries) Draw(n Name) uint64 {
	if e.sites[n.Site] {
		if bits, ok := e.bits[n]; ok {
			e.asked[n] = true
			return bits
		}
	}
	e.unnamed++
	return e.behind.Draw(n)
}

// Rewind forgets what was asked for.
func (e *Entries) Rewind() {
	clear(e.asked)
	e.unnamed = 0
}

// Unmatched counts the entries that nobody asked for, those with a name that
// the program does not know included, and the draws that the list did not name.
func (e *Entries) Unmatched() (unused, unnamed int) { return e.entries - len(e.asked), e.unnamed }
