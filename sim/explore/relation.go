package explore

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"
	"unsafe"

	"fencepost/core"
)

// Two states are alike if nothing that can happen tells them apart. What counts
// are relations: how far an instant lies from now, an epoch behind the ledger's,
// a row's version behind the one that stands, a token behind its owner's newest.

// unit is the step of time: nodes are only asked at whole ones, timers that fall
// due in between ring late. horizon is how many steps from now are told apart.
const (
	unit    = 128 * core.Time(time.Millisecond)
	horizon = 8
)

// The codes of a time: of none, of one that never comes, and of one that is past.
const (
	zeroTime  = 0
	neverTime = 1
	pastTime  = 2
	firstTime = 3
)

// What a state that was read from its codes counts from.
const (
	epochBase   = core.Epoch(1000)
	versionBase = uint32(100)
	lifeBase    = uint32(8)
	acqBase     = uint32(200)
	nobodysReq  = uint32(99)
	startOfTime = core.Time(time.Hour)
	maxLives    = 8
)

// relations is what the codes of a state refer to.
type relations struct {
	now      core.Time
	epoch    core.Epoch
	versions [maxSignals + 1]uint32
	life     [maxNodes]uint32
	// acqs are the newest acquisitions of each node's last processes.
	acqs [maxNodes][maxLives]uint32
}

// needs are the relations that a section's codes refer to, one bit each: the
// ledger's epoch, the signals' versions, the nodes' processes and acquisitions.
// Every section is taken to refer to the time.
type needs uint16

// The needs: a bit each for the signals and the nodes from theirs on. Which node
// the owner of a section is its codes do not say: needsOwner stands for it there,
// and its refs for the other nodes.
const (
	needsTime    needs = 1
	needsEpoch   needs = 2
	needsOwner   needs = 4
	needsVersion needs = 8
	needsNode    needs = 8 << (maxSignals + 1)
)

// of names the nodes.
func (n needs) of(owner int8, refs []byte) needs {
	if n&needsOwner != 0 {
		n |= needsNode << owner
	}
	for _, node := range refs {
		n |= needsNode << node
	}
	return n
}

// everybodys is the owner of a section that belongs to no node.
const everybodys = int8(-1)

// coder writes sections. A code takes one byte, one of wide or more takes three.
type coder struct {
	r     relations
	bytes []byte
	// refs are whose the tokens of other nodes are, in the order in which they
	// are written.
	refs  []byte
	needs needs
	owner int8
	// starts is the earliest start of the owner's calls under way.
	starts core.Time
	// offGrid tells what does not fit the grid; it must stay empty.
	offGrid string
}

// wide stands before a code that does not fit one byte.
const wide = 0xff

// put adds one code.
func (c *coder) put(code uint16) { c.bytes = appendCode(c.bytes, code) }

// appendCode adds one code.
func appendCode(to []byte, code uint16) []byte {
	if code < wide {
		return append(to, byte(code))
	}
	return append(to, wide, byte(code), byte(code>>8))
}

// escape stands before a number that does not fit one code.
const escape = 0xffff

// appendNumber adds a number.
func appendNumber(to []byte, v int64) []byte {
	if v > -16000 && v < 16000 {
		return appendCode(to, uint16(v<<1^v>>63))
	}
	to = appendCode(to, escape)
	for range 4 {
		to = appendCode(to, uint16(v))
		v >>= 16
	}
	return to
}

// since returns how many units lie between now and the instant.
func (c *coder) since(t core.Time) int {
	d := t - c.r.now
	if d%unit != 0 {
		c.offGrid = fmt.Sprintf("an instant %v from now", time.Duration(d))
	}
	return int(d / unit)
}

// write adds the codes of a flat struct.
func (c *coder) write(l *layout, base unsafe.Pointer) {
	to := c.bytes
	for i := range l.fields {
		f := &l.fields[i]
		p := unsafe.Add(base, f.at)
		code := uint16(0)
		switch f.sense {
		case number:
			v := load(p, f.size)
			if uint64(v) >= wide/2 {
				to = appendNumber(to, v)
				continue
			}
			code = uint16(v << 1)
		case raw:
			if f.aux == 1 {
				to = append(to, *(*byte)(p))
			} else {
				to = append(to, unsafe.Slice((*byte)(p), f.aux)...)
			}
			continue
		case busy:
			code = uint16(bitOf(*(*uint32)(p) != 0))
		case instant:
			code = c.instant(*(*core.Time)(p))
		case started:
			if *(*uint32)(unsafe.Add(base, f.aux)) != 0 {
				code = c.instant(*(*core.Time)(p))
			}
		case deadline:
			code = c.deadline(*(*core.Time)(p), 0)
		case limit:
			code = c.deadline(*(*core.Time)(p), 1)
		case due:
			code = c.due(*(*core.Time)(p))
		case ancient:
			code = c.ancient(*(*core.Time)(p), core.Time(f.aux))
		case span:
			to = appendNumber(to, c.span(*(*core.Time)(p)))
			continue
		case epoch:
			code = c.epoch(*(*core.Epoch)(p))
		case version:
			to = c.appendVersion(to, *(*uint32)(p), f, base)
			continue
		case token:
			t := (*core.Token)(p)
			code = c.token(t.Nonce, t.Acquisition, true)
		case nonce:
			code = c.token(*(*core.Nonce)(p), 0, false)
		case ignored, neutral:
			continue
		default:
		}
		to = appendCode(to, code)
	}
	c.bytes = to
}

