package tape

import (
	"fmt"
	"strconv"
	"strings"
)

// List is a recorded or written tape: some draws by name, and what answers the
// others, a seed or zero.
type List struct {
	Seed    uint64
	Seeded  bool // whether Seed counts
	Entries []Entry
}

// Entry is the answer of one draw. A site or an actor that this program does
// not know is kept: it counts as unused.
type Entry struct {
	Site  string
	Actor string
	Nth   uint32
	Bits  uint64
}

// Name returns the draw that the entry answers. It reports false if there can
// be none.
func (e *Entry) Name() (Name, bool) {
	site, ok := Named(e.Site)
	if !ok {
		return Name{}, false
	}
	actor, ok := parseActor(site.Kind(), e.Actor)
	return Name{site, actor, e.Nth}, ok
}

// String returns the entry as a line of a tape, such as `clock n1 0 = 0x2a`.
func (e *Entry) String() string {
	return e.Site + " " + e.Actor + " " + strconv.FormatUint(uint64(e.Nth), 10) +
		" = 0x" + strconv.FormatUint(e.Bits, 16)
}

// rest begins the line that says what answers the draws that are not named.
const rest = "rest"

// Text returns the tape as text: one draw a line.
func (l *List) Text() string {
	var text strings.Builder
	if l.Seeded {
		text.WriteString(rest + " = seed " + strconv.FormatUint(l.Seed, 10) + "\n")
	}
	for i := range l.Entries {
		text.WriteString(l.Entries[i].String())
		text.WriteByte('\n')
	}
	return text.String()
}

// Error is what is wrong with a tape's text, and where. Lines and columns count
// from 1, columns in bytes.
type Error struct {
	File    string
	Line    int
	Column  int
	Message string
	// Source is the text of the line. Got is the word that is none of Allowed,
	// where that is what is wrong.
	Source  string
	Got     string
	Allowed []string
}

// Error returns `FILE:LINE:COL: message`.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Parse reads a tape. Each line is one draw, `SITE ACTOR NTH = BITS`; the first
// may be `rest = seed N`, which answers what no line names (zero does
// otherwise). Empty lines, and what follows a #, say nothing. The error is an
// *Error.
func Parse(file, text string) (*List, error) {
	l, _, err := parse(file, text)
	return l, err
}

// parse is Parse, and tells where each entry stands.
func parse(file, text string) (*List, []place, error) {
	l, places := &List{}, []place(nil)
	first := map[Entry]int{}
	for number, source := range strings.Split(text, "\n") {
		line, _, _ := strings.Cut(source, "#")
		words := split(line)
		if len(words) == 0 {
			continue
		}
		wrong := func(column int, format string, args ...any) error {
			return &Error{
				File: file, Line: number + 1, Column: column, Source: source,
				Message: fmt.Sprintf(format, args...),
			}
		}
		if words[0].text == rest {
			if l.Seeded || len(l.Entries) > 0 {
				return nil, nil, wrong(words[0].column, "%s stands once, before all draws", rest)
			}
			if err := l.parseRest(words, len(line), wrong); err != nil {
				return nil, nil, err
			}
			continue
		}
		e, err := parseEntry(words, len(line), wrong)
		if err != nil {
			return nil, nil, err
		}
		draw := e
		draw.Bits = 0
		if before, twice := first[draw]; twice {
			return nil, nil, wrong(words[0].column, "line %d answers the same draw", before)
		}
		first[draw] = number + 1
		l.Entries, places = append(l.Entries, e), append(places, place{number + 1, source})
	}
	return l, places, nil
}

// word is one word of a line.
type word struct {
	text   string
	column int
}

// split cuts a line into words.
func split(line string) []word {
	var words []word
	begin := -1
	for i := 0; i <= len(line); i++ {
		blank := i == len(line) || line[i] == ' ' || line[i] == '\t' || line[i] == '\r'
		switch {
		case blank && begin >= 0:
			words = append(words, word{line[begin:i], begin + 1})
			begin = -1
		case !blank && begin < 0:
			begin = i
		}
	}
	return words
}

// complaint makes an error of a column and a message.
type complaint func(column int, format string, args ...any) error

// parseRest reads `rest = seed N`.
func (l *List) parseRest(words []word, end int, wrong complaint) error {
	for i, want := range []string{rest, "=", "seed"} {
		if i >= len(words) {
			return wrong(end+1, "the line breaks off; it reads %s = seed N", rest)
		}
		if words[i].text != want {
			return wrong(words[i].column, "%q where %s belongs", words[i].text, want)
		}
	}
	if len(words) < 4 {
		return wrong(end+1, "the seed is missing")
	}
	seed, err := strconv.ParseUint(words[3].text, 10, 64)
	if err != nil {
		return wrong(words[3].column, "%q is no seed: a whole number of at most 64 bits", words[3].text)
	}
	if len(words) > 4 {
		return wrong(words[4].column, "%q follows the seed", words[4].text)
	}
	l.Seed, l.Seeded = seed, true
	return nil
}

// parseEntry reads `SITE ACTOR NTH = BITS`.
func parseEntry(words []word, end int, wrong complaint) (Entry, error) {
	parts := []string{"a site", "an actor (- for nobody)", "a number of the draw", "=", "an answer"}
	if len(words) < len(parts) {
		return Entry{}, wrong(end+1, "the line breaks off before %s", parts[len(words)])
	}
	if len(words) > len(parts) {
		return Entry{}, wrong(words[5].column, "%q follows the answer", words[5].text)
	}
	nth, err := strconv.ParseUint(words[2].text, 10, 32)
	if err != nil {
		return Entry{}, wrong(words[2].column, "%q is no number of a draw: a whole number from 0",
			words[2].text)
	}
	if words[3].text != "=" {
		return Entry{}, wrong(words[3].column, "%q where = belongs", words[3].text)
	}
	bits, err := strconv.ParseUint(words[4].text, 0, 64)
	if err != nil {
		return Entry{}, wrong(words[4].column,
			"%q is no answer: a whole number of at most 64 bits, as 42 or 0x2a", words[4].text)
	}
	return Entry{Site: words[0].text, Actor: words[1].text, Nth: uint32(nth), Bits: bits}, nil
}
