package detect

import (
	"fmt"
	"strings"
)

// The markers between which a document holds what was measured.
const (
	beginMark = "<!-- begin: drill detect -->"
	endMark   = "<!-- end: drill detect -->"
)

// Fits tells whether the document has a place for a report. The error says what it
// lacks.
func Fits(document string) error {
	_, rest, begins := strings.Cut(document, beginMark)
	if !begins || !strings.Contains(rest, endMark) {
		return fmt.Errorf("the document has no lines %q and %q", beginMark, endMark)
	}
	return nil
}

// Within returns the document with the report between its markers. The error says
// that it has none.
func (r *Report) Within(document string) (string, error) {
	if err := Fits(document); err != nil {
		return "", err
	}
	before, rest, _ := strings.Cut(document, beginMark)
	_, after, _ := strings.Cut(rest, endMark)
	return before + beginMark + "\n" + r.Table() + endMark + after, nil
}
