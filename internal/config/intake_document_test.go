package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"fencepost/internal/config"
	"fencepost/internal/intake/payload"
)

// guide is the document about senders.
func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/INTAKE.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block returns the document's indented text that begins with those words.
func block(t *testing.T, begins string) string {
	t.Helper()
	_, rest, found := strings.Cut(guide(t), "\n    "+begins)
	if !found {
		t.Fatalf("the document shows no %q", begins)
	}
	lines := []string{begins}
	for i, line := range strings.Split(rest, "\n") {
		inside, indented := strings.CutPrefix(line, "    ")
		if i == 0 {
			lines[0] += line
			continue
		}
		if !indented {
			break
		}
		lines = append(lines, inside)
	}
	return strings.Join(lines, "\n") + "\n"
}

// documented loads the configuration that the document shows.
func documented(t *testing.T) *config.Config {
	t.Helper()
	secrets := t.TempDir()
	for name, text := range map[string]string{
		"tradingview-token": "a-token-of-the-document", "desk-token": "another-token-of-the-document",
		"desk-signing": signing,
	} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(file(t, strings.ReplaceAll(block(t, "webhook:"), "/run/secrets", secrets)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigurationOfTheDocumentIsTaken(t *testing.T) {
	c := documented(t)
	whole := valid()
	whole.Webhook = c.Webhook
	if err := whole.Validate(); err != nil {
		t.Fatal(err)
	}
	if len(c.Webhook.Sources) != 2 || len(c.Webhook.Sources["desk"].SigningSecrets) != 1 ||
		len(c.Webhook.Sources["tradingview"].Addresses) != 4 {
		t.Errorf("%+v", c.Webhook)
	}
}

func TestMessagesOfTheDocumentAreRead(t *testing.T) {
	mapping := documented(t).Webhook.Sources["tradingview"].Fields
	message := block(t, `{"ticker":`)
	for placeholder, value := range map[string]string{
		"{{ticker}}": "BANKNIFTY", "{{timenow}}": "2025-11-29T09:15:00Z", "{{close}}": "54321.05",
		"{{strategy.order.action}}": "buy", "{{strategy.order.contracts}}": "2",
		"{{strategy.order.id}}": "Long",
	} {
		if !strings.Contains(message, placeholder) {
			t.Errorf("%s is not in the message", placeholder)
		}
		message = strings.ReplaceAll(message, placeholder, value)
	}
	got, err := payload.Parse([]byte(message), &mapping)
	want := payload.Signal{
		Type: payload.BaseEntry, Instrument: "BANKNIFTY", Position: "Long_1",
		Timestamp: "2025-11-29T09:15:00Z",
		SignalID:  "Long-2025-11-29T09:15:00Z", Price: "54321.05", Lots: "2",
	}
	if err != nil || *got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := payload.Parse([]byte(block(t, `{"type": "BASE_ENTRY"`)), nil); err != nil {
		t.Error(err)
	}
}

// Every setting of webhooks, and every field that can be mapped, stands in the
// document.
func TestDocumentNamesEverySettingOfWebhooks(t *testing.T) {
	text := guide(t)
	for _, structure := range []any{
		config.Webhook{}, config.Source{}, config.Similar{}, payload.Field{}, payload.Mapping{},
	} {
		kind := reflect.TypeOf(structure)
		for i := range kind.NumField() {
			name := kind.Field(i).Tag.Get("yaml")
			word := regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`)
			if name == "" || !word.MatchString(text) {
				t.Errorf("%v: %q is not in the document", kind, name)
			}
		}
	}
}
