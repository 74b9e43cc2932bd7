package explore

import "bytes"

// A state is a handful of sections, and of each there are few: what a node can
// be, seen from within, or a request say. So each section is kept once, under a
// number, and states that wait are lists of numbers.

// unknown is the number of a section that no library was asked for yet. Numbers
// from local on are those of a job's own library.
const (
	unknown = ^uint32(0)
	local   = uint32(1) << 31
)

// volume is a section in a library.
type volume struct {
	hash uint64
	// Its codes stand at this place, and after them its refs.
	at    int
	size  uint16
	refs  uint8
	needs needs
}

// volumeBytes is about how many bytes a volume takes with its places.
const volumeBytes = 24 + 8

// library keeps sections by their numbers, which are given in the order of
// coming.
type library struct {
	volumes []volume
	texts   []byte
	// places find a number by its section's hash; they hold the number plus one.
	places []uint32
}

// text is what a section is known by.
type text struct {
	hash  uint64
	codes []byte
	refs  []byte
	needs needs
}

// read returns the section of a number. It is valid until the library grows.
func (l *library) read(number uint32) text {
	v := &l.volumes[number]
	end := v.at + int(v.size)
	return text{v.hash, l.texts[v.at:end], l.texts[end : end+int(v.refs)], v.needs}
}

// find returns the number of a section, or unknown.
func (l *library) find(t *text) uint32 {
	if len(l.places) == 0 {
		return unknown
	}
	mask := uint64(len(l.places) - 1)
	for i := t.hash & mask; ; i = (i + 1) & mask {
		if l.places[i] == 0 {
			return unknown
		}
		number := l.places[i] - 1
		if v := &l.volumes[number]; v.hash == t.hash {
			is := l.read(number)
			if bytes.Equal(is.codes, t.codes) && bytes.Equal(is.refs, t.refs) {
				return number
			}
		}
	}
}

// add returns the number of a section and keeps it if it is new.
func (l *library) add(t *text) uint32 {
	if number := l.find(t); number != unknown {
		return number
	}
	number := uint32(len(l.volumes))
	if number >= local {
		panic("explore: more sections than numbers")
	}
	l.volumes = append(l.volumes, volume{
		hash: t.hash, at: len(l.texts), size: uint16(len(t.codes)), refs: uint8(len(t.refs)), needs: t.needs,
	})
	l.texts = append(append(l.texts, t.codes...), t.refs...)
	if len(l.volumes)*2 > len(l.places) {
		l.places = make([]uint32, max(64, len(l.places)*2))
		for i := range l.volumes {
			l.shelve(uint32(i))
		}
	} else {
		l.shelve(number)
	}
	return number
}

// shelve lets a number be found.
func (l *library) shelve(number uint32) {
	mask := uint64(len(l.places) - 1)
	i := l.volumes[number].hash & mask
	for l.places[i] != 0 {
		i = (i + 1) & mask
	}
	l.places[i] = number + 1
}

// clear empties the library and keeps its memory.
func (l *library) clear() {
	if len(l.volumes) > 0 {
		clear(l.places)
		l.volumes, l.texts = l.volumes[:0], l.texts[:0]
	}
}

// size is how many bytes the library takes.
func (l *library) size() int {
	return cap(l.texts) + cap(l.volumes)*volumeBytes
}

// pack appends the state that was taken last, as the numbers of its sections,
// and for a message its head after that. Sections that the common library lacks
// are added to the job's own.
func (c *canon) pack(to []uint32, nodes int, common, own *library) []uint32 {
	for i := range c.sections {
		s := &c.sections[i]
		if s.number == unknown {
			t := text{s.hash, c.bytes[s.from:s.to], s.refs, s.needs}
			if s.number = common.find(&t); s.number == unknown {
				s.number = own.add(&t) | local
			}
		}
		to = append(to, s.number)
		if i >= nodes+commons {
			to = append(to, uint32(s.head))
		}
	}
	return to
}

// packInto packs the state that was taken last and adds its sections.
func (c *canon) packInto(l *library, nodes int) []uint32 {
	words := c.pack(nil, nodes, l, l)
	for i := range words {
		words[i] &^= local
	}
	return words
}
