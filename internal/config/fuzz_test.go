package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// FuzzDecode: whatever stands in a configuration file is read or refused with its
// place, is judged without a panic, and tells no secret when it is printed.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		"", "instance_id: n1\ngroup: g\n", "lease: {ttl: 3s, renew: 900ms}\n", "lease:\n  ttl: 3\n",
		"lise: {}\n",
		"webhook: {sources: {tv: {tokens: [abcdefghijklmnop]}}}\n", "admin_token: not-to-be-told\n",
		"a: &a [*a]\n",
		"production: maybe\n", "postgres:\n", "---\na: 1\n---\nb: 2\n", "broker: {class: E, url: ':'}\n",
		"? [a]\n: b\n",
		"lease: {<<: {ttl: 1s}}\n", "\t", "\xff", "group: \"\\ud800\"\n",
		"broker: {instruments: {X: {symbol: x, entry: buy}}}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		const secret = "a-secret-that-nobody-prints"
		c := Default()
		c.AdminToken = Secret(secret)
		err := decode("f.yaml", source, &c)
		var placed *Error
		switch {
		case errors.As(err, &placed):
			if placed.Line < 1 || placed.Column < 1 || placed.Message == "" || placed.Detail() == "" {
				t.Errorf("%q is refused without a place: %+v", source, placed)
			}
			return
		case err != nil:
			t.Fatalf("%q: %v is no *Error", source, err)
		}
		judged := c.Validate()
		for _, text := range []string{fmt.Sprintf("%v %+v %#v", c, c, c), fmt.Sprint(judged)} {
			if strings.Contains(text, secret) {
				t.Errorf("%q tells the secret: %s", source, text)
			}
		}
	})
}