// instant is the code of the time since or until an instant.
func (c *coder) instant(t core.Time) uint16 {
	switch {
	case t == 0:
		return zeroTime
	case t == core.Never:
		return neverTime
	case t < c.r.now-horizon*unit:
		return pastTime
	default:
		return uint16(firstTime + horizon + min(c.since(t), horizon))
	}
}

// ancient is the same, of an instant that no longer counts from some age on.
func (c *coder) ancient(t, age core.Time) uint16 {
	if t != 0 && t <= c.starts && c.r.now-t > age {
		return neverTime
	}
	return c.instant(t)
}

// deadline is the code of the time until an instant, which has passed if it lies
// at least so long ago.
func (c *coder) deadline(t, since core.Time) uint16 {
	const half = unit / 2
	switch {
	case t == 0:
		return zeroTime
	case t == core.Never:
		return neverTime
	case t <= c.r.now-since:
		return pastTime
	default:
		if (t-c.r.now)%half != 0 {
			c.offGrid = fmt.Sprintf("a deadline %v from now", time.Duration(t-c.r.now))
		}
		return uint16(firstTime + (t-c.r.now)/half)
	}
}

// due is the code of the step at which a timer rings: what falls due between two
// falls due at the later one.
func (c *coder) due(t core.Time) uint16 {
	switch {
	case t <= c.r.now:
		return zeroTime
	case t == core.Never:
		return neverTime
	default:
		return uint16(firstTime + (t-c.r.now+unit-1)/unit)
	}
}

// span is a duration in units.
func (c *coder) span(d core.Time) int64 {
	if d%unit != 0 {
		c.offGrid = fmt.Sprintf("a duration of %v", time.Duration(d))
	}
	return int64(min(max(d/unit, -horizon), horizon))
}

// epoch is the code of how far an epoch is behind the ledger's.
func (c *coder) epoch(e core.Epoch) uint16 {
	if e == 0 {
		return 0
	}
	c.needs |= needsEpoch
	behind := int64(c.r.epoch) - int64(e)
	return uint16(64 + min(max(behind, -60), 60))
}

// appendVersion adds how far a version is behind its signal's.
func (c *coder) appendVersion(to []byte, v uint32, f *field, base unsafe.Pointer) []byte {
	signal := signalOf(f, base)
	if v == 0 || signal == 0 {
		return appendNumber(to, int64(v))
	}
	c.needs |= needsVersion << signal
	return appendCode(to, uint16(64+min(max(int64(c.r.versions[signal])-int64(v), -60), 60)))
}

// signalOf is the signal that a version belongs to, zero if it is none's.
func signalOf(f *field, base unsafe.Pointer) core.SignalID {
	if f.aux < 0 {
		return 0
	}
	signal := *(*core.SignalID)(unsafe.Add(base, f.aux))
	if signal < 0 || signal > maxSignals {
		return 0
	}
	return signal
}

// foreigner is the bit of a code that says that a token is another node's.
const foreigner = 1 << 12

// token is the code of whose a token is and how old. The owner of the section is
// written as such, any other node as a reference, so that a permutation of the
// nodes changes no code.
func (c *coder) token(nonce core.Nonce, acquisition uint32, isToken bool) uint16 {
	node := int(nonce>>32) - 1
	if nonce == 0 || node < 0 || node >= maxNodes {
		return 0
	}
	lives := min(c.r.life[node]-uint32(nonce), maxLives-1)
	age := int64(0)
	if isToken {
		age = min(max(int64(c.r.acqs[node][lives])-int64(acquisition), -20), 40)
	}
	code := uint16(1 | lives<<8 | uint32(age+20)<<1)
	if int8(node) != c.owner {
		code |= foreigner
		c.refs = append(c.refs, byte(node))
	} else {
		c.needs |= needsOwner
	}
	return code
}

// load reads a number of that many bytes.
func load(p unsafe.Pointer, size uint8) int64 {
	switch size {
	case 1:
		return int64(*(*uint8)(p))
	case 2:
		return int64(*(*uint16)(p))
	case 4:
		return int64(*(*int32)(p))
	default:
		return *(*int64)(p)
	}
}

// store writes a number of that many bytes.
func store(p unsafe.Pointer, size uint8, v int64) {
	switch size {
	case 1:
		*(*uint8)(p) = uint8(v)
	case 2:
		*(*uint16)(p) = uint16(v)
	case 4:
		*(*int32)(p) = int32(v)
	default:
		*(*int64)(p) = v
	}
}

// bitOf is one for true.
func bitOf(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// blend folds v into h: one multiplication, both halves of the product.
func blend(h, v uint64) uint64 {
	high, low := bits.Mul64(h^v^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93^h<<1)
	return high ^ low
}

// hash folds the codes of a section.
func hash(codes []byte) uint64 {
	h := uint64(len(codes)) + 0x2545f4914f6cdd1d
	for len(codes) >= 8 {
		h = blend(h, binary.LittleEndian.Uint64(codes))
		codes = codes[8:]
	}
	rest := uint64(0)
	for _, code := range codes {
		rest = rest<<8 | uint64(code)
	}
	return blend(h, rest)
}
