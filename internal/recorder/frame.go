package recorder

import (
	"encoding/binary"
	"hash/crc32"

	"fencepost/core"
	"fencepost/core/journal"
)

// checkSize is the length of a checksum, sumSize that of a sum of effects.
const (
	checkSize = 4
	sumSize   = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checked appends the checksum of everything up to here. The frame began at
// from; before is the checksum of what came before it.
func checked(buf []byte, from int, before uint32) ([]byte, uint32) {
	check := crc32.Update(before, castagnoli, buf[from:])
	return binary.BigEndian.AppendUint32(buf, check), check
}

// appendInput appends an input's frame. The scratch is memory to encode it in.
func appendInput(buf, scratch []byte, check uint32, now core.Now, in *core.Input) ([]byte, []byte, uint32) {
	scratch = journal.AppendInput(scratch[:0], now, in)
	from := len(buf)
	buf = append(binary.AppendUvarint(buf, uint64(len(scratch))), scratch...)
	buf, check = checked(buf, from, check)
	return buf, scratch, check
}

// appendEffects appends the frame of a step's effects.
func appendEffects(
	buf, scratch []byte, check uint32, effects []core.Effect,
) (_, _ []byte, _ uint32) {
	from := len(buf)
	buf = binary.AppendUvarint(buf, uint64(len(effects)))
	total, scratch := sum(effects, scratch)
	buf = binary.BigEndian.AppendUint64(buf, total)
	buf, check = checked(buf, from, check)
	return buf, scratch, check
}

// endMark is the frame that ends a file, before its checksum. An input is never
// empty.
const endMark = "\x00closed\n"

// appendEnd appends the frame that ends a file.
func appendEnd(buf []byte, check uint32) ([]byte, uint32) {
	from := len(buf)
	return checked(append(buf, endMark...), from, check)
}

// sum is the FNV-1a sum of the encoded effects. The standard library's hash
// takes one byte at a time through an interface; this is the same sum.
func sum(effects []core.Effect, scratch []byte) (uint64, []byte) {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range effects {
		scratch = journal.AppendEffect(scratch[:0], &effects[i])
		for _, b := range scratch {
			h = (h ^ uint64(b)) * prime
		}
	}
	return h, scratch
}
