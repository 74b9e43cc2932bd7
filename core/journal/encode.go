package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// The journal's encoding of inputs and effects: a mask of the fields that are
// not zero, then those fields as varints, in the order below. Fields may be
// added at the end of the order; none may be moved or given a new meaning.

// ErrTruncated reports an encoding that ends too early, ErrMalformed one that
// holds what this version does not know.
var (
	ErrTruncated = errors.New("journal: encoding ends too early")
	ErrMalformed = errors.New("journal: encoding holds an unknown field")
)

// maxEncoded is longer than any encoding: a mask and 23 fields of at most ten
// bytes.
const maxEncoded = 256

// AppendInput appends the readings and the input to buf.
func AppendInput(buf []byte, now core.Now, in *core.Input) []byte {
	return appendFields(buf, []uint64{
		zig(int64(now.Boot)), zig(int64(now.Mono - now.Boot)), zig(int64(now.Wall - now.Boot)),
		uint64(in.Kind), uint64(in.Op), uint64(in.Control), uint64(in.State), uint64(in.Answer),
		uint64(in.Reason), uint64(in.Flags), uint64(in.Tenure), uint64(in.Req), uint64(in.Attempt),
		uint64(in.Version), uint64(in.Protocol), uint64(in.Epoch), uint64(in.Token.Nonce),
		uint64(in.Token.Acquisition), zig(int64(in.Signal)), zig(int64(in.Age)), zig(int64(in.Server)),
		uint64(in.Lineage), uint64(in.Accepted),
	})
}

// DecodeInput reads what AppendInput wrote and returns the rest of buf.
func DecodeInput(buf []byte) (now core.Now, in core.Input, rest []byte, err error) {
	var f [23]uint64
	if rest, err = decodeFields(buf, f[:]); err != nil {
		return now, in, buf, err
	}
	now.Boot = core.Time(zag(f[0]))
	now.Mono, now.Wall = now.Boot+core.Time(zag(f[1])), now.Boot+core.Time(zag(f[2]))
	in = core.Input{
		Kind: core.InputKind(f[3]), Op: core.Op(f[4]), Control: core.Control(f[5]),
		State: core.SignalState(f[6]), Answer: order.Answer(f[7]), Reason: core.Reason(f[8]),
		Flags: core.Flags(f[9]), Tenure: core.TenureKind(f[10]),
		Req: uint32(f[11]), Attempt: uint32(f[12]), Version: uint32(f[13]), Protocol: uint32(f[14]),
		Epoch: core.Epoch(f[15]), Token: core.Token{Nonce: core.Nonce(f[16]), Acquisition: uint32(f[17])},
		Signal: core.SignalID(zag(f[18])), Age: time.Duration(zag(f[19])), Server: core.Time(zag(f[20])),
		Lineage: uint32(f[21]), Accepted: uint32(f[22]),
	}
	// What a younger version wrote is refused, never misread: a value that does
	// not fit its field does not come out the same.
	var again [maxEncoded]byte
	if in.Kind >= core.InputKindTotal || !bytes.HasPrefix(buf, AppendInput(again[:0], now, &in)) {
		return now, in, buf, ErrMalformed
	}
	return now, in, rest, nil
}

// AppendEffect appends the effect to buf.
func AppendEffect(buf []byte, e *core.Effect) []byte {
	return appendFields(buf, []uint64{
		uint64(e.Op), uint64(e.Event), uint64(e.About), uint64(e.Reason), uint64(e.By), uint64(e.State),
		uint64(e.Answer), uint64(e.Tenure), bit(e.Resend), bit(e.Alert), uint64(e.States), uint64(e.Req),
		uint64(e.Attempt), uint64(e.Version), uint64(e.Epoch), uint64(e.Token.Nonce),
		uint64(e.Token.Acquisition), zig(int64(e.Signal)), zig(int64(e.After)), zig(int64(e.Timeout)),
		zig(int64(e.NotAfter)), uint64(e.Subject), uint64(e.Protocol),
	})
}

// DecodeEffect reads what AppendEffect wrote and returns the rest of buf.
func DecodeEffect(buf []byte) (e core.Effect, rest []byte, err error) {
	var f [23]uint64
	if rest, err = decodeFields(buf, f[:]); err != nil {
		return e, buf, err
	}
	e = core.Effect{
		Op: core.Op(f[0]), Event: event.Event(f[1]), About: core.Op(f[2]), Reason: core.Reason(f[3]),
		By: core.Party(f[4]), State: core.SignalState(f[5]), Answer: order.Answer(f[6]),
		Tenure: core.TenureKind(f[7]), Resend: f[8] != 0, Alert: f[9] != 0,
		States: uint16(f[10]), Req: uint32(f[11]), Attempt: uint32(f[12]),
		Version: uint32(f[13]), Epoch: core.Epoch(f[14]),
		Token:  core.Token{Nonce: core.Nonce(f[15]), Acquisition: uint32(f[16])},
		Signal: core.SignalID(zag(f[17])), After: core.SignalID(zag(f[18])),
		Timeout: time.Duration(zag(f[19])), NotAfter: core.Time(zag(f[20])), Subject: core.Nonce(f[21]),
		Protocol: uint16(f[22]),
	}
	var again [maxEncoded]byte
	known := e.Op < core.OpCount && int(e.Event) < event.Total
	if !known || !bytes.HasPrefix(buf, AppendEffect(again[:0], &e)) {
		return e, buf, ErrMalformed
	}
	return e, rest, nil
}

// appendFields writes the mask and the fields that are not zero.
func appendFields(buf []byte, fields []uint64) []byte {
	var mask uint64
	for i, v := range fields {
		if v != 0 {
			mask |= 1 << i
		}
	}
	buf = binary.AppendUvarint(buf, mask)
	for _, v := range fields {
		if v != 0 {
			buf = binary.AppendUvarint(buf, v)
		}
	}
	return buf
}

// decodeFields reads the mask and fills in the fields it names.
func decodeFields(buf []byte, fields []uint64) ([]byte, error) {
	mask, n := binary.Uvarint(buf)
	if n <= 0 {
		return buf, ErrTruncated
	}
	buf = buf[n:]
	if mask>>len(fields) != 0 {
		return buf, ErrMalformed
	}
	for i := range fields {
		if mask>>i&1 == 0 {
			continue
		}
		v, n := binary.Uvarint(buf)
		if n <= 0 {
			return buf, ErrTruncated
		}
		fields[i], buf = v, buf[n:]
	}
	return buf, nil
}

// zig maps small numbers of either sign to small unsigned ones; zag maps back.
func zig(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }
func zag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// bit is one for true.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
