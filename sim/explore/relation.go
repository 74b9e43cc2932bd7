package explore

import (
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

// ref says that a token or a nonce in a section is that of another node.
type ref struct {
	at     uint16
	target int8
}

// everybodys is the owner of a section that belongs to no node.
const everybodys = int8(-1)

// coder writes sections and reads them.
type coder struct {
	r     relations
	codes []uint16
	refs  []ref
	owner int8
	// starts is the earliest start of the owner's calls under way.
	starts core.Time
	// offGrid tells what does not fit the grid; it must stay empty.
	offGrid string
}

// put adds one code.
func (c *coder) put(code uint16) { c.codes = append(c.codes, code) }

// escape stands before a number that does not fit one code.
const escape = 0xffff

// putNumber adds a number.
func (c *coder) putNumber(v int64) {
	if v > -16000 && v < 16000 {
		c.put(uint16(v<<1 ^ v>>63))
		return
	}
	c.codes = append(c.codes, escape, uint16(v), uint16(v>>16), uint16(v>>32), uint16(v>>48))
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
	for i := range l.fields {
		f := &l.fields[i]
		p := unsafe.Add(base, f.at)
		switch f.sense {
		case number:
			c.putNumber(load(p, f.size))
		case busy:
			c.put(uint16(bitOf(*(*uint32)(p) != 0)))
		case instant:
			c.putInstant(*(*core.Time)(p))
		case started:
			if *(*uint32)(unsafe.Add(base, f.aux)) == 0 {
				c.put(zeroTime)
			} else {
				c.putInstant(*(*core.Time)(p))
			}
		case deadline:
			c.putDeadline(*(*core.Time)(p), 0)
		case limit:
			c.putDeadline(*(*core.Time)(p), 1)
		case due:
			c.putDue(*(*core.Time)(p))
		case ancient:
			t := *(*core.Time)(p)
			if t != 0 && t <= c.starts && c.r.now-t > core.Time(f.aux) {
				c.put(neverTime)
			} else {
				c.putInstant(t)
			}
		case span:
			d := *(*core.Time)(p)
			if d%unit != 0 {
				c.offGrid = fmt.Sprintf("a duration of %v", time.Duration(d))
			}
			c.putNumber(int64(min(max(d/unit, -horizon), horizon)))
		case epoch:
			c.putEpoch(*(*core.Epoch)(p))
		case version:
			c.putVersion(*(*uint32)(p), f, base)
		case token:
			t := (*core.Token)(p)
			c.putToken(t.Nonce, t.Acquisition, true)
		case nonce:
			c.putToken(*(*core.Nonce)(p), 0, false)
		case ignored, neutral:
		default:
		}
	}
}

// putInstant adds the time since or until an instant.
func (c *coder) putInstant(t core.Time) {
	switch t {
	case 0:
		c.put(zeroTime)
	case core.Never:
		c.put(neverTime)
	default:
		if t < c.r.now-horizon*unit {
			c.put(pastTime)
			return
		}
		c.put(uint16(firstTime + horizon + min(c.since(t), horizon)))
	}
}

// putDeadline adds the time until an instant, which has passed if it lies at
// least so long ago.
func (c *coder) putDeadline(t, since core.Time) {
	const half = unit / 2
	switch {
	case t == 0:
		c.put(zeroTime)
	case t == core.Never:
		c.put(neverTime)
	case t <= c.r.now-since:
		c.put(pastTime)
	default:
		if (t-c.r.now)%half != 0 {
			c.offGrid = fmt.Sprintf("a deadline %v from now", time.Duration(t-c.r.now))
		}
		c.put(uint16(firstTime + (t-c.r.now)/half))
	}
}

// putDue adds at which step a timer rings: what falls due between two falls due
// at the later one.
func (c *coder) putDue(t core.Time) {
	switch {
	case t <= c.r.now:
		c.put(zeroTime)
	case t == core.Never:
		c.put(neverTime)
	default:
		c.put(uint16(firstTime + (t-c.r.now+unit-1)/unit))
	}
}

// putEpoch adds how far an epoch is behind the ledger's.
func (c *coder) putEpoch(e core.Epoch) {
	if e == 0 {
		c.put(0)
		return
	}
	behind := int64(c.r.epoch) - int64(e)
	c.put(uint16(64 + min(max(behind, -60), 60)))
}

// putVersion adds how far a version is behind its signal's.
func (c *coder) putVersion(v uint32, f *field, base unsafe.Pointer) {
	signal := c.signalOf(f, base)
	if v == 0 || signal == 0 {
		c.putNumber(int64(v))
		return
	}
	c.put(uint16(64 + min(max(int64(c.r.versions[signal])-int64(v), -60), 60)))
}

// signalOf is the signal that a version belongs to, zero if it is none's.
func (c *coder) signalOf(f *field, base unsafe.Pointer) core.SignalID {
	if f.aux < 0 {
		return 0
	}
	signal := *(*core.SignalID)(unsafe.Add(base, f.aux))
	if signal < 0 || int(signal) >= len(c.r.versions) {
		return 0
	}
	return signal
}

// putToken adds whose a token is and how old. The owner of the section is
// written as such, any other node as a reference, so that a permutation of the
// nodes changes no code.
func (c *coder) putToken(nonce core.Nonce, acquisition uint32, isToken bool) {
	node := int(nonce>>32) - 1
	if nonce == 0 || node < 0 || node >= maxNodes {
		c.put(0)
		return
	}
	lives := min(c.r.life[node]-uint32(nonce), maxLives-1)
	age := int64(0)
	if isToken {
		age = min(max(int64(c.r.acqs[node][lives])-int64(acquisition), -20), 40)
	}
	code := uint16(1 | lives<<8 | uint32(age+20)<<1)
	if int8(node) != c.owner {
		code |= 1 << 12
		c.refs = append(c.refs, ref{uint16(len(c.codes)), int8(node)})
	}
	c.put(code)
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

// hash folds the codes from a place on.
func hash(codes []uint16) uint64 {
	h := uint64(len(codes)) + 0x2545f4914f6cdd1d
	for len(codes) >= 4 {
		h = blend(h, *(*uint64)(unsafe.Pointer(unsafe.SliceData(codes))))
		codes = codes[4:]
	}
	rest := uint64(0)
	for _, code := range codes {
		rest = rest<<16 | uint64(code)
	}
	return blend(h, rest)
}
