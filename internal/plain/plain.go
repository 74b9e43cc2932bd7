package plain

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Unseen reports whether a character is written as its number: control and format
// characters, among them those that change the direction of a text, line and
// paragraph separators, and what Unicode leaves to private use.
func Unseen(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}

// Text writes everything unseen as its number, line breaks and tabs among it: for a
// cell of a table, which must not begin another.
func Text(text string) string { return escape(text, "") }

// Writer writes to another and leaves line breaks and tabs as they are. Each Write
// must end with a whole character.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ w io.Writer }

// Write writes the text in its plain form, all of it or an error.
func (w writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.w, escape(string(p), "\n\t")); err != nil {
		return 0, err
	}
	return len(p), nil
}

// escape escapes all that is unseen but what is kept.
func escape(text, kept string) string {
	begin := strings.IndexFunc(text, func(r rune) bool {
		return r == utf8.RuneError || Unseen(r) && !strings.ContainsRune(kept, r)
	})
	if begin < 0 {
		return text
	}
	var out strings.Builder
	out.WriteString(text[:begin])
	for at, r := range text[begin:] {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[begin+at:], string(utf8.RuneError)):
			out.WriteString(`\ufffd`) // a byte that is no character
		case !Unseen(r) || strings.ContainsRune(kept, r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
