package payload

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
)

// reader takes fields one by one and remembers which are wrong, in their order.
type reader struct {
	fields  map[string]json.RawMessage
	mapping *Mapping
	faults  []*FieldError
}

// fail remembers a fault, and where the mapping found the field.
func (r *reader) fail(field, format string, args ...any) {
	fault := wrong(field, format, args...)
	if from := r.mapping.of(field).From; from != "" {
		fault.Reason += ` (from "` + from + `")`
	}
	r.faults = append(r.faults, fault)
}

// take returns the field's value, or nil if it is absent or null.
func (r *reader) take(field string) json.RawMessage {
	value := r.fields[field]
	switch m := r.mapping.of(field); {
	case m.Constant != "":
		return constant(m.Constant)
	case m.From != "":
		value = r.follow(field, m.From)
	}
	if string(value) == "null" {
		return nil
	}
	return value
}

// follow returns what stands at the end of a path, or nil.
func (r *reader) follow(field, path string) json.RawMessage {
	names := strings.Split(path, ".")
	fields := r.fields
	for _, name := range names[:len(names)-1] {
		value, ok := fields[name]
		if !ok || string(value) == "null" {
			return nil
		}
		inner, err := object(value)
		if err != nil {
			r.fail(field, "%s holds no such member: %v", name, err)
			return nil
		}
		fields = inner
	}
	return fields[names[len(names)-1]]
}

// text reads a text of at most that many bytes.
func (r *reader) text(field string, most int, required bool) string {
	before := len(r.faults)
	value := r.take(field)
	if value == nil {
		if required && len(r.faults) == before {
			r.fail(field, "is required")
		}
		return ""
	}
	m := r.mapping.of(field)
	var text string
	switch {
	case (m.Convert || m.Constant != "") && isNumber(value):
		text = string(value)
	case value[0] != '"' || json.Unmarshal(value, &text) != nil:
		r.fail(field, "must be a text, not %s", kind(value))
		return ""
	}
	if other, ok := m.Values[text]; ok {
		text = other
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
	before := len(r.faults)
	text := r.text(field, maxText, true)
	if len(r.faults) == before && !slices.Contains(allowed, text) {
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
	if r.mapping.of(field).Convert && value[0] == '"' {
		var quoted string
		if json.Unmarshal(value, &quoted) == nil && isNumber([]byte(strings.TrimSpace(quoted))) {
			value = json.RawMessage(strings.TrimSpace(quoted))
		}
	}
	if !isNumber(value) {
		r.fail(field, "must be a number, not %s", kind(value))
		return ""
	}
	text := string(value)
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

// isNumber reports whether the text is a number by the rules of JSON.
func isNumber(text []byte) bool {
	return len(text) > 0 && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid(text)
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
	before := len(r.faults)
	text := r.text(field, maxText, false)
	if text == "" || len(r.faults) > before {
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
