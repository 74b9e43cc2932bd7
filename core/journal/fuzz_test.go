package journal_test

import (
	"bytes"
	"testing"

	"fencepost/core"
	"fencepost/core/journal"
)

// FuzzDecodeInput: whatever stands in a journal, reading it does not panic, and
// what is read and written again is read as the same.
func FuzzDecodeInput(f *testing.F) {
	f.Add(journal.AppendInput(nil, fullNow, &fullInput))
	f.Add(journal.AppendInput(nil, core.Now{Boot: 1, Mono: 1, Wall: 1}, &core.Input{}))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		now, in, rest, err := journal.DecodeInput(data)
		if err != nil {
			if !bytes.Equal(rest, data) {
				t.Fatalf("%v, and %d bytes are gone", err, len(data)-len(rest))
			}
			return
		}
		now2, in2, rest2, err := journal.DecodeInput(journal.AppendInput(nil, now, &in))
		if err != nil || now2 != now || in2 != in || len(rest2) != 0 {
			t.Fatalf("%+v came back as %+v: %v", in, in2, err)
		}
	})
}

// FuzzDecodeEffect: the same for effects.
func FuzzDecodeEffect(f *testing.F) {
	f.Add(journal.AppendEffect(nil, &fullEffect))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, rest, err := journal.DecodeEffect(data)
		if err != nil {
			if !bytes.Equal(rest, data) {
				t.Fatalf("%v, and %d bytes are gone", err, len(data)-len(rest))
			}
			return
		}
		e2, rest2, err := journal.DecodeEffect(journal.AppendEffect(nil, &e))
		if err != nil || e2 != e || len(rest2) != 0 {
			t.Fatalf("%+v came back as %+v: %v", e, e2, err)
		}
	})
}
