package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fencepost/internal/config"
	"fencepost/internal/pgledger"
)

// whsec is a signing secret of the least length.
const whsec = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"

// shown returns the indented block of the guide that begins with those words.
func shown(t *testing.T, begins string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n    "+begins)
	if !found {
		t.Fatalf("the guide shows no %q", begins)
	}
	out := begins
	for i, line := range strings.Split(rest, "\n") {
		inside, indented := strings.CutPrefix(line, "    ")
		if i > 0 && !indented {
			break
		}
		if i > 0 {
			out += "\n" + inside
		} else {
			out += line
		}
	}
	return out + "\n"
}

func TestSettingsThatTheGuideOfMonitoringShowsAreAccepted(t *testing.T) {
	secrets := t.TempDir()
	for name, text := range map[string]string{
		"pager-url": "https://pager.example/hook", "pager-signing": whsec,
		"slack-url": "https://hooks.example/services/T/B/x", "telegram-token": "123:abc",
	} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.ReplaceAll(shown(t, "notify:"), "/run/secrets", secrets) + shown(t, "tracing:")
	c, err := config.Load(file(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Notify.Check(); err != nil {
		t.Error(err)
	}
	pager, bot := c.Notify.Channels["pager"], c.Notify.Channels["bot"]
	key, err := pager.SigningKey()
	if err != nil || len(key) != 24 || pager.Address() != "https://pager.example/hook" ||
		bot.Address() != "https://api.telegram.org" || bot.Token.Reveal() != "123:abc" ||
		bot.ChatID != "-1001234" || c.Tracing.Endpoint != "http://127.0.0.1:4318" {
		t.Errorf("%+v, %v", c.Notify, err)
	}
	if !slices.Equal(c.Notify.Told(), pgledger.NoticeKinds()) {
		t.Errorf("the guide names %v, there are %v", c.Notify.Told(), pgledger.NoticeKinds())
	}
	c.Notify.Kinds = nil
	if told := c.Notify.Told(); len(told) != 5 || slices.Contains(told, "leader_changed") {
		t.Errorf("unless it is said: %v", told)
	}
	c.Notify.Channels = nil
	if told := c.Notify.Told(); told != nil {
		t.Errorf("without a channel: %v", told)
	}
}

func TestWrongSettingsOfNotificationsAreNamed(t *testing.T) {
	channel := func(settings string) string { return "notify: {channels: {x: {" + settings + "}}}" }
	const somewhere = "url: 'https://a.example', "
	for text, want := range map[string]string{
		"notify: {kinds: [gossip]}":                                  `notify.kinds: "gossip"`,
		"notify: {timeout: 1h}":                                      "notify.timeout",
		"notify: {poll: 1ms}":                                        "notify.poll",
		"notify: {give_up_after: 1s}":                                "notify.give_up_after",
		channel("type: slack"):                                       "notify.channels.x.url: not set",
		channel(somewhere + "chat_id: ''"):                           "notify.channels.x.type",
		channel("type: slack, url: 'http://secret.b'"):               "notify.channels.x.url: must be https",
		channel("type: telegram, token: t"):                          "notify.channels.x.chat_id",
		channel("type: telegram, chat_id: '1'"):                      "notify.channels.x.token",
		channel(somewhere + "type: slack, token: t"):                 "notify.channels.x.token",
		channel(somewhere + "type: slack, signing_secret: " + whsec): "of type webhook",
		channel(somewhere + "type: webhook, signing_secret: short"):  "whsec_",
		"notify: {channels: {X: {type: slack}}}":                     "notify.channels.X",
		"tracing: {timeout: 1ns}":                                    "tracing.timeout",
		"tracing: {endpoint: 'ftp://a.b'}":                           "tracing.endpoint",
		"tracing: {token: secret}":                                   "tracing.token",
		"tracing: {endpoint: 'http://collector.b:1', token: secret}": "use https",
	} {
		c, err := config.Load(file(t, text), nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		err = c.Validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret.b") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := config.Load(file(t, "notify: {channels: {x: {type: pigeon}}}"), nil); err == nil ||
		!strings.Contains(err.Error(), "pigeon") || !strings.Contains(err.Error(), ":1:") {
		t.Errorf("%v", err)
	}
	both := "notify: {channels: {x: {type: slack, url: 'https://a.b', url_file: /x}}}"
	if _, err := config.Load(file(t, both), nil); err == nil || !strings.Contains(err.Error(), "both set") {
		t.Errorf("%v", err)
	}
}
