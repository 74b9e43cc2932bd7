package recorder

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"

	"fencepost/core"
	"fencepost/core/journal"
)

// Step is one input of a recorded node, and what is known of its effects.
type Step struct {
	// Number counts from 1.
	Number int
	Now    core.Now
	Input  core.Input
	// Answered says that the effects were recorded. Without them it is the last
	// step of a process that ended in it, or was killed.
	Answered bool
	// Effects is how many there were, Sum the sum of their encodings.
	Effects int
	Sum     uint64
}

// End says how a file ends.
type End struct {
	// Closed says that the process ended its recording itself. Else it was killed,
	// or is still running.
	Closed bool
	// Torn is how many bytes of an unfinished frame stand at the end.
	Torn int
}

// DamagedError says that the file is not as it was written.
type DamagedError struct {
	// Step is the one at which it was noticed, counted from 1, and Offset the
	// place of its first byte in the file.
	Step   int
	Offset int
	Why    string
}

// Error returns the step and what is wrong.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("step %d (byte %d): damaged: %s", e.Step, e.Offset, e.Why)
}

// Journal is a recorded file that is read from its beginning to its end. The
// sequence Next, Header, End and Err says everything about it.
type Journal struct {
	header Header
	data   []byte
	offset int
	check  uint32
	step   int
	end    End
	failed error
}

// Open reads the file. The error is a *RefusedError if this build cannot read
// what stands there.
func Open(path string) (*Journal, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return Read(data)
}

// Read is Open for the text of a file. It keeps the text.
func Read(data []byte) (*Journal, error) {
	newline := bytes.IndexByte(data, '\n')
	if newline < 0 {
		// A process that was killed right after its start leaves an empty file, or
		// a part of the line.
		if n := min(len(data), len(opening)); string(data[:n]) == opening[:n] {
			return &Journal{end: End{Torn: len(data)}}, nil
		}
		return nil, refuse("no journal of fencepost: it has no first line")
	}
	header, err := readHeader(data[:newline])
	if err != nil {
		return nil, err
	}
	line := data[:newline+1]
	return &Journal{header: header, data: data, offset: len(line), check: lineCheck(line)}, nil
}

func lineCheck(line []byte) uint32 { return crc32.Checksum(line, castagnoli) }

// Header returns who was recorded and what the node began with.
func (j *Journal) Header() *Header { return &j.header }

// End says how the file ends; it is known once Next has returned false.
func (j *Journal) End() End { return j.end }

// Err returns a *DamagedError if the file is not as it was written, else nil. A
// torn end is no error.
func (j *Journal) Err() error { return j.failed }

// Next reads the next step and reports whether there is one.
func (j *Journal) Next(s *Step) bool {
	rest := j.data[j.offset:]
	if len(rest) == 0 || j.failed != nil || j.end.Closed {
		return false
	}
	length, n := binary.Uvarint(rest)
	if n > 0 && length == 0 {
		return j.close(rest)
	}
	switch {
	case n < 0 || length > maxInput:
		return j.damaged("an input of impossible length")
	case n == 0 || len(rest) < n+int(length)+checkSize:
		return j.torn(rest)
	case !j.right(rest, n+int(length)):
		return j.wrong(rest, n+int(length))
	}
	j.step++
	now, in, left, err := journal.DecodeInput(rest[n : n+int(length)])
	if err != nil || len(left) > 0 {
		j.step--
		return j.damaged(fmt.Sprintf(
			"the checksum is right, but this build does not know the input: %v", err))
	}
	*s = Step{Number: j.step, Now: now, Input: in}
	j.offset += n + int(length) + checkSize
	return j.answer(s)
}

// close reads the end.
func (j *Journal) close(rest []byte) bool {
	switch {
	case len(rest) < len(endMark)+checkSize:
		return j.torn(rest)
	case !j.right(rest, len(endMark)):
		return j.wrong(rest, len(endMark))
	case len(rest) > len(endMark)+checkSize:
		return j.damaged("it goes on after its end")
	}
	j.offset = len(j.data)
	j.end.Closed = true
	return false
}

// maxInput is longer than any encoded input.
const maxInput = 1 << 10

// answer reads the effects of the step.
func (j *Journal) answer(s *Step) bool {
	rest := j.data[j.offset:]
	count, n := binary.Uvarint(rest)
	switch {
	case n < 0 || count > core.MaxEffects:
		j.step--
		return j.damaged("an impossible number of effects")
	case n == 0 || len(rest) < n+sumSize+checkSize:
		j.torn(rest)
		return j.failed == nil
	case !j.right(rest, n+sumSize):
		j.step--
		j.wrong(rest, n+sumSize)
		if j.failed == nil {
			j.step++
		}
		return j.failed == nil
	}
	s.Answered, s.Effects, s.Sum = true, int(count), binary.BigEndian.Uint64(rest[n:])
	j.offset += n + sumSize + checkSize
	return true
}

// right reports whether the checksum that follows the frame of that length is
// the right one.
func (j *Journal) right(rest []byte, length int) bool {
	check := crc32.Update(j.check, castagnoli, rest[:length])
	if check != binary.BigEndian.Uint32(rest[length:]) {
		return false
	}
	j.check = check
	return true
}

// zeros is how many of them at the end of a file are no accident.
const zeros = 16

// wrong judges a frame of that length with a wrong checksum. A machine that lost
// its power can leave zeros where the last writes were to stand.
func (j *Journal) wrong(rest []byte, length int) bool {
	written := len(bytes.TrimRight(rest, "\x00"))
	if written < length+checkSize && len(rest)-written >= zeros {
		return j.torn(rest)
	}
	return j.damaged("a wrong checksum")
}

// torn ends the reading at a frame that was not finished, unless the file's own
// end stands behind it.
func (j *Journal) torn(rest []byte) bool {
	if len(rest) > checkSize && bytes.HasSuffix(rest[:len(rest)-checkSize], []byte(endMark[1:])) {
		return j.damaged("a length that reaches beyond the end")
	}
	j.end.Torn = len(rest)
	j.offset = len(j.data)
	return false
}

func (j *Journal) damaged(why string) bool {
	j.failed = &DamagedError{Step: j.step + 1, Offset: j.offset, Why: why}
	return false
}
