package assault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"unicode"
	"unicode/utf8"
)

// logbook reads the logs of all nodes as they grow.
type logbook struct {
	files   []string
	offsets []int64
	secrets map[string]string
	seen    LogSeen
}

// mostUnsafe is how many unsafe lines are kept, and maxLine the most bytes of a line
// about one request: whoever is refused must not fill the disk by it.
const (
	mostUnsafe = 20
	maxLine    = 4 << 10
)

// newLogbook begins at the ends of the logs as they are.
func newLogbook(p *Place) (*logbook, error) {
	l := &logbook{secrets: p.Secrets, seen: LogSeen{Unsafe: []string{}}}
	for _, n := range p.Nodes {
		if n.Log == "" {
			continue
		}
		about, err := os.Stat(n.Log)
		if err != nil {
			return nil, fmt.Errorf("read logs: %w", err)
		}
		l.files, l.offsets = append(l.files, n.Log), append(l.offsets, about.Size())
	}
	if len(l.files) == 0 {
		return nil, nil
	}
	return l, nil
}

// turn reads what was written since, and returns how many lines tell of a refused
// request.
func (l *logbook) turn() (refusals int, err error) {
	for i, name := range l.files {
		text, err := tail(name, l.offsets[i])
		if err != nil {
			return refusals, fmt.Errorf("read logs: %w", err)
		}
		text = text[:bytes.LastIndexByte(text, '\n')+1]
		l.offsets[i] += int64(len(text))
		for line := range bytes.Lines(text) {
			l.seen.Lines++
			line = bytes.TrimSuffix(line, []byte("\n"))
			if tellsOfRefusal(line) {
				refusals++
			}
			l.look(line)
		}
	}
	l.seen.Refusals += refusals
	return refusals, nil
}

// tail reads a file from an offset on.
func tail(name string, from int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		return nil, err
	}
	text := make([]byte, max(0, about.Size()-from))
	n, err := file.ReadAt(text, from)
	if n == len(text) {
		err = nil
	}
	return text[:n], err
}

// genuineSource is the source that sends all the while in a cluster of the assault's own.
// What it is refused is judged by its own count.
const genuineSource = "demo"

// tellsOfRefusal tells whether a line is about an answer that refuses an attacker.
func tellsOfRefusal(line []byte) bool {
	var said struct {
		Status int    `json:"status"`
		Source string `json:"source"`
	}
	return json.Unmarshal(line, &said) == nil && said.Status >= 400 && said.Source != genuineSource
}

// look keeps a line that a log must not have.
func (l *logbook) look(line []byte) {
	what := ""
	switch {
	case len(line) > maxLine:
		what = fmt.Sprintf("%d bytes", len(line))
	case !utf8.Valid(line):
		what = "what is no UTF-8"
	case slices.ContainsFunc([]rune(string(line)), breaks):
		what = "a control or format character"
	}
	for name, secret := range l.secrets {
		if bytes.Contains(line, []byte(secret)) {
			what = name
			line = bytes.ReplaceAll(line, []byte(secret), []byte("***"))
		}
	}
	if what != "" && len(l.seen.Unsafe) < mostUnsafe {
		l.seen.Unsafe = append(l.seen.Unsafe, fmt.Sprintf("%s: %.300q", what, line))
	}
}

// breaks reports characters that end a line, that a terminal obeys, or that show a
// person another line than there is.
func breaks(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
