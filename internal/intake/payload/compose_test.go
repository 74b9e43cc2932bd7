package payload_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"fencepost/internal/intake/payload"
)

// said are the fields of a signal.
func said() map[string]string {
	return map[string]string{
		"type": "EXIT", "instrument": "NIFTY", "position": "long", "timestamp": "2026-01-05T09:15:00Z",
		"signal_id": "s-1", "price": "52000.50", "lots": "2", "reason": "stop hit",
	}
}

func TestASenderSaysWhatItsMappingReads(t *testing.T) {
	m := &payload.Mapping{
		Type: payload.Field{
			From: "order.action", Values: map[string]string{"sell": "EXIT", "close": "EXIT"},
		},
		Instrument: payload.Field{From: "ticker", Values: map[string]string{"NIFTY1!": "NIFTY"}},
		Position:   payload.Field{Constant: "long"},
		Lots:       payload.Field{From: "order.contracts", Convert: true},
		SignalID:   payload.Field{From: "meta.run.id"},
	}
	for name, mapping := range map[string]*payload.Mapping{"none": nil, "empty": {}, "mapped": m} {
		body, err := payload.Compose(said(), mapping)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s, err := payload.Parse(body, mapping)
		if err != nil {
			t.Fatalf("%s: %s: %v", name, body, err)
		}
		if s.Type != "EXIT" || s.Instrument != "NIFTY" || s.Position != "long" || s.SignalID != "s-1" ||
			s.Price != "52000.50" || s.Lots != "2" || s.Reason != "stop hit" {
			t.Errorf("%s: %s is read as %+v", name, body, s)
		}
	}
	body, err := payload.Compose(said(), m)
	var written struct {
		Ticker string
		Order  struct{ Action string }
	}
	if err != nil || json.Unmarshal(body, &written) != nil || written.Ticker != "NIFTY1!" ||
		written.Order.Action != "close" {
		t.Errorf("%s, %v", body, err)
	}
}

func TestWhatASenderCannotSayIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		mapping payload.Mapping
		field   string
	}{
		"another constant": {payload.Mapping{Type: payload.Field{Constant: "BASE_ENTRY"}}, "type"},
		"a word that means another": {payload.Mapping{
			Instrument: payload.Field{Values: map[string]string{"NIFTY": "GOLD"}},
		}, "instrument"},
		"one member for two": {payload.Mapping{
			Instrument: payload.Field{From: "x"}, Position: payload.Field{From: "x"},
		}, "position"},
		"a member of a text": {payload.Mapping{
			Instrument: payload.Field{From: "x"}, Position: payload.Field{From: "x.y"},
		}, "position"},
	} {
		body, err := payload.Compose(said(), &c.mapping)
		var field *payload.FieldError
		if !errors.As(err, &field) || field.Field != c.field {
			t.Errorf("%s: %s, %v", name, body, err)
		}
	}
	// The stop comes from where the price is said.
	m := &payload.Mapping{Stop: payload.Field{From: "price"}}
	if body, err := payload.Compose(said(), m); err == nil || !strings.Contains(err.Error(), "stop") {
		t.Errorf("%s, %v", body, err)
	}
	fields := said()
	fields["lots"] = "two"
	if body, err := payload.Compose(fields, nil); err == nil {
		t.Errorf("%s", body)
	}
}
