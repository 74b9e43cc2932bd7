package access_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/access"
	"fencepost/internal/testbed/certs"
)

// secretFile writes a secret that only its owner may read, and returns where.
func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPasswordFileThatCannotBeUsedIsNamed(t *testing.T) {
	open := secretFile(t, "word")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	const dsn = "postgres://u@127.0.0.1:1/x"
	for file, says := range map[string]string{
		open:                  "everybody",
		"/nowhere/password":   "no such file",
		t.TempDir():           "no regular file",
		secretFile(t, "a\nb"): "one line",
	} {
		err := access.Postgres{PasswordFile: file}.Check(dsn)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), file) {
			t.Errorf("want %q of %s: %v", says, file, err)
		}
	}
	err := access.Postgres{PasswordFile: secretFile(t, "word")}.Check("postgres://u:hunter2@127.0.0.1:1/x")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("two passwords: %v", err)
	}
}

// An address that leaves encryption open names each host twice, once in the clear.
func TestNoHostIsLeftInTheClear(t *testing.T) {
	for _, mode := range []string{"prefer", "allow", "disable", "require"} {
		c, err := pgx.ParseConfig("postgres://u@one:1,two:2/x?sslmode=" + mode)
		if err != nil {
			t.Fatal(err)
		}
		p := access.Postgres{TLS: access.TLS{CAFile: certs.New(t).File}}
		if err := p.Prepare(c); err != nil {
			t.Fatal(err)
		}
		if c.TLSConfig == nil || c.TLSConfig.ServerName != "one" || c.TLSConfig.InsecureSkipVerify ||
			len(c.Fallbacks) != 1 {
			t.Fatalf("%s: %+v", mode, c)
		}
		other := c.Fallbacks[0]
		if other.TLSConfig == nil || other.TLSConfig.ServerName != "two" || other.Host != "two" {
			t.Errorf("%s: %+v", mode, other)
		}
	}
}

func TestFilesOfTLSAreReadAnewAndNamed(t *testing.T) {
	authority := certs.New(t)
	first, second := authority.Vouch("first"), authority.Vouch("second")
	way := access.TLS{CertFile: first.Cert, KeyFile: first.Key}
	before, err := way.Config("host")
	if err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{first.Cert: second.Cert, first.Key: second.Key} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	after, err := way.Config("host")
	if err != nil || bytes.Equal(after.Certificates[0].Certificate[0],
		before.Certificates[0].Certificate[0]) {
		t.Errorf("the certificate is the old one: %v", err)
	}
	if err := os.Chmod(first.Key, 0o644); err != nil {
		t.Fatal(err)
	}
	for says, t2 := range map[string]access.TLS{
		first.Key:      way,
		"both or neit": {CertFile: first.Cert},
		"holds no":     {CAFile: secretFile(t, "nothing")},
	} {
		if _, err := t2.Config("host"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q: %v", says, err)
		}
	}
}
