package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxBody is the most bytes of a body.
const MaxBody = 64 << 10

// The bounds of single fields.
const (
	maxText     = 64
	maxID       = 128
	maxReason   = 1024
	maxDigits   = 40
	maxExponent = 30
	maxValidFor = 7 * 24 * time.Hour
)

// The types of signals.
const (
	BaseEntry = "BASE_ENTRY"
	Pyramid   = "PYRAMID"
	Exit      = "EXIT"
	// Heartbeat is a canary: it says that the sender lives, and travels the whole way
	// up to the wire. It asks for no order.
	Heartbeat = "HEARTBEAT"
)

// Types lists every type.
func Types() []string { return []string{BaseEntry, Pyramid, Exit, Heartbeat} }

// Signal is what a body says.
type Signal struct {
	Type, Instrument, Position, Timestamp string
	// SignalID is the sender's own id, empty if it gave none.
	SignalID string
	// Price and the rest are decimal numbers in the sender's notation, empty if
	// they were left out.
	Price, Stop, Lots, ATR, ER, Supertrend, ROC string
	// Reason is the sender's.
	Reason string
	// ValidFor is how long the signal may wait; zero is for ever.
	ValidFor time.Duration
}

// FieldError says which field is wrong and why. Field is empty if it is the
// body as a whole.
type FieldError struct {
	Field  string
	Reason string
}

// Error returns the field and the reason.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

func wrong(field, format string, args ...any) *FieldError {
	return &FieldError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// Parse reads a body as the mapping says; the zero mapping expects the
// service's own names. The error is a *FieldError.
func Parse(body []byte, mapping *Mapping) (*Signal, error) {
	fields, err := object(body)
	if err != nil {
		return nil, err
	}
	r := &reader{fields: fields, mapping: mapping}
	s := r.signal()
	if len(r.faults) > 0 {
		return nil, r.faults[0]
	}
	return s, nil
}

// signal reads every field.
func (r *reader) signal() *Signal {
	return &Signal{
		Type:       r.word("type", Types()),
		Instrument: r.text("instrument", maxText, true),
		Position:   r.text("position", maxText, true),
		Timestamp:  r.text("timestamp", maxText, true),
		SignalID:   r.text("signal_id", maxID, false),
		Price:      r.number("price", false),
		Stop:       r.number("stop", false),
		Lots:       r.number("lots", false),
		ATR:        r.number("atr", true),
		ER:         r.number("er", true),
		Supertrend: r.number("supertrend", true),
		ROC:        r.number("roc", true),
		Reason:     r.text("reason", maxReason, false),
		ValidFor:   r.span("valid_for"),
	}
}

// object splits the body into its fields.
func object(body []byte) (map[string]json.RawMessage, error) {
	switch {
	case len(body) > MaxBody:
		return nil, wrong("", "body of more than %d bytes", MaxBody)
	case !utf8.Valid(body):
		return nil, wrong("", "body is not valid UTF-8")
	}
	reader := json.NewDecoder(bytes.NewReader(body))
	if start, err := reader.Token(); err != nil || start != json.Delim('{') {
		return nil, wrong("", "body is not a JSON object")
	}
	fields := map[string]json.RawMessage{}
	for reader.More() {
		key, err := reader.Token()
		if err != nil {
			return nil, wrong("", "body is not valid JSON: %v", err)
		}
		name, ok := key.(string)
		if !ok {
			return nil, wrong("", "body is not valid JSON: a name is not a text")
		}
		if _, twice := fields[name]; twice {
			return nil, wrong(shown(name), "appears twice")
		}
		var value json.RawMessage
		if err := reader.Decode(&value); err != nil {
			return nil, wrong(shown(name), "is not valid JSON: %v", err)
		}
		fields[name] = value
	}
	if _, err := reader.Token(); err != nil {
		return nil, wrong("", "body is not valid JSON: %v", err)
	}
	if _, err := reader.Token(); !errors.Is(err, io.EOF) {
		return nil, wrong("", "body goes on after the JSON object")
	}
	return fields, nil
}

// shown returns a name of the sender's own as it may stand in an answer and in a
// log: short, and without anything that cannot be printed.
func shown(name string) string {
	const most = 64
	name = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '?'
	}, name)
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return name
}
