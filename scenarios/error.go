package scenarios

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Position is a place in a file. Lines and columns count from 1, columns in
// characters. The zero Position belongs to values that no file holds.
type Position struct {
	Line, Column int
}

// compare orders positions as they are read.
func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Place is where a part of a scenario stands, and where its fields do.
type Place struct {
	Position
	fields map[string]Position
}

// Of returns where the value of a field stands, such as "net.effect", or the
// part's own position where the field is absent.
func (p Place) Of(field string) Position {
	if at, ok := p.fields[field]; ok {
		return at
	}
	return p.Position
}

// Error is one thing that is wrong with a scenario file.
type Error struct {
	File    string
	Line    int
	Column  int
	Message string
	// Nearest is the allowed word that was probably meant, or "".
	Nearest string
	// Allowed lists the words that were possible, or is empty.
	Allowed []string
	// Source is the text of the line.
	Source string
}

// Error returns `FILE:LINE:COL: message` on one line.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	if e.Nearest != "" {
		text += "; did you mean " + e.Nearest + "?"
	}
	return text
}

// Detail returns the error over several lines: message, source line with a
// caret, and the allowed words. It ends with a newline.
func (e *Error) Detail() string {
	var b strings.Builder
	b.WriteString(e.Error())
	b.WriteByte('\n')
	if e.Source != "" {
		source, caret := clip(e.Source, e.Column)
		number := fmt.Sprintf("%5d | ", e.Line)
		b.WriteString(number + source + "\n")
		b.WriteString(strings.Repeat(" ", len(number)+caret) + "^\n")
	}
	if len(e.Allowed) > 0 {
		b.WriteString(Wrap("allowed: "+strings.Join(e.Allowed, ", "), 8))
	}
	return b.String()
}

// MarshalJSON writes the error as `drill check --json` prints it.
func (e *Error) MarshalJSON() ([]byte, error) {
	allowed := e.Allowed
	if allowed == nil {
		allowed = []string{}
	}
	return json.Marshal(struct {
		Line    int      `json:"line"`
		Column  int      `json:"column"`
		Message string   `json:"message"`
		Nearest string   `json:"nearest,omitempty"`
		Allowed []string `json:"allowed"`
	}{e.Line, e.Column, e.Message, e.Nearest, allowed})
}

// Errors are all the things that are wrong with one file, in the order of their
// places.
type Errors []*Error

// Error returns one line for each error.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Detail returns the details of all errors.
func (es Errors) Detail() string {
	var b strings.Builder
	for _, e := range es {
		b.WriteString(e.Detail())
	}
	return b.String()
}

// Unwrap returns the errors one by one, for errors.As.
func (es Errors) Unwrap() []error {
	all := make([]error, len(es))
	for i, e := range es {
		all[i] = e
	}
	return all
}

// Refuse returns an error at a place of this scenario, for a layer that cannot
// do what the file asks for. got is the word that was refused, or "", and
// allowed lists the words that would have been possible.
func (s *Scenario) Refuse(at Position, got string, allowed []string, message string) *Error {
	return newError(s.File, s.lines, at, got, allowed, message)
}

func newError(file string, lines []string, at Position, got string, allowed []string, message string) *Error {
	e := &Error{
		File: file, Line: max(at.Line, 1), Column: max(at.Column, 1),
		Message: message, Nearest: Nearest(got, allowed), Allowed: allowed,
	}
	if e.File == "" {
		e.File = "-"
	}
	if e.Line <= len(lines) {
		e.Source = lines[e.Line-1]
		e.Column = min(e.Column, utf8.RuneCountInString(e.Source)+1)
	}
	return e
}

// clip shortens a long source line to the part around the column, and returns
// how far from its start the caret stands.
func clip(source string, column int) (string, int) {
	const widest, before = 100, 50
	runes := []rune(strings.ReplaceAll(source, "\t", " "))
	caret := min(max(column-1, 0), len(runes))
	if len(runes) <= widest {
		return string(runes), caret
	}
	from := min(max(caret-before, 0), max(len(runes)-widest, 0))
	return string(runes[from:min(from+widest, len(runes))]), caret - from
}

// Wrap breaks a text into indented lines of at most 100 columns.
func Wrap(text string, indent int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
			b.WriteString(strings.Repeat(" ", indent) + word)
			column = indent + len(word)
		case column+1+len(word) > 100:
			b.WriteString("\n" + strings.Repeat(" ", indent) + word)
			column = indent + len(word)
		default:
			b.WriteString(" " + word)
			column += 1 + len(word)
		}
	}
	return b.String() + "\n"
}
