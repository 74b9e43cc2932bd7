package payload_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"fencepost/internal/intake/payload"
)

// charts is how a sender with names of its own is mapped.
func charts() *payload.Mapping {
	return &payload.Mapping{
		Type: payload.Field{
			From: "strategy.action", Values: map[string]string{"buy": "BASE_ENTRY", "sell": "EXIT"},
		},
		Instrument: payload.Field{From: "ticker", Values: map[string]string{"NIFTY1!": "NIFTY"}},
		Position:   payload.Field{Constant: "1"},
		Timestamp:  payload.Field{From: "bar.time", Convert: true},
		Price:      payload.Field{From: "strategy.order.price", Convert: true},
		Lots:       payload.Field{Constant: "2"},
	}
}

const chart = `{"ticker":"NIFTY1!","strategy":{"action":"buy","order":{"price":" 17.50 "}},` +
	`"bar":{"time":1764408900},"type":"EXIT","lots":"many","signal_id":"s-1"}`

func TestFieldsAreTakenFromWhereTheMappingSays(t *testing.T) {
	got, err := payload.Parse([]byte(chart), charts())
	if err != nil {
		t.Fatal(err)
	}
	want := payload.Signal{
		Type: "BASE_ENTRY", Instrument: "NIFTY", Position: "1", Timestamp: "1764408900", Price: "17.50",
		Lots: "2", SignalID: "s-1",
	}
	if *got != want {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

func TestMappedFieldThatIsWrongIsNamedWithWhereItCameFrom(t *testing.T) {
	for _, c := range []struct{ old, new, field, says string }{
		{`"buy"`, `"hold"`, "type", `one of BASE_ENTRY, PYRAMID, EXIT, HEARTBEAT (from "strategy.action")`},
		{`"action":"buy",`, ``, "type", `is required (from "strategy.action")`},
		{`"strategy":{`, `"Strategy":{`, "type", "is required"},
		{`{"action":"buy","order":{"price":" 17.50 "}}`, `"buy"`, "type", "strategy holds no such member"},
		{`{"action":"buy","order":{"price":" 17.50 "}}`, `null`, "type", "is required"},
		{`"action":"buy",`, `"action":"buy","action":"sell",`, "type", "appears twice"},
		{`" 17.50 "`, `"17,50"`, "price", "must be a number, not a text"},
		{`" 17.50 "`, `true`, "price", "must be a number, not true or false"},
		{`" 17.50 "`, `"-1"`, "price", "negative"},
		{`1764408900`, `[1]`, "timestamp", "must be a text, not a list"},
		{`"NIFTY1!"`, `5`, "instrument", `must be a text, not a number (from "ticker")`},
	} {
		_, err := payload.Parse([]byte(strings.Replace(chart, c.old, c.new, 1)), charts())
		var field *payload.FieldError
		if !errors.As(err, &field) || field.Field != c.field || !strings.Contains(field.Reason, c.says) {
			t.Errorf("%s: %v, want %s: %s", c.new, err, c.field, c.says)
		}
	}
}

func TestMappingIsJudgedBeforeItIsUsed(t *testing.T) {
	if err := charts().Check(); err != nil {
		t.Fatal(err)
	}
	if err := (&payload.Mapping{}).Check(); err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*payload.Mapping){
		"type.constant: must be one of": func(m *payload.Mapping) {
			m.Type = payload.Field{Constant: "BUY"}
		},
		"lots.constant: must be a number": func(m *payload.Mapping) { m.Lots.Constant = "two" },
		"price.constant: must not be neg": func(m *payload.Mapping) {
			m.Price = payload.Field{Constant: "-1"}
		},
		"valid_for.constant: must be a t": func(m *payload.Mapping) { m.ValidFor.Constant = "90" },
		"position: a constant comes from": func(m *payload.Mapping) { m.Position.From = "x" },
		`instrument.from "a..b"`:          func(m *payload.Mapping) { m.Instrument.From = "a..b" },
		`instrument.from ".a"`:            func(m *payload.Mapping) { m.Instrument.From = ".a" },
		"at most 8 names":                 func(m *payload.Mapping) { m.ER.From = "a.b.c.d.e.f.g.h.i" },
		"cannot be printed":               func(m *payload.Mapping) { m.ER.From = "a\n" },
		"reason.values: only": func(m *payload.Mapping) {
			m.Reason.Values = map[string]string{"a": "b"}
		},
	} {
		m := charts()
		spoil(m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

func TestNameOfTheSendersOwnIsShownShortAndPlain(t *testing.T) {
	name := strings.Repeat("x", 1000)
	_, err := payload.Parse([]byte(`{"`+name+`":1,"`+name+`":2}`), nil)
	if err == nil || len(err.Error()) > 100 {
		t.Errorf("%v", err)
	}
	_, err = payload.Parse([]byte(`{"a\n\u001b[2Jb":1,"a\n\u001b[2Jb":2}`), nil)
	if err == nil || strings.ContainsAny(err.Error(), "\n\x1b") {
		t.Errorf("%q", err)
	}
}

func TestInstantIsReadWithItsZoneOrTheConfiguredOne(t *testing.T) {
	india, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		zone *time.Location
		want string
	}{
		{"2025-11-29T09:15:00Z", india, "2025-11-29T09:15:00Z"},
		{"2025-11-29T09:15:00.25+05:30", nil, "2025-11-29T03:45:00.25Z"},
		{"2025-11-29 09:15:00+05:30", nil, "2025-11-29T03:45:00Z"},
		{"2025-11-29T09:15:00+0530", nil, "2025-11-29T03:45:00Z"},
		{"2025-11-29T09:15:00", india, "2025-11-29T03:45:00Z"},
		{"2025-11-29 09:15:00.5", india, "2025-11-29T03:45:00.5Z"},
		{"2025-11-29T09:15", india, "2025-11-29T03:45:00Z"},
		{"2025-11-29T09:15:00", nil, ""},
		{"1764407700", nil, "2025-11-29T09:15:00Z"},
		{"1764407700250", nil, "2025-11-29T09:15:00.25Z"},
		// The hour that comes twice is the first of the two.
		{"2025-10-26T02:30:00", berlin, "2025-10-26T00:30:00Z"},
		{"2025-10-26T03:30:00", berlin, "2025-10-26T02:30:00Z"},
		{"17644077001", nil, ""},
		{"-1764407700", nil, ""},
		{"t", india, ""},
		{"", india, ""},
		{"2025-13-29T09:15:00Z", india, ""},
	} {
		got, ok := payload.Instant(c.text, c.zone)
		if ok != (c.want != "") || ok && got.UTC().Format(time.RFC3339Nano) != c.want {
			t.Errorf("%s in %v: %v, %v, want %s", c.text, c.zone, got.UTC(), ok, c.want)
		}
	}
}

// FuzzMapping: a mapping that is taken reads every body without a panic, names
// what is wrong, and gives what the same body without a mapping would give if
// its members were moved to the service's own names.
func FuzzMapping(f *testing.F) {
	f.Add("strategy.action", "ticker", "x", true, []byte(chart))
	f.Add("a.b.c", "a.d", "-1", false,
		[]byte(`{"a":{"b":{"c":"EXIT"},"d":"X"},"position":"p","timestamp":"t"}`))
	f.Add("a", "a", "", false, []byte(`{"a":"EXIT","position":"p","timestamp":"t"}`))
	f.Fuzz(func(t *testing.T, kind, instrument, reason string, convert bool, body []byte) {
		m := &payload.Mapping{
			Type:       payload.Field{From: kind, Values: map[string]string{"buy": "BASE_ENTRY"}},
			Instrument: payload.Field{From: instrument, Convert: convert},
			Position:   payload.Field{Constant: "Long_1"},
			Reason:     payload.Field{Constant: reason},
		}
		if m.Check() != nil {
			return
		}
		s, err := payload.Parse(body, m)
		if err != nil {
			var field *payload.FieldError
			if !errors.As(err, &field) || field.Reason == "" {
				t.Fatalf("an error without a reason: %v", err)
			}
			return
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			t.Fatalf("taken, but no object: %v", err)
		}
		for name, text := range map[string]string{
			"type": s.Type, "instrument": s.Instrument, "position": s.Position, "reason": s.Reason,
		} {
			delete(fields, name)
			if text != "" {
				fields[name], _ = json.Marshal(text)
			}
		}
		plain, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > payload.MaxBody {
			return
		}
		if other, err := payload.Parse(plain, nil); err != nil || *other != *s {
			t.Fatalf("%s\nsays %+v,\n%s\nsays %+v (%v)", body, s, plain, other, err)
		}
		_, _ = payload.Instant(s.Timestamp, time.UTC)
	})
}
