package identity_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fencepost/core"
	"fencepost/internal/identity"
)

func TestTextAndParseAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		instance := rapid.StringMatching(`[A-Za-z0-9._:-]{1,40}`).Draw(t, "instance")
		token := core.Token{
			Nonce:       core.Nonce(rapid.Uint64Min(1).Draw(t, "nonce")),
			Acquisition: rapid.Uint32Min(1).Draw(t, "acquisition"),
		}
		text := identity.Text(instance, token)
		gotInstance, got, err := identity.Parse(text)
		if err != nil || gotInstance != instance || got != token {
			t.Fatalf("%q reads as %q, %+v, %v", text, gotInstance, got, err)
		}
		if identity.Read(text) != token || identity.Instance(text) != instance {
			t.Fatalf("%q is read in two ways", text)
		}
		if !strings.HasSuffix(text, identity.Suffix(token)) {
			t.Fatalf("%q does not end in %q", text, identity.Suffix(token))
		}
	})
}

func TestTokenHasItsFixedForm(t *testing.T) {
	got := identity.Text("n1", core.Token{Nonce: 0xbeef, Acquisition: 12})
	if want := "n1|000000000000beef|12"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}

func TestParseNamesTheWrongPart(t *testing.T) {
	for text, word := range map[string]string{
		"":                                "want instance_id|nonce|acquisition",
		"n1":                              "want instance_id|nonce|acquisition",
		"a|b|000000000000beef|1":          "want instance_id|nonce|acquisition",
		"|000000000000beef|1":             "must not be empty",
		"n 1|000000000000beef|1":          "character ' ' at byte 1",
		"n1|beef|1":                       `nonce "beef"`,
		"n1|000000000000BEEF|1":           `nonce "000000000000BEEF"`,
		"n1|0000000000000000|1":           `nonce "0000000000000000"`,
		"n1|000000000000beef|0":           `acquisition "0"`,
		"n1|000000000000beef|01":          `acquisition "01"`,
		"n1|000000000000beef|x":           `acquisition "x"`,
		"n1|000000000000beef|99999999999": `acquisition "99999999999"`,
	} {
		if _, _, err := identity.Parse(text); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v, want %q", text, err, word)
		}
	}
}

func TestForeignTextIsSomebodyAndNobodyOfOurs(t *testing.T) {
	if !identity.Read("").IsZero() {
		t.Error("nothing is somebody")
	}
	a, b := identity.Read("set by hand"), identity.Read("set by another hand")
	if a.IsZero() || b.IsZero() || a == b || a.Acquisition != 0 {
		t.Errorf("foreign texts read as %+v and %+v", a, b)
	}
	if got := identity.Instance("set by hand"); got != "set by hand" {
		t.Errorf("instance of a foreign text: %q", got)
	}
}

func TestInstanceIDsThatCannotBeWrittenAreRefused(t *testing.T) {
	for _, id := range []string{"", "a|b", "a b", "a\nb", "\xff", strings.Repeat("a", 129)} {
		if identity.CheckInstanceID(id) == nil {
			t.Errorf("%q is allowed", id)
		}
	}
	for _, id := range []string{"n1", "server-1:8080", "Zürich_2", strings.Repeat("a", 128)} {
		if err := identity.CheckInstanceID(id); err != nil {
			t.Error(err)
		}
	}
}
