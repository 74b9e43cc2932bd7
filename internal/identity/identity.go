package identity

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"

	"fencepost/core"
)

// MaxInstanceID is the longest instance id, in bytes.
const MaxInstanceID = 128

// bar separates the parts of a token. An instance id does not contain it.
const bar = "|"

// CheckInstanceID says what is wrong with an instance id: it must not be
// empty, not longer than MaxInstanceID, and printable without blanks and bars.
func CheckInstanceID(id string) error {
	if id == "" {
		return errors.New("instance id: must not be empty")
	}
	if len(id) > MaxInstanceID {
		return fmt.Errorf("instance id of %d bytes: at most %d", len(id), MaxInstanceID)
	}
	for i, r := range id {
		if r == '|' || r == unicode.ReplacementChar || !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			return fmt.Errorf("instance id %q: character %q at byte %d is not allowed", id, r, i)
		}
	}
	return nil
}

// NonceText returns the nonce as it stands in the stores.
func NonceText(n core.Nonce) string { return fmt.Sprintf("%016x", uint64(n)) }

// Suffix returns what a token's text ends in, whatever the instance is called.
func Suffix(t core.Token) string {
	return bar + NonceText(t.Nonce) + bar + strconv.FormatUint(uint64(t.Acquisition), 10)
}

// Text returns the token as it stands in the stores.
func Text(instance string, t core.Token) string { return instance + Suffix(t) }

// Parse reads a token's text. Its errors name the part that is wrong.
func Parse(text string) (instance string, t core.Token, err error) {
	parts := strings.Split(text, bar)
	if len(parts) != 3 {
		return "", core.Token{}, fmt.Errorf("token %q: want instance_id|nonce|acquisition", text)
	}
	if err := CheckInstanceID(parts[0]); err != nil {
		return "", core.Token{}, fmt.Errorf("token %q: %w", text, err)
	}
	nonce, err := strconv.ParseUint(parts[1], 16, 64)
	if err != nil || NonceText(core.Nonce(nonce)) != parts[1] || nonce == 0 {
		return "", core.Token{},
			fmt.Errorf("token %q: nonce %q: want sixteen hexadecimal digits", text, parts[1])
	}
	acquisition, err := strconv.ParseUint(parts[2], 10, 32)
	if err != nil || strconv.FormatUint(acquisition, 10) != parts[2] || acquisition == 0 {
		return "", core.Token{}, fmt.Errorf("token %q: acquisition %q: want a number from 1", text, parts[2])
	}
	return parts[0], core.Token{Nonce: core.Nonce(nonce), Acquisition: uint32(acquisition)}, nil
}

// Read returns the token of a text found in a store. The empty text is no
// token. A text that somebody else wrote there is no token of ours either, and
// must not be mistaken for "nobody": it gets a token made from its hash, with
// acquisition zero, which no process uses.
func Read(text string) core.Token {
	if text == "" {
		return core.Token{}
	}
	_, t, err := Parse(text)
	if err == nil {
		return t
	}
	h := fnv.New64a()
	h.Write([]byte(text))
	return core.Token{Nonce: core.Nonce(max(h.Sum64(), 1))}
}

// Instance returns the instance id in front of a token's text, and the whole
// text if it is no token of ours.
func Instance(text string) string {
	instance, _, err := Parse(text)
	if err != nil {
		return text
	}
	return instance
}
