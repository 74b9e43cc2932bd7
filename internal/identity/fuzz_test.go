package identity_test

import (
	"testing"

	"fencepost/core"
	"fencepost/internal/identity"
)

// FuzzParse: a text is a token in one way only, and whatever stands in a store is
// never mistaken for nobody, nor for a process.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "n1|000000000000beef|12", "n1|0|1", "n1|000000000000beef|012", "a|b|c|d", "|000000000000beef|1",
		"n 1|x|1",
		"n1|000000000000BEEF|1", "n1|000000000000beef|4294967296", "\xff|000000000000beef|1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		instance, token, err := identity.Parse(text)
		read := identity.Read(text)
		switch {
		case text == "":
			if err == nil || read != (core.Token{}) {
				t.Errorf("nothing is %+v, %v", read, err)
			}
		case err != nil:
			if read.Nonce == 0 || read.Acquisition != 0 || identity.Instance(text) != text {
				t.Errorf("%q is no token, and is read as %+v of %q", text, read, identity.Instance(text))
			}
		case identity.Text(instance,
			token) != text || read != token || identity.CheckInstanceID(instance) != nil:
			t.Errorf("%q is %q, %+v, read as %+v", text, instance, token, read)
		}
	})
}
