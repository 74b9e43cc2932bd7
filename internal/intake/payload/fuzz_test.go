package payload_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"fencepost/internal/intake/payload"
)

// FuzzSameMeaning: what a body says does not depend on the order of its fields,
// on white space or on fields that nobody knows, and stays within its bounds.
func FuzzSameMeaning(f *testing.F) {
	f.Add([]byte(entry))
	for _, body := range []string{
		`{"timestamp":"1","type":"EXIT","position":"Long_1","instrument":"X","valid_for":"90s"}`,
		` {"type":"PYRAMID" , "instrument":"A","position":"B","timestamp":"C","roc":-0.5e-3,"x":{"y":[]}} `,
		`{"type":"HEARTBEAT","instrument":"\ud83d\ude00","position":"-","timestamp":"t","reason":null}`,
		`{"type":"BASE_ENTRY","instrument":"X","position":"P","timestamp":"t","price":1E+30,"lots":0}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := payload.Parse(body, nil)
		if err != nil {
			return
		}
		if s.ValidFor != 0 && (s.ValidFor < time.Millisecond || s.ValidFor > 7*24*time.Hour) {
			t.Errorf("valid for %v", s.ValidFor)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			t.Fatalf("taken, but no object: %v", err)
		}
		fields["a field that nobody knows"] = json.RawMessage(`[1, {"type": "EXIT"}]`)
		// Written again, the fields stand in the order of their names.
		again, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if len(again) > payload.MaxBody {
			return
		}
		other, err := payload.Parse(again, nil)
		if err != nil || !reflect.DeepEqual(s, other) {
			t.Errorf("%s\nsays %+v,\n%s\nsays %+v (%v)", body, s, again, other, err)
		}
	})
}
