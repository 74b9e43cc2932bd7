package tape

import (
	"fmt"
	"strings"
)

// Read is as Parse, and refuses what cannot be the tape of any run of this
// program: one without a line, and a draw that no site of it makes.
func Read(file, text string) (*List, error) {
	l, places, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	if !l.Seeded && len(l.Entries) == 0 {
		return nil, &Error{
			File: file, Line: 1, Column: 1,
			Message: "the tape is empty; a line is a draw, SITE ACTOR NTH = BITS, or at first rest = seed N",
		}
	}
	for i := range l.Entries {
		if wrong := l.Entries[i].misnamed(); wrong != nil {
			wrong.File, wrong.Line, wrong.Source = file, places[i].line, places[i].source
			wrong.Column = 1 + max(strings.Index(wrong.Source, wrong.Got), 0)
			return nil, wrong
		}
	}
	return l, nil
}

// misnamed says why no run of this program can make the draw, or returns nil.
func (e *Entry) misnamed() *Error {
	site, ok := Named(e.Site)
	if !ok {
		wrong := &Error{Message: e.Site + " is no site of this program", Got: e.Site}
		for _, known := range All() {
			wrong.Allowed = append(wrong.Allowed, known.String())
		}
		return wrong
	}
	if _, ok := parseActor(site.Kind(), e.Actor); ok {
		return nil
	}
	for _, kind := range []struct {
		kind Kind
		whom string
	}{
		{World, "for nobody: the actor is -"},
		{Nodes, "for nodes: the actor is n1, n2 and so on"},
		{Steps, "for steps: the actor is a step's id, or its number from 1"},
	} {
		if kind.kind == site.Kind() {
			text := fmt.Sprintf("%s draws %s, not %s", e.Site, kind.whom, e.Actor)
			return &Error{Message: text, Got: e.Actor}
		}
	}
	return nil
}

// place is where an entry was read.
type place struct {
	line   int
	source string
}
