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

// newTokens takes the tokens of each source.
func newTokens(sources map[string][]string) tokens {
	var all tokens
	for source, live := range sources {
		for _, token := range live {
			all = append(all, knownToken{sum: sha256.Sum256([]byte(token)), source: source})
		}
	}
	return all
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
