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

// Within returns the document with the map between its markers. The error says
// that it has none.
func (m *Map) Within(document string) (string, error) {
	before, rest, begins := strings.Cut(document, beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", fmt.Errorf("the document has no lines %q and %q", beginMark, endMark)
	}
	return before + beginMark + "\n" + m.Table() + endMark + after, nil
}
