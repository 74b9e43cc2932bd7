package scenarios

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// Format returns the scenario as a file in canonical form. Comments of the
// original are lost; Parse of the result equals the scenario, places apart.
func Format(s *Scenario) []byte {
	w := &writer{block: true}
	// A walk stores what it has walked: here into lists of its own, as goroutines print one scenario at once.
	own := *s
	own.Steps, own.Expect = slices.Clone(s.Steps), slices.Clone(s.Expect)
	own.walk(w)
	return []byte(w.text.String())
}

// Write writes the scenario in canonical form.
func Write(out io.Writer, s *Scenario) error {
	_, err := out.Write(Format(s))
	return err
}

// writer is the codec that prints a mapping: in block style at the top and in
// the entries of lists, in flow style below.
type writer struct {
	text   strings.Builder
	block  bool
	indent string
	count  int // fields printed so far
}

// field prints a key and its value.
func (w *writer) field(key, value string) {
	if w.block {
		if w.count > 0 {
			w.text.WriteString(w.indent)
		}
		w.text.WriteString(key + ": " + value + "\n")
	} else {
		if w.count > 0 {
			w.text.WriteString(", ")
		}
		w.text.WriteString(key + ": " + value)
	}
	w.count++
}

func (w *writer) value(field string, v value) {
	if !v.absent() {
		w.field(field, scalarText(v.String()))
	}
}

func (w *writer) values(field string, v list) {
	if v.size() == 0 {
		return
	}
	items := make([]string, v.size())
	for i := range items {
		items[i] = scalarText(v.at(i).String())
	}
	w.field(field, "["+strings.Join(items, ", ")+"]")
}

func (w *writer) object(field string, walk func(codec)) {
	inner := &writer{}
	walk(inner)
	if inner.count > 0 {
		w.field(field, "{"+inner.text.String()+"}")
	}
}

func (w *writer) objects(field string, n int, _ func(Place), walk func(c codec, i int)) {
	if n == 0 {
		return
	}
	w.text.WriteString(field + ":\n")
	w.count++
	for i := range n {
		inner := &writer{block: true, indent: "    "}
		walk(inner, i)
		w.text.WriteString("  - " + inner.text.String())
	}
}

func (w *writer) pairs(field string, v pairs) {
	if v.size() == 0 {
		return
	}
	items := make([]string, v.size())
	for i := range items {
		items[i] = v.key(i) + ": " + scalarText(v.at(i).String())
	}
	w.field(field, "{"+strings.Join(items, ", ")+"}")
}

func (w *writer) choice(_, current string) string { return current }

// plain tells whether a text means itself in every style of YAML: it begins with
// a letter, a digit, $ or _, or with a sign before a digit, and goes on with these,
// with signs of quantities and links, and with blanks between them.
func plain(text string) bool {
	if text == "" {
		return false
	}
	if signed := text[0] == '-' || text[0] == '+'; signed {
		return len(text) > 1 && text[1] >= '0' && text[1] <= '9' && goesOn(text[1:])
	}
	return begins(text[0]) && goesOn(text[1:])
}

func begins(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '$' || c == '_'
}

// goesOn tells whether the rest of a plain text is plain. It may be empty.
func goesOn(rest string) bool {
	for i := range len(rest) {
		if c := rest[i]; !begins(c) && strings.IndexByte("%/.<>+- ", c) < 0 {
			return false
		}
	}
	return !strings.HasSuffix(rest, " ")
}

// scalarText quotes a text where YAML would read it as something else.
func scalarText(text string) string {
	if plain(text) && !strings.EqualFold(text, "null") && !strings.Contains(text, "  ") {
		return text
	}
	// JSON strings are YAML strings. Marshal cannot fail for a string.
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("scenarios: " + err.Error())
	}
	return string(quoted)
}
