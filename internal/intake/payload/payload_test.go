package payload_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"fencepost/internal/intake/payload"
)

const entry = `{"type":"BASE_ENTRY","instrument":"BANKNIFTY","position":"Long_1",` +
	`"timestamp":"2025-11-29T09:15:00Z","price":54321.05,"stop":5.4e4,"lots":12,"atr":310.5,"er":0.82,` +
	`"supertrend":53900,"roc":-1.25,"reason":"breakout","signal_id":"s-1","valid_for":"90s","desk":{"a":[1]}}`

func TestEveryFieldIsReadAsItWasWritten(t *testing.T) {
	got, err := payload.Parse([]byte(entry), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := payload.Signal{
		Type: "BASE_ENTRY", Instrument: "BANKNIFTY", Position: "Long_1", Timestamp: "2025-11-29T09:15:00Z",
		SignalID: "s-1", Price: "54321.05", Stop: "5.4e4", Lots: "12", ATR: "310.5", ER: "0.82",
		Supertrend: "53900", ROC: "-1.25", Reason: "breakout", ValidFor: 90 * time.Second,
	}
	if *got != want {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

func TestOptionalFieldsMayBeAbsentOrNull(t *testing.T) {
	for _, body := range []string{
		`{"type":"EXIT","instrument":"X","position":"Long_1","timestamp":"1"}`,
		` {"type":"EXIT","instrument":"X","position":"Long_1","timestamp":"1","price":null,"lots":null} `,
	} {
		got, err := payload.Parse([]byte(body), nil)
		if err != nil || got.Price != "" || got.ValidFor != 0 || got.Type != "EXIT" {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}

func TestWrongFieldIsNamed(t *testing.T) {
	with := func(field, value string) string {
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(entry), &fields); err != nil {
			t.Fatal(err)
		}
		if value == "" {
			delete(fields, field)
		} else {
			fields[field] = json.RawMessage(value)
		}
		body, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for _, c := range []struct{ body, field, says string }{
		{with("type", ""), "type", "required"},
		{with("type", `"BUY"`), "type", "BASE_ENTRY, PYRAMID, EXIT, HEARTBEAT"},
		{with("type", `"exit"`), "type", "must be one of"},
		{with("type", `7`), "type", "not a number"},
		{with("instrument", `null`), "instrument", "required"},
		{with("instrument", `"  "`), "instrument", "blank"},
		{with("instrument", `"a\u0000b"`), "instrument", "printed"},
		{with("instrument", `"\ud800"`), "instrument", "printed"},
		{with("position", `["Long_1"]`), "position", "not a list"},
		{with("position", `"`+strings.Repeat("x", 65)+`"`), "position", "at most 64"},
		{with("timestamp", `1732871700`), "timestamp", "must be a text, not a number"},
		{with("price", `"54321.05"`), "price", "must be a number, not a text"},
		{with("price", `-1`), "price", "negative"},
		{with("lots", `true`), "lots", "not true or false"},
		{with("lots", `{}`), "lots", "not an object"},
		{with("atr", `1e31`), "atr", "exponent"},
		{with("atr", `1e-9999999999999999999`), "atr", "exponent"},
		{with("er", strings.Repeat("9", 41)), "er", "at most 40"},
		{with("signal_id", `12`), "signal_id", "must be a text"},
		{with("valid_for", `90`), "valid_for", "must be a text"},
		{with("valid_for", `"90"`), "valid_for", "unit"},
		{with("valid_for", `"-1s"`), "valid_for", "between"},
		{with("valid_for", `"169h"`), "valid_for", "between"},
		{`{"type":"EXIT","type":"BASE_ENTRY"}`, "type", "twice"},
		{`{"Type":"EXIT"}`, "type", "required"},
		{`{"price":NaN}`, "price", "not valid JSON"},
		{``, "", "not a JSON object"},
		{`[]`, "", "not a JSON object"},
		{`BUY now`, "", "not a JSON object"},
		{entry + `{}`, "", "goes on"},
		{entry[:len(entry)-1], "", "not valid JSON"},
		{entry + strings.Repeat(" ", payload.MaxBody), "", "more than"},
		{"{\"type\":\"\xff\"}", "", "UTF-8"},
	} {
		_, err := payload.Parse([]byte(c.body), nil)
		var field *payload.FieldError
		if !errors.As(err, &field) || field.Field != c.field || !strings.Contains(field.Reason, c.says) {
			t.Errorf("%.60s: %v, want %s: %s", c.body, err, c.field, c.says)
		}
	}
}

// FuzzParse looks for a body that is taken but cannot be stored, or that
// another reader of JSON would understand differently.
func FuzzParse(f *testing.F) {
	f.Add([]byte(entry))
	f.Add([]byte(`{"type":"EXIT","instrument":"X","position":"Long_1","timestamp":"1","lots":1e5}`))
	f.Add([]byte(`{"type":"HEARTBEAT","instrument":"\u00e9","position":"-","timestamp":"t","a":[null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := payload.Parse(body, nil)
		if err != nil {
			var field *payload.FieldError
			if !errors.As(err, &field) || field.Reason == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		var other map[string]any
		if err := json.Unmarshal(body, &other); err != nil {
			t.Fatalf("taken, but no JSON: %v", err)
		}
		for field, text := range map[string]string{
			"type": s.Type, "instrument": s.Instrument, "position": s.Position,
			"timestamp": s.Timestamp,
		} {
			if other[field] != text || text == "" || strings.ContainsRune(text, 0) {
				t.Fatalf("%s is %q here and %q elsewhere", field, text, other[field])
			}
		}
		for _, number := range []string{s.Price, s.Stop, s.Lots, s.ATR, s.ER, s.Supertrend, s.ROC} {
			if number != "" && !json.Valid([]byte(number)) {
				t.Fatalf("%q is no number", number)
			}
		}
	})
}
