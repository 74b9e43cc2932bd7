package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/config"
)

// file writes a configuration file.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fencepost.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const full = `
instance_id: blue-1
group: desk
production: false
eligible: false
listen: 0.0.0.0:80
admin_listen: 127.0.0.1:9000
admin_token: an-admin-token-of-some-length
stale_after: 9s
intake: leader-only
unsafe_test_seams: true
postgres: {dsn: "postgres://u:hunter2@db/x", conns: 4}
redis: {addr: "127.0.0.1:6379", password: 12345678, db: 2}
broker: {url: "http://127.0.0.1:9600", class: B, late_arrival_bound: 3s, timeout: 700ms}
lease: {profile: fast, renew: 800ms}
webhook:
  sources:
    tradingview: {tokens: [abcdefghijklmnop, ponmlkjihgfedcba]}
log: {format: text, level: debug}
`

func TestFileSetsWhatItNames(t *testing.T) {
	c, err := config.Load(file(t, full), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	tokens := c.Webhook.Sources["tradingview"].Tokens
	if c.Redis.Password.Reveal() != "12345678" || len(tokens) != 2 || tokens[1] != "ponmlkjihgfedcba" {
		t.Errorf("password %q, %d tokens", c.Redis.Password.Reveal(), len(tokens))
	}
	p := c.Protocol()
	want := core.Fast()
	want.Renew, want.BrokerTimeout = 800*time.Millisecond, 700*time.Millisecond
	want.StaleAfter = 9 * time.Second
	want.Broker = order.ClassB.Capability()
	want.Broker.LateArrivalBound = 3 * time.Second
	want.Ineligible, want.LeaderOnly = true, true
	if p != want {
		t.Errorf("protocol %+v\nwant     %+v", p, want)
	}
}

func TestNothingIsSetThatIsNotNamed(t *testing.T) {
	c, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	if c.InstanceID == "" || c.Protocol() != core.Default() || c.Listen != want.Listen || !c.Production {
		t.Errorf("%+v", c)
	}
	for _, text := range []string{"", "\n", "# nothing\n", "---\n# nothing\n"} {
		if empty, err := config.Load(file(t, text), nil); err != nil || empty.Listen != want.Listen {
			t.Errorf("file %q: %v", text, err)
		}
	}
}

func TestBadFileIsRefusedWithItsPlaceAndTheNearestWord(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
		says         string
		nearest      string
	}{
		{"lsten: x\n", 1, 1, `unknown setting "lsten"`, "listen"},
		{"lease:\n  ttl: 10s\n  renw: 3s\n", 3, 3, `unknown setting "renw"`, "renew"},
		{"webhook:\n  sources:\n    tv:\n      token: [x]\n", 4, 7, `unknown setting "token"`, "tokens"},
		{"lease: {ttl: 10}\n", 1, 14, "write it with its unit", ""},
		{"broker: {class: E}\n", 1, 17, "not one of A, B, C, D", ""},
		{"intake: leader_only\n", 1, 9, "not one of any, leader-only", ""},
		{"group: a\ngroup: b\n", 2, 1, "already defined", ""},
		{"eligible: perhaps\n", 1, 11, "cannot unmarshal", ""},
		{"group: a\n---\ngroup: b\n", 1, 1, "several documents", ""},
		{"redis: 7\n", 1, 8, "", ""},
		{"lease:\n\tttl: 1s\n", 2, 1, "", ""},
		{"group: a\nlog:\nintake: any\n", 2, 1, "without a value", ""},
		{"lease: {ttl: }\n", 1, 9, "without a value", ""},
		{"postgres: {dsn: [a]}\n", 1, 17, "single value", ""},
	} {
		_, err := config.Load(file(t, c.text), nil)
		var refused *config.Error
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if refused.Line != c.line || refused.Column != c.column || refused.Nearest != c.nearest {
			t.Errorf("%q: %v, want %d:%d and %q", c.text, err, c.line, c.column, c.nearest)
		}
		if !strings.Contains(refused.Message, c.says) {
			t.Errorf("%q: says %q, want %q", c.text, refused.Message, c.says)
		}
	}
}

func TestErrorShowsTheLineAndTheAllowedWords(t *testing.T) {
	_, err := config.Load(file(t, "log:\n  formt: json\n"), nil)
	var refused *config.Error
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	detail := refused.Detail()
	for _, part := range []string{
		"fencepost.yaml:2:3:", "did you mean format?", "  formt: json", "allowed: format, level",
	} {
		if !strings.Contains(detail, part) {
			t.Errorf("%q is not in:\n%s", part, detail)
		}
	}
}

func TestEnvironmentStandsOverTheFile(t *testing.T) {
	c, err := config.Load(file(t, full), []string{
		"PATH=/bin", "FENCEPOST_LEASE_TTL=4s", "FENCEPOST_POSTGRES_DSN=postgres://other/x",
		"FENCEPOST_ELIGIBLE=true", "FENCEPOST_POSTGRES_CONNS=2", "FENCEPOST_CONFIG=x", "FENCEPOST_CACHE=y",
		"FENCEPOST_REDIS_SERVER=y",
		"FENCEPOST_WEBHOOK_SOURCES_DESK_TOKENS=aaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbb",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Protocol().TTL != 4*time.Second || c.Postgres.DSN.Reveal() != "postgres://other/x" || !c.Eligible ||
		c.Postgres.Conns != 2 {
		t.Errorf("%+v", c)
	}
	if desk := c.Webhook.Sources["desk"].Tokens; len(desk) != 2 || desk[1] != "bbbbbbbbbbbbbbbb" {
		t.Errorf("tokens %d", len(desk))
	}
	for variable, says := range map[string]string{
		"FENCEPOST_LEASE_TLL=4s":           "did you mean FENCEPOST_LEASE_TTL?",
		"FENCEPOST_LEASE_TTL=4":            "unit",
		"FENCEPOST_ELIGIBLE=ja":            "neither true nor false",
		"FENCEPOST_POSTGRES_CONNS=two":     "no whole number",
		"FENCEPOST_WEBHOOK_SOURCES_X=a":    "NAME_TOKENS",
		"FENCEPOST_WEBHOOK_SOURCES=a":      "set in the file",
		"FENCEPOST_BROKER_CLASS=Z":         "not one of A, B, C, D",
		"FENCEPOST_SOMETHING_ELSE_WHOLLY=": "unknown setting",
	} {
		if _, err := config.Load("", []string{variable}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", variable, err, says)
		}
	}
}

func TestSecretsAreReadFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dsn, token := write("dsn", "postgres://secret\n"), write("token", "qrstuvwxyzabcdef")
	text := "postgres: {dsn_file: " + dsn + "}\nwebhook: {sources: {tv: {token_files: [" + token + "]}}}\n"
	c, err := config.Load(file(t, text), []string{"FENCEPOST_ADMIN_TOKEN_FILE=" + token})
	if err != nil {
		t.Fatal(err)
	}
	if c.Postgres.DSN.Reveal() != "postgres://secret" || c.AdminToken != "qrstuvwxyzabcdef" ||
		c.Webhook.Sources["tv"].Tokens[0] != "qrstuvwxyzabcdef" {
		t.Errorf("%q %q", c.Postgres.DSN.Reveal(), c.AdminToken.Reveal())
	}
	for name, environ := range map[string][]string{
		"missing":    {"FENCEPOST_POSTGRES_DSN_FILE=" + dir + "/none"},
		"empty":      {"FENCEPOST_POSTGRES_DSN_FILE=" + write("empty", "\n")},
		"both":       {"FENCEPOST_POSTGRES_DSN_FILE=" + dsn, "FENCEPOST_POSTGRES_DSN=x"},
		"many lines": {"FENCEPOST_BROKER_SECRET_FILE=" + write("two", "a\nb\n")},
	} {
		if _, err := config.Load("", environ); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
