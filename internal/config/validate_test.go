package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"fencepost/internal/broker"
	"fencepost/internal/config"
)

// valid returns settings with which a service could start.
func valid() config.Config {
	c := config.Default()
	c.InstanceID = "blue-1"
	c.Postgres.DSN, c.Redis.Addr = "postgres://u:hunter2@db/x", "127.0.0.1:6379"
	c.Broker.URL = "http://127.0.0.1:1"
	c.Webhook.Sources = map[string]config.Source{"tv": {Tokens: []config.Secret{"abcdefghijklmnop"}}}
	return c
}

func TestValidateNamesEveryFault(t *testing.T) {
	c := valid()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*config.Config){
		"instance id":                func(c *config.Config) { c.InstanceID = "a|b" },
		`group "Desk"`:               func(c *config.Config) { c.Group = "Desk" },
		`listen "8080"`:              func(c *config.Config) { c.Listen = "8080" },
		"postgres.dsn: not set":      func(c *config.Config) { c.Postgres.DSN = "" },
		"postgres.conns 0":           func(c *config.Config) { c.Postgres.Conns = 0 },
		`redis.addr "redis"`:         func(c *config.Config) { c.Redis.Addr = "redis" },
		"redis.db -1":                func(c *config.Config) { c.Redis.DB = -1 },
		`broker.url "x"`:             func(c *config.Config) { c.Broker.URL = "x" },
		"broker.url: holds a pass":   func(c *config.Config) { c.Broker.URL = "http://u:hunter2@x" },
		"broker.url: not an address": func(c *config.Config) { c.Broker.URL = "http://u:hunter2@x:y" },
		"broker of class D enforces": func(c *config.Config) { c.Broker.LateArrivalBound = 1 },
		"longer than the clock tolerance": func(c *config.Config) {
			c.Broker.Class, c.Broker.LateArrivalBound = "B", config.Duration(500*time.Millisecond)
		},
		"broker.instruments: the paper adapter": func(c *config.Config) {
			c.Broker.Instruments = broker.Instruments{"X": {}}
		},
		"broker.secret: the alpaca adapter does": func(c *config.Config) {
			c.Broker.Adapter, c.Broker.Secret = config.AdapterAlpaca, "hunter2"
		},
		"broker.alpaca.secret_key: the template": func(c *config.Config) {
			c.Broker.Adapter, c.Broker.Alpaca.SecretKey = config.AdapterTemplate, "hunter2"
		},
		"broker.template.submit.path: the paper adapter": func(c *config.Config) {
			c.Broker.Template.Submit.Path = "/o"
		},
		"broker.secrets: the paper adapter": func(c *config.Config) {
			c.Broker.Secrets = map[string]config.Secret{"x": "hunter2"}
		},
		"broker of class A enforces": func(c *config.Config) {
			c.Broker.Adapter, c.Broker.LateArrivalBound = config.AdapterAlpaca, 1
		},
		"production: false as well":   func(c *config.Config) { c.UnsafeTestSeams = true },
		"needs an admin_token":        func(c *config.Config) { c.AdminListen = ":8081" },
		"admin_token: at least":       func(c *config.Config) { c.AdminToken = "short" },
		"shutdown_timeout 0s":         func(c *config.Config) { c.ShutdownTimeout = 0 },
		"journal_flush -1ns":          func(c *config.Config) { c.JournalFlush = -1 },
		"journal_flush 1m0":           func(c *config.Config) { c.JournalFlush = 60e9 + 1 },
		"stale_after 1s":              func(c *config.Config) { c.StaleAfter = config.Duration(time.Second) },
		"renew 5s":                    func(c *config.Config) { c.Lease.Renew = config.Duration(5e9) },
		"webhook.sources.tv: 0 token": func(c *config.Config) { c.Webhook.Sources["tv"] = config.Source{} },
		"webhook.sources.tv: 3 token": func(c *config.Config) {
			c.Webhook.Sources["tv"] = config.Source{Tokens: []config.Secret{
				"abcdefghijklmnop", "bbcdefghijklmnop", "cbcdefghijklmnop",
			}}
		},
		"token 1: 16 to 128": func(c *config.Config) {
			c.Webhook.Sources["tv"] = config.Source{Tokens: []config.Secret{"abcdefghijklmno/"}}
		},
		"token 1 is also one of desk": func(c *config.Config) {
			c.Webhook.Sources["desk"] = c.Webhook.Sources["tv"]
		},
	} {
		c := valid()
		spoil(&c)
		err := errors.Join(c.Validate(), c.CheckBroker())
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q comes with a password", says)
		}
	}
}

// The seed renewed every five seconds of a lease of ten; the refusal says
// which renewal fits.
func TestSeedsRenewalIsRefusedWithOneThatFits(t *testing.T) {
	c := valid()
	c.Lease.Renew = config.Duration(5 * time.Second)
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "; 3s ") {
		t.Errorf("%v", err)
	}
}

func TestSecretsPrintRedacted(t *testing.T) {
	c := valid()
	c.AdminToken = "top-secret-admin-token"
	c.Broker.Secrets = map[string]config.Secret{"token": "top-secret-token"}
	c.Broker.Alpaca.KeyID, c.Broker.Alpaca.SecretKey = "top-secret-id", "top-secret-key"
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("start", "config", c, "dsn", c.Postgres.DSN)
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "config", c, "pointer", &c)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed := log.String() + string(asJSON) + string(asYAML) +
		fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c.AdminToken, c.AdminToken)
	for _, secret := range []string{"hunter2", "top-secret", "abcdefghijklmnop"} {
		if strings.Contains(printed, secret) {
			t.Errorf("%q was printed", secret)
		}
	}
	if !strings.Contains(printed, "[redacted]") {
		t.Error("nothing says that something was redacted")
	}
}

func TestEverySettingHasAName(t *testing.T) {
	names := strings.Join(config.Settings(), "\n")
	for _, name := range []string{"instance_id", "lease.ttl", "webhook.sources", "postgres.dsn_file"} {
		if !strings.Contains(names, name) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range config.Settings() {
		if strings.HasSuffix(name, ".") || name == "" {
			t.Errorf("a setting is called %q", name)
		}
	}
}
