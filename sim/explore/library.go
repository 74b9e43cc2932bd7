package explore

import (
	"bytes"
	"unsafe"
)

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
	section
	codes []byte
}

// volumeBytes is about how many bytes a volume takes, with its places.
const volumeBytes = int(unsafe.Sizeof(volume{})) + 8

// piece is how many bytes of codes are kept together.
const piece = 1 << 16

// library keeps sections by their numbers, which are given in the order of
// coming.
type library struct {
	volumes []volume
	// texts is the piece that codes and refs are added to.
	texts []byte
	bytes int
	// places find a number by its section's hash; they hold the number plus one.
	places []uint32
}

// find returns the number of a section, or unknown.
func (l *library) find(s *section, codes []byte) uint32 {
	if len(l.places) == 0 {
		return unknown
	}
	mask := uint64(len(l.places) - 1)
	for i := s.hash & mask; l.places[i] != 0; i = (i + 1) & mask {
		number := l.places[i] - 1
		v := &l.volumes[number]
		if v.hash == s.hash && bytes.Equal(v.codes, codes) && bytes.Equal(v.refs, s.refs) {
			return number
		}
	}
	return unknown
}

// add returns the number of a section and keeps it if it is new.
func (l *library) add(s *section, codes []byte) uint32 {
	if number := l.find(s, codes); number != unknown {
		return number
	}
	number := uint32(len(l.volumes))
	if number >= local {
		panic("explore: more sections than numbers")
	}
	l.volumes = append(l.volumes, volume{
		section: section{
			hash: s.hash, mixed: s.hash, refs: l.keep(s.refs), number: number, needs: s.needs,
		},
		codes: l.keep(codes),
	})
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

// keep copies a text to where it stays.
func (l *library) keep(text []byte) []byte {
	if len(l.texts)+len(text) > cap(l.texts) {
		l.texts = make([]byte, 0, max(piece, len(text)))
		l.bytes += cap(l.texts)
	}
	from := len(l.texts)
	l.texts = append(l.texts, text...)
	return l.texts[from:]
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
func (l *library) size() int { return l.bytes + cap(l.volumes)*volumeBytes }

// pack appends the state that was taken last, as the numbers of its sections,
// and for a message its head after that. Sections that the common library lacks
// are added to the job's own.
func (c *canon) pack(to []uint32, nodes int, common, own *library) []uint32 {
	for i := range c.sections {
		s := &c.sections[i]
		if s.number == unknown {
			codes := c.bytes[s.from:s.to]
			if s.number = common.find(s, codes); s.number == unknown {
				s.number = own.add(s, codes) | local
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
