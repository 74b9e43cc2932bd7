package explore

import (
	"encoding/binary"
	"unsafe"

	"fencepost/core"
)

// reader reads sections. The times that it yields count from startOfTime.
type reader struct {
	codes []byte
	refs  []byte
	owner int8
	// requests numbers the calls under way of the section that is read.
	requests uint32
}

// next returns the next code.
func (r *reader) next() uint16 {
	code := uint16(r.codes[0])
	if code != wide {
		r.codes = r.codes[1:]
		return code
	}
	code = binary.LittleEndian.Uint16(r.codes[1:])
	r.codes = r.codes[3:]
	return code
}

// number reads what appendNumber wrote.
func (r *reader) number() int64 {
	code := r.next()
	if code != escape {
		return int64(code>>1) ^ -int64(code&1)
	}
	v := int64(0)
	for i := range 4 {
		v |= int64(r.next()) << (16 * i)
	}
	return v
}

// read fills a flat struct from its codes. What is ignored stays as it is.
func (r *reader) read(l *layout, base unsafe.Pointer) {
	for i := range l.fields {
		f := &l.fields[i]
		p := unsafe.Add(base, f.at)
		switch f.sense {
		case number:
			store(p, f.size, r.number())
		case raw:
			r.codes = r.codes[copy(unsafe.Slice((*byte)(p), f.aux), r.codes):]
		case busy:
			*(*uint32)(p) = 0
			if r.next() != 0 {
				*(*uint32)(p) = r.requests + 1
			}
			r.requests++
		case instant, started:
			*(*core.Time)(p) = r.instant()
		case ancient:
			if r.codes[0] == neverTime {
				r.codes = r.codes[1:]
				*(*core.Time)(p) = startOfTime - (horizon+2)*unit
			} else {
				*(*core.Time)(p) = r.instant()
			}
		case deadline, limit:
			*(*core.Time)(p) = r.deadline()
		case due:
			*(*core.Time)(p) = r.due()
		case span:
			*(*core.Time)(p) = core.Time(r.number()) * unit
		case epoch:
			*(*core.Epoch)(p) = r.epoch()
		case version:
			*(*uint32)(p) = r.version(f, base)
		case token:
			nonce, acquisition := r.token()
			*(*core.Token)(p) = core.Token{Nonce: nonce, Acquisition: acquisition}
		case nonce:
			who, _ := r.token()
			*(*core.Nonce)(p) = who
		case neutral:
			clear(unsafe.Slice((*byte)(p), f.aux))
		case ignored:
		default:
		}
	}
}

// instant reads the code of an instant.
func (r *reader) instant() core.Time {
	switch code := r.next(); code {
	case zeroTime:
		return 0
	case neverTime:
		return core.Never
	case pastTime:
		return startOfTime - (horizon+1)*unit
	default:
		return startOfTime + core.Time(int(code)-firstTime-horizon)*unit
	}
}

// deadline reads the code of a deadline.
func (r *reader) deadline() core.Time {
	switch code := r.next(); code {
	case zeroTime:
		return 0
	case neverTime:
		return core.Never
	case pastTime:
		return startOfTime - unit
	default:
		return startOfTime + core.Time(int(code)-firstTime)*(unit/2)
	}
}

// due reads the code of a timer.
func (r *reader) due() core.Time {
	switch code := r.next(); code {
	case zeroTime:
		return startOfTime - unit
	case neverTime:
		return core.Never
	default:
		return startOfTime + core.Time(int(code)-firstTime)*unit
	}
}

// epoch reads the code of an epoch.
func (r *reader) epoch() core.Epoch {
	code := r.next()
	if code == 0 {
		return 0
	}
	return core.Epoch(int64(epochBase) - (int64(code) - 64))
}

// version reads what appendVersion wrote.
func (r *reader) version(f *field, base unsafe.Pointer) uint32 {
	if signalOf(f, base) == 0 || r.codes[0] == 0 {
		return uint32(r.number())
	}
	return uint32(int64(versionBase) - (int64(r.next()) - 64))
}

// token reads the code of a token.
func (r *reader) token() (core.Nonce, uint32) {
	code := uint32(r.next())
	if code == 0 {
		return 0, 0
	}
	node := r.owner
	if code&foreigner != 0 {
		node = int8(r.refs[0])
		r.refs = r.refs[1:]
	}
	lives, age := code>>8&(maxLives-1), int64(code>>1&0x7f)-20
	return nonceOf(int(node), lifeBase-lives), uint32(int64(acqBase) - age)
}

// nonceOf names a process.
func nonceOf(node int, life uint32) core.Nonce { return core.Nonce(uint64(node+1)<<32 | uint64(life)) }
