package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/internal/config"
	"fencepost/internal/intake/payload"
)

const signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

const webhooks = `
webhook:
  trusted_proxies: [10.0.0.0/8, "fd00::1"]
  max_connections: 64
  max_connections_per_address: 8
  similar: {window: 30s, answer: rejected}
  sources:
    tradingview:
      tokens: [abcdefghijklmnop]
      addresses: [52.89.214.238, 34.212.75.0/24]
      timezone: Asia/Kolkata
      future_tolerance: 90s
      similar: {window: 0s}
      fields:
        type: {from: order.action, values: {buy: BASE_ENTRY, sell: EXIT}}
        lots: {constant: 2}
        price: {from: close, convert: true}
    desk:
      tokens: [ponmlkjihgfedcba]
      signing_secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
      signature_tolerance: 1m
`

func TestSettingsOfWebhooksAreRead(t *testing.T) {
	c, err := config.Load(file(t, webhooks), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, source := range []string{"tradingview", "desk"} {
		s := c.Webhook.Sources[source]
		zone, zoneErr := s.Zone()
		addresses, addressErr := s.AddressList()
		secrets, secretErr := s.Secrets()
		if err := errors.Join(zoneErr, addressErr, secretErr); err != nil {
			t.Fatal(err)
		}
		similar := c.Webhook.SimilarOf(&s)
		if (zone != nil && zone.String() == "Asia/Kolkata") != (i == 0) || len(addresses) != 2*(1-i) ||
			len(secrets) != i || (similar.Window == 0) != (i == 0) {
			t.Errorf("%s: %v, %v, %d secrets, %+v", source, zone, addresses, len(secrets), similar)
		}
		if want := []time.Duration{90 * time.Second, 5 * time.Minute}[i]; s.AheadWithin() != want {
			t.Errorf("%s: ahead within %v", source, s.AheadWithin())
		}
		if want := []time.Duration{5 * time.Minute, time.Minute}[i]; s.SignedWithin() != want {
			t.Errorf("%s: signed within %v", source, s.SignedWithin())
		}
	}
	m := c.Webhook.Sources["tradingview"].Fields
	if m.Type.From != "order.action" || m.Type.Values["sell"] != payload.Exit || m.Lots.Constant != "2" ||
		!m.Price.Convert {
		t.Errorf("%+v", m)
	}
}

func TestMisspeltSettingOfASourceIsRefusedWithTheNearestWord(t *testing.T) {
	head := "webhook:\n  sources:\n    tv:\n      "
	for text, nearest := range map[string]string{
		"webhook: {trusted_proxy: [10.0.0.1]}\n":            "trusted_proxies",
		head + "adresses: [10.0.0.1]\n":                     "addresses",
		head + "signing_secret: [x]\n":                      "signing_secrets",
		head + "fields: {instrumnet: {from: ticker}}\n":     "instrument",
		head + "fields: {instrument: {form: ticker}}\n":     "from",
		head + "fields: {instrument: {constnat: ticker}}\n": "constant",
		head + "similar: {windw: 1s}\n":                     "window",
		"webhook: {similar: {answr: held}}\n":               "answer",
	} {
		_, err := config.Load(file(t, text), nil)
		var refused *config.Error
		if !errors.As(err, &refused) || refused.Nearest != nearest {
			t.Errorf("%s: %v, want %s", text, err, nearest)
		}
	}
	_, err := config.Load(file(t, "webhook: {similar: {window: 1s, answer: reject}}\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "did you mean rejected?") {
		t.Errorf("%v", err)
	}
}

func TestWrongSettingOfASourceIsNamed(t *testing.T) {
	source := func(change func(*config.Source)) func(*config.Config) {
		return func(c *config.Config) {
			s := c.Webhook.Sources["tv"]
			change(&s)
			c.Webhook.Sources["tv"] = s
		}
	}
	for says, spoil := range map[string]func(*config.Config){
		`trusted_proxies: "proxy"`: func(c *config.Config) {
			c.Webhook.TrustedProxies = []string{"proxy"}
		},
		"trusted_proxies: 0.0.0.0/0 is eve": func(c *config.Config) {
			c.Webhook.TrustedProxies = []string{"0.0.0.0/0"}
		},
		"max_connections: 15: 16 to 65536": func(c *config.Config) { c.Webhook.MaxConnections = 15 },
		"max_connections_per_address: 0": func(c *config.Config) {
			c.Webhook.MaxConnectionsPerAddress = 0
		},
		"max_connections_per_address: 513": func(c *config.Config) {
			c.Webhook.MaxConnectionsPerAddress = 513
		},
		"webhook.similar: window 169h": func(c *config.Config) {
			c.Webhook.Similar.Window = config.Duration(169 * time.Hour)
		},
		"webhook.similar: an answer without": func(c *config.Config) {
			c.Webhook.Similar.Answer = config.SimilarHeld
		},
		`tv.addresses: "10.0.0.1/8"`: source(func(s *config.Source) { s.Addresses = []string{"10.0.0.1/8"} }),
		"tv.timezone: unknown":       source(func(s *config.Source) { s.Timezone = "Asia/Bangalore" }),
		"another on another machine": source(func(s *config.Source) { s.Timezone = "Local" }),
		"tv.future_tolerance: 1ms": source(func(s *config.Source) {
			s.FutureTolerance = config.Duration(1e6)
		}),
		"tv.similar: window -1s": source(func(s *config.Source) {
			s.Similar = &config.Similar{Window: config.Duration(-time.Second)}
		}),
		"tv: signing secret 1: must begin with whsec_": source(func(s *config.Source) {
			s.SigningSecrets = []config.Secret{"hunter2"}
		}),
		"tv: 3 signing secrets": source(func(s *config.Source) {
			s.SigningSecrets = []config.Secret{signing, signing, signing}
		}),
		"tv.signature_tolerance: 2h": source(func(s *config.Source) {
			s.SigningSecrets, s.SignatureTolerance = []config.Secret{signing}, config.Duration(2*time.Hour)
		}),
		"tv.signature_tolerance: without a signing": source(func(s *config.Source) {
			s.SignatureTolerance = config.Duration(time.Minute)
		}),
		`tv.fields: instrument.from "a..b"`: source(func(s *config.Source) {
			s.Fields.Instrument.From = "a..b"
		}),
		`tv.fields: type.values.buy "BASE_ENTRI": must be one of BASE_ENTRY, PYRAMID, EXIT, HEARTBEAT; ` +
			`did you mean BASE_ENTRY?`: source(func(s *config.Source) {
			s.Fields.Type.Values = map[string]string{"buy": "BASE_ENTRI"}
		}),
	} {
		c := valid()
		spoil(&c)
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

func TestSecretsOfASourceComeFromFilesAndTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(signing+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "webhook: {sources: {tv: {tokens: [abcdefghijklmnop], timezone: UTC, " +
		"signing_secret_files: [" + path + "]}}}\n"
	c, err := config.Load(file(t, text), nil)
	if err != nil || len(c.Webhook.Sources["tv"].SigningSecrets) != 1 ||
		c.Webhook.Sources["tv"].SigningSecrets[0] != signing {
		t.Fatalf("%v, %d secrets", err, len(c.Webhook.Sources["tv"].SigningSecrets))
	}
	c, err = config.Load(file(t, text), []string{
		"FENCEPOST_WEBHOOK_SOURCES_TV_SIGNING_SECRETS=a,b", "FENCEPOST_WEBHOOK_SOURCES_TV_TOKENS=c",
		"FENCEPOST_WEBHOOK_TRUSTED_PROXIES=10.0.0.1, 10.0.0.2",
	})
	if err != nil {
		t.Fatal(err)
	}
	s := c.Webhook.Sources["tv"]
	if len(s.SigningSecrets) != 2 || s.SigningSecrets[1] != "b" || len(s.Tokens) != 1 || s.Tokens[0] != "c" ||
		s.Timezone != "UTC" || len(c.Webhook.TrustedProxies) != 2 ||
		c.Webhook.TrustedProxies[1] != "10.0.0.2" {
		t.Errorf("%+v, %v", s, c.Webhook.TrustedProxies)
	}
}
