package scenarios

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestAPlainTextIsOneThatNeedsNoQuotes(t *testing.T) {
	want := regexp.MustCompile(`^([A-Za-z0-9$_]|[-+][0-9])([A-Za-z0-9$_%/.<>+ -]*[A-Za-z0-9$_%/.<>+-])?$`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("aZ09$_%/.<>+- :,{é"))).Draw(t, "text")
		if plain(text) != want.MatchString(text) {
			t.Fatalf("%q is plain: %v", text, plain(text))
		}
	})
}
