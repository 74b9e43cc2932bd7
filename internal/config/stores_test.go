package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/internal/config"
)

func TestEveryWayToTheStoresIsValid(t *testing.T) {
	for name, change := range map[string]func(*config.Config){
		"sentinels": func(c *config.Config) {
			c.Redis = config.Redis{Sentinels: []string{"a:1", "b:1"}, SentinelMaster: "m"}
			c.Redis.SentinelPassword = "x"
		},
		"cluster": func(c *config.Config) { c.Redis = config.Redis{Cluster: []string{"a:1", "b:1"}} },
		"several hosts": func(c *config.Config) {
			c.Postgres.DSN = "postgres://u@a:1,b:2/x?target_session_attrs=read-write"
		},
	} {
		c := valid()
		change(&c)
		if err := c.Validate(); err != nil || !c.Redis.IsSet() || c.Redis.Where() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWaysToTheStoresThatCannotWorkAreNamed(t *testing.T) {
	for says, spoil := range map[string]func(*config.Config){
		"redis.addr, redis.sentinels and redis.cluster": func(c *config.Config) {
			c.Redis.Cluster = []string{"a:1"}
		},
		`redis.sentinels "a"`: func(c *config.Config) {
			c.Redis = config.Redis{Sentinels: []string{"a"}, SentinelMaster: "m"}
		},
		`redis.cluster ":1"`: func(c *config.Config) { c.Redis = config.Redis{Cluster: []string{":1"}} },
		`redis.sentinel_master ""`: func(c *config.Config) {
			c.Redis = config.Redis{Sentinels: []string{"a:1"}}
		},
		"redis.sentinel_password: without": func(c *config.Config) {
			c.Redis.SentinelPassword = "hunter2"
		},
		"redis.db 3: a cluster": func(c *config.Config) {
			c.Redis = config.Redis{Cluster: []string{"a:1"}, DB: 3}
		},
		"redis.tls_*: without": func(c *config.Config) {
			c.Redis.TLSServerName = "x"
		},
		"redis.tls_ca_file: open /nowhere": func(c *config.Config) {
			c.Redis.TLS, c.Redis.TLSCAFile = true, "/nowhere"
		},
		"redis.tls_cert_file and": func(c *config.Config) {
			c.Redis.TLS, c.Redis.TLSKeyFile = true, "/nowhere"
		},
		"postgres.dsn: postgres.tls_ca_file": func(c *config.Config) {
			c.Postgres.TLSCAFile = "/nowhere"
		},
		"postgres.dsn: not an address": func(c *config.Config) {
			c.Postgres.DSN = "postgres://u:hunter2@x:port/y"
		},
		"postgres.dsn: the address holds": func(c *config.Config) {
			c.Postgres.PasswordFile = "/nowhere"
		},
		"postgres.dsn: postgres.password_file: open /nowhere": func(c *config.Config) {
			c.Postgres.DSN, c.Postgres.PasswordFile = "postgres://u@x/y", "/nowhere"
		},
	} {
		c := valid()
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), says) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want %q: %v", says, err)
		}
	}
}

func TestPasswordThatEverybodyCanReadIsNotLoaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "word")
	if err := os.WriteFile(path, []byte("hunter2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"REDIS_PASSWORD_FILE", "REDIS_SENTINEL_PASSWORD_FILE"} {
		_, err := config.Load("", []string{"FENCEPOST_" + name + "=" + path})
		if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSettingsArePrintedWithoutTheirSecrets(t *testing.T) {
	c := valid()
	c.Redis.Password = "hunter2"
	told := map[string]string{}
	for _, line := range c.Lines() {
		told[line.Name] = line.Value
		if strings.Contains(line.Value, "hunter2") || strings.Contains(line.Value, "abcdefghijklmnop") {
			t.Errorf("%s: %s", line.Name, line.Value)
		}
	}
	if told["redis.password"] != "[redacted]" || told["redis.addr"] != c.Redis.Addr ||
		told["postgres.conns"] != "8" {
		t.Errorf("%v", told)
	}
}
