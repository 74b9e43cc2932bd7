package intake

import (
	"crypto/sha256"
	"crypto/subtle"
)

// tokens knows the live path tokens of every source.
type tokens []knownToken

type knownToken struct {
	sum    [sha256.Size]byte
	source string
}

// add takes the tokens of a source.
func (t *tokens) add(source string, live []string) {
	for _, token := range live {
		*t = append(*t, knownToken{sum: sha256.Sum256([]byte(token)), source: source})
	}
}

// source returns whose token it is. It looks at all tokens, and at all of each,
// so that the time it takes tells nothing about them.
func (t tokens) source(token string) (name string, ok bool) {
	sum := sha256.Sum256([]byte(token))
	for i := range t {
		if subtle.ConstantTimeCompare(t[i].sum[:], sum[:]) == 1 {
			name, ok = t[i].source, true
		}
	}
	return name, ok
}
