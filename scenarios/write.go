package scenarios

import (
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// Format returns the scenario as a file in canonical form. Comments of the
// original are lost; Parse of the result equals the scenario, places apart.
func Format(s *Scenario) []byte {
	w := &writer{block: true}
	s.walk(w)
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

// plain matches texts that mean themselves in every style of YAML.
var plain = regexp.MustCompile(`^([A-Za-z0-9$_]|[-+][0-9])([A-Za-z0-9$_%/.<>+ -]*[A-Za-z0-9$_%/.<>+-])?$`)

// scalarText quotes a text where YAML would read it as something else.
func scalarText(text string) string {
	if plain.MatchString(text) && !strings.EqualFold(text, "null") && !strings.Contains(text, "  ") {
		return text
	}
	// JSON strings are YAML strings. Marshal cannot fail for a string.
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("scenarios: " + err.Error())
	}
	return string(quoted)
}
