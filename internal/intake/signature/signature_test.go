package signature_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"fencepost/internal/intake/signature"
)

// The example of the convention itself, made by another program.
const (
	exampleSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	exampleID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	exampleAt     = 1614265330
	exampleBody   = `{"test": 2432232314}`
	exampleSigned = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func secret(t testing.TB, text string) signature.Secret {
	t.Helper()
	s, err := signature.ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func headers(id, at, signed string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", at)
	h.Set("webhook-signature", signed)
	return h
}

func TestExampleOfTheConventionIsVerified(t *testing.T) {
	s, at := secret(t, exampleSecret), time.Unix(exampleAt, 0)
	if got := signature.Sign(s, exampleID, at, []byte(exampleBody)); got != exampleSigned {
		t.Fatalf("signed %s", got)
	}
	other := secret(t, "whsec_"+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("o", 32))))
	for name, c := range map[string]struct {
		body, signed string
		secrets      []signature.Secret
		good         bool
	}{
		"as it is":               {exampleBody, exampleSigned, []signature.Secret{s}, true},
		"beside another version": {exampleBody, "v1a,xx " + exampleSigned, []signature.Secret{s}, true},
		"beside one of another key": {
			exampleBody, signature.Sign(other, exampleID, at, nil) + " " + exampleSigned,
			[]signature.Secret{s},
			true,
		},
		"with a second secret": {exampleBody, exampleSigned, []signature.Secret{other, s}, true},
		"with another secret":  {exampleBody, exampleSigned, []signature.Secret{other}, false},
		"without a secret":     {exampleBody, exampleSigned, nil, false},
		"another body":         {exampleBody + " ", exampleSigned, []signature.Secret{s}, false},
	} {
		claim, err := signature.Parse(headers(exampleID, "1614265330", c.signed))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := claim.Verify([]byte(c.body), c.secrets); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, moved := range []http.Header{
		headers(exampleID+"x", "1614265330", exampleSigned), headers(exampleID, "1614265331", exampleSigned),
	} {
		claim, err := signature.Parse(moved)
		if err != nil {
			t.Fatal(err)
		}
		if claim.Verify([]byte(exampleBody), []signature.Secret{s}) == nil {
			t.Errorf("%v is verified", moved)
		}
	}
}

func TestHeaderThatIsWrongIsNamed(t *testing.T) {
	signed := exampleSigned
	for _, c := range []struct{ id, at, signed, field string }{
		{"", "1", signed, "webhook-id"},
		{"a b", "1", signed, "webhook-id"},
		{"a\x7f", "1", signed, "webhook-id"},
		{strings.Repeat("a", 129), "1", signed, "webhook-id"},
		{"a", "", signed, "webhook-timestamp"},
		{"a", "-1", signed, "webhook-timestamp"},
		{"a", "+1", signed, "webhook-timestamp"},
		{"a", "1.5", signed, "webhook-timestamp"},
		{"a", "2026-01-01T00:00:00Z", signed, "webhook-timestamp"},
		{"a", "1234567890123", signed, "webhook-timestamp"},
		{"a", "1", "", "webhook-signature"},
		{"a", "1", "v2,abc", "webhook-signature"},
		{"a", "1", "v1", "webhook-signature"},
		{"a", "1", "v1,", "webhook-signature"},
		{"a", "1", "v1,AAAA", "webhook-signature"},
		{"a", "1", signed + "=", "webhook-signature"},
		{"a", "1", strings.Repeat(signed+" ", 17), "webhook-signature"},
	} {
		_, err := signature.Parse(headers(c.id, c.at, c.signed))
		var said *signature.Error
		if !errors.As(err, &said) || said.Field != c.field || said.Reason == "" {
			t.Errorf("%q %q %.40q: %v, want %s", c.id, c.at, c.signed, err, c.field)
		}
	}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		h := headers("a", "1", signed)
		h.Add(name, "1")
		var said *signature.Error
		if _, err := signature.Parse(h); !errors.As(err, &said) || said.Field != name {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}

func TestInstantOutsideTheToleranceIsRefused(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for at, good := range map[string]bool{
		"1000000": true, "999700": true, "1000300": true, "999699": false, "1000301": false,
		"999999999999": false,
		"0":            false,
	} {
		claim, err := signature.Parse(headers("a", at, exampleSigned))
		if err != nil {
			t.Fatal(err)
		}
		var said *signature.Error
		err = claim.Recent(now, 5*time.Minute)
		named := errors.As(err, &said) && said.Field == "webhook-timestamp"
		if (err == nil) != good || !good && !named {
			t.Errorf("%s: %v", at, err)
		}
	}
}

func TestSecretIsReadAndNeverSaid(t *testing.T) {
	long := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", 65)))
	for _, text := range []string{
		"", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa",
		"whsec_!!", long,
	} {
		_, err := signature.ParseSecret(text)
		if err == nil || len(text) > 6 && strings.Contains(err.Error(), text[6:]) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzParse: headers are read or refused with a name, and no signature that was
// not made with the secret is verified.
func FuzzParse(f *testing.F) {
	s := secret(f, exampleSecret)
	f.Add(exampleID, "1614265330", exampleSigned, []byte(exampleBody))
	f.Add("a", "1", "v1a,x v1,"+strings.Repeat("A", 43)+"=", []byte(nil))
	f.Fuzz(func(t *testing.T, id, at, signed string, body []byte) {
		claim, err := signature.Parse(headers(id, at, signed))
		if err != nil {
			var said *signature.Error
			if !errors.As(err, &said) || said.Reason == "" || !strings.HasPrefix(said.Field, "webhook-") {
				t.Fatalf("%v", err)
			}
			return
		}
		if claim.ID != id || len(id) > 128 {
			t.Fatalf("%q is read as %q", id, claim.ID)
		}
		good := strings.Contains(signed, exampleSigned) && id == exampleID && string(body) == exampleBody
		if err := claim.Verify(body, []signature.Secret{s}); err == nil && !good {
			t.Fatalf("verified: %q %q %q %q", id, at, signed, body)
		}
		again := signature.Sign(s, claim.ID, claim.At, body)
		other, err := signature.Parse(headers(id, signature.Timestamp(claim.At), again))
		if err != nil || other.Verify(body, []signature.Secret{s}) != nil {
			t.Fatalf("what was signed is not verified: %v", err)
		}
		_ = claim.Recent(time.Unix(1614265330, 0), time.Minute)
	})
}
