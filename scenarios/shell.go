package scenarios

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ShellWord quotes a word that a shell would read as something else.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		word := r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
		return word || strings.ContainsRune("-_./+@%:,", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
