package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
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

// Parse reads a body. The error is a *FieldError.
func Parse(body []byte) (*Signal, error) {
	fields, err := object(body)
	if err != nil {
		return nil, err
	}
	r := &reader{fields: fields}
	s := &Signal{
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
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
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
			return nil, wrong(name, "appears twice")
		}
		var value json.RawMessage
		if err := reader.Decode(&value); err != nil {
			return nil, wrong(name, "is not valid JSON: %v", err)
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

// reader takes fields one by one and remembers the first that is wrong.
type reader struct {
	fields map[string]json.RawMessage
	err    error
}

func (r *reader) fail(field, format string, args ...any) {
	if r.err == nil {
		r.err = wrong(field, format, args...)
	}
}

// take returns the field's value, or nil if it is absent or null.
func (r *reader) take(field string) json.RawMessage {
	if value := r.fields[field]; string(value) != "null" {
		return value
	}
	return nil
}

// text reads a text of at most that many bytes.
func (r *reader) text(field string, most int, required bool) string {
	value := r.take(field)
	if value == nil {
		if required {
			r.fail(field, "is required")
		}
		return ""
	}
	var text string
	if value[0] != '"' || json.Unmarshal(value, &text) != nil {
		r.fail(field, "must be a text, not %s", kind(value))
		return ""
	}
	switch {
	case strings.TrimSpace(text) == "":
		r.fail(field, "must not be blank")
	case len(text) > most:
		r.fail(field, "has %d bytes, at most %d", len(text), most)
	case strings.ContainsFunc(text, unprintable):
		r.fail(field, "holds a character that cannot be printed")
	}
	return text
}

// unprintable also finds what a decoder puts in the place of half a character.
func unprintable(c rune) bool { return unicode.IsControl(c) || c == unicode.ReplacementChar }

// word reads one of the allowed words.
func (r *reader) word(field string, allowed []string) string {
	text := r.text(field, maxText, true)
	if r.err == nil && !slices.Contains(allowed, text) {
		r.fail(field, "must be one of %s", strings.Join(allowed, ", "))
	}
	return text
}

// number reads a decimal number as it is written.
func (r *reader) number(field string, signed bool) string {
	value := r.take(field)
	if value == nil {
		return ""
	}
	text := string(value)
	if first := text[0]; first != '-' && (first < '0' || first > '9') {
		r.fail(field, "must be a number, not %s", kind(value))
		return ""
	}
	switch {
	case len(text) > maxDigits:
		r.fail(field, "has %d digits, at most %d", len(text), maxDigits)
	case text[0] == '-' && !signed:
		r.fail(field, "must not be negative")
	case exponent(text) > maxExponent:
		r.fail(field, "must be written without so large an exponent")
	}
	return text
}

// exponent returns the size of the number's exponent.
func exponent(number string) int {
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return 0
	}
	size := 0
	for _, digit := range strings.TrimLeft(number[at+1:], "+-") {
		size = min(10*size+int(digit-'0'), 1000)
	}
	return size
}

// span reads a time span with its unit.
func (r *reader) span(field string) time.Duration {
	if r.take(field) == nil {
		return 0
	}
	text := r.text(field, maxText, false)
	if r.err != nil {
		return 0
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		r.fail(field, "must be a time span with its unit, like \"90s\"")
	case d < time.Millisecond || d > maxValidFor:
		r.fail(field, "must lie between 1ms and %v", maxValidFor)
	}
	return d
}

// kind names what a value is, for the message that it should be something else.
func kind(value json.RawMessage) string {
	switch value[0] {
	case '"':
		return "a text"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "true or false"
	default:
		return "a number"
	}
}
