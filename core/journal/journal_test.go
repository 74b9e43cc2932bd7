package journal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/journal"
	"fencepost/core/order"
)

// full is an input in which every field has a value of its own.
var (
	fullNow   = core.Now{Boot: 1_000_000_000, Mono: 999_999_990, Wall: 1_700_000_000_000_000_000}
	fullInput = core.Input{
		Kind: core.SignalFound, Op: core.Fetch, Control: core.Pause, State: core.InDoubt,
		Answer: order.Filled, Reason: core.Lapsed, Flags: core.Open | core.Alerted,
		Tenure: core.TenurePG, Req: 10, Attempt: 11, Version: 12, Protocol: 13, Epoch: 14,
		Token: core.Token{Nonce: 15, Acquisition: 16}, Signal: 17, Age: -18, Server: 19,
		Lineage: 20, Accepted: 21,
	}
	fullEffect = core.Effect{
		Op: core.Permit, Event: event.AlertRaised, About: core.Renew, Reason: core.Lapsed, By: core.Gate,
		State: core.InDoubt, Answer: order.Filled, Tenure: core.TenurePG, Resend: true, Alert: true,
		States: 11, Req: 12, Attempt: 13, Version: 14, Epoch: 15,
		Token: core.Token{Nonce: 16, Acquisition: 17}, Signal: 18, After: 19, Timeout: 20, NotAfter: 21,
		Subject: 22, Protocol: 23,
	}
)

// PROTOCOL 3.9: each field has a place of its own.
func TestEveryFieldComesBack(t *testing.T) {
	if blank := firstZero(reflect.ValueOf(fullInput)); blank != "" {
		t.Fatalf("the full input has no %s", blank)
	}
	if blank := firstZero(reflect.ValueOf(fullEffect)); blank != "" {
		t.Fatalf("the full effect has no %s", blank)
	}
	buf := journal.AppendInput(nil, fullNow, &fullInput)
	now, in, rest, err := journal.DecodeInput(append(buf, 7))
	if err != nil || now != fullNow || in != fullInput || !bytes.Equal(rest, []byte{7}) {
		t.Fatalf("%+v %+v, rest %v: %v", now, in, rest, err)
	}
	buf = journal.AppendEffect(nil, &fullEffect)
	e, rest, err := journal.DecodeEffect(append(buf, 7))
	if err != nil || e != fullEffect || !bytes.Equal(rest, []byte{7}) {
		t.Fatalf("%+v, rest %v: %v", e, rest, err)
	}
}

// firstZero returns a field that is zero, or "".
func firstZero(v reflect.Value) string {
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		if field.Kind() == reflect.Struct {
			if inner := firstZero(field); inner != "" {
				return name + "." + inner
			}
		}
		if field.IsZero() {
			return name
		}
	}
	return ""
}

// PROTOCOL 3.9: the encoding is for ever: these bytes were written once, and
// every later build must read and write the same.
func TestEncodingStaysAsItIs(t *testing.T) {
	start := core.Now{Boot: 1, Mono: 1, Wall: 1}
	earlier := fullInput
	earlier.Lineage, earlier.Accepted = 0, 0
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"input before there were acceptances": {
			journal.AppendInput(nil, fullNow, &earlier),
			"ffff7f80a8d6b9071380d8f9a8bfbfce972f130e0205020921010a0b0c0d0e0f10222326",
		},
		"input": {
			journal.AppendInput(nil, fullNow, &fullInput),
			"ffffff0380a8d6b9071380d8f9a8bfbfce972f130e0205020921010a0b0c0d0e0f102223261415",
		},
		"effect": {
			journal.AppendEffect(nil, &fullEffect),
			"ffffff03081e02090305020101010b0c0d0e0f10112426282a1617",
		},
		"turn":  {journal.AppendInput(nil, start, &core.Input{}), "0102"},
		"blank": {journal.AppendEffect(nil, &core.Effect{}), "00"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// A record that was cut off anywhere is reported as such, and nothing of it is
// taken.
func TestCutRecordIsReported(t *testing.T) {
	input := journal.AppendInput(nil, fullNow, &fullInput)
	for cut := range len(input) {
		_, _, rest, err := journal.DecodeInput(input[:cut])
		if !errors.Is(err, journal.ErrTruncated) || len(rest) != cut {
			t.Fatalf("input cut after %d bytes: %v, rest %d", cut, err, len(rest))
		}
	}
	effect := journal.AppendEffect(nil, &fullEffect)
	for cut := range len(effect) {
		_, rest, err := journal.DecodeEffect(effect[:cut])
		if !errors.Is(err, journal.ErrTruncated) || len(rest) != cut {
			t.Fatalf("effect cut after %d bytes: %v, rest %d", cut, err, len(rest))
		}
	}
}

// What a younger version wrote is refused, never misread.
func TestUnknownFieldIsRefused(t *testing.T) {
	kind := journal.AppendInput(nil, core.Now{}, &core.Input{Kind: core.InputKindTotal})
	if _, _, _, err := journal.DecodeInput(kind); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("unknown kind: %v", err)
	}
	op := journal.AppendEffect(nil, &core.Effect{Op: core.OpCount})
	if _, _, err := journal.DecodeEffect(op); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("unknown operation: %v", err)
	}
	// The masks name a field more than there are.
	_, _, _, err := journal.DecodeInput([]byte{0x80, 0x80, 0x80, 0x04, 1})
	if !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("unknown field of an input: %v", err)
	}
	_, _, err = journal.DecodeEffect([]byte{0x80, 0x80, 0x80, 0x04, 1})
	if !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("unknown field of an effect: %v", err)
	}
}

// Times before the clock's zero, and far ones, come back.
func TestExtremeTimesComeBack(t *testing.T) {
	for _, at := range []core.Time{0, -1, 1, core.Never, -core.Never - 1} {
		want := core.Now{Boot: at, Mono: at / 2, Wall: -at / 3}
		in := core.Input{Age: time.Duration(at), Server: at}
		now, back, _, err := journal.DecodeInput(journal.AppendInput(nil, want, &in))
		if err != nil || now != want || back != in {
			t.Errorf("%v: %+v %+v: %v", at, now, back, err)
		}
	}
}
