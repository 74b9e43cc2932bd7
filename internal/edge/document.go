package edge

import (
	"fmt"
	"strings"
)

// The markers between which a document holds what the map says.
const (
	beginMark = "<!-- begin: drill map -->"
	endMark   = "<!-- end: drill map -->"
)

// Fits tells whether the document has a place for a map. The error says what it
// lacks.
func Fits(document string) error {
	_, rest, begins := strings.Cut(document, beginMark)
	if !begins || !strings.Contains(rest, endMark) {
		return fmt.Errorf("the document has no lines %q and %q", beginMark, endMark)
	}
	return nil
}

// Within returns the document with the map between its markers. The error says
// that it has none.
func (m *Map) Within(document string) (string, error) {
	if err := Fits(document); err != nil {
		return "", err
	}
	before, rest, _ := strings.Cut(document, beginMark)
	_, after, _ := strings.Cut(rest, endMark)
	return before + beginMark + "\n" + m.Table() + endMark + after, nil
}
