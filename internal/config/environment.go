package config

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"fencepost/internal/access"
)

// prefix begins the name of every setting in the environment.
const prefix = "FENCEPOST_"

// sourcePrefix begins the tokens of one source of webhooks:
// FENCEPOST_WEBHOOK_SOURCES_TRADINGVIEW_TOKENS.
const sourcePrefix = prefix + "WEBHOOK_SOURCES_"

// secretPrefix begins the secrets of templates:
// FENCEPOST_BROKER_SECRETS_TOKEN is the one that a template calls token.
const secretPrefix = prefix + "BROKER_SECRETS_"

// foreign are variables with our prefix that are no settings of the service:
// where its configuration is, and where the test bench finds servers.
var foreign = []string{
	"FENCEPOST_CONFIG", "FENCEPOST_CACHE", "FENCEPOST_POSTGRES_BIN", "FENCEPOST_POSTGRES_MIRROR",
	"FENCEPOST_REDIS_SERVER", "FENCEPOST_PGBOUNCER", "FENCEPOST_HAPROXY", "FENCEPOST_PROMTOOL",
}

// variable returns the name of a setting in the environment.
func variable(path string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// readEnvironment sets what the environment names.
func (c *Config) readEnvironment(environ []string) error {
	known := map[string]setting{}
	names := make([]string, 0, 64)
	for _, s := range settings(c) {
		known[variable(s.path)] = s
		names = append(names, variable(s.path))
	}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, prefix) || slices.Contains(foreign, name) {
			continue
		}
		if rest, ok := strings.CutPrefix(name, sourcePrefix); ok {
			if err := c.readSource(name, rest, value); err != nil {
				return err
			}
			continue
		}
		if rest, ok := strings.CutPrefix(name, secretPrefix); ok && rest != "" {
			if c.Broker.Secrets == nil {
				c.Broker.Secrets = map[string]Secret{}
			}
			c.Broker.Secrets[strings.ToLower(rest)] = Secret(value)
			continue
		}
		s, ok := known[name]
		if !ok {
			refused := fmt.Errorf("environment: unknown setting %s", name)
			if near := nearest(name, names); near != "" {
				refused = fmt.Errorf("%w; did you mean %s?", refused, near)
			}
			return refused
		}
		if err := s.set(value); err != nil {
			return fmt.Errorf("environment: %s: %w", name, err)
		}
	}
	return nil
}

// readSource sets the tokens or the signing secrets of one source, separated by
// commas, instead of those of the file.
func (c *Config) readSource(name, rest, value string) error {
	word, tokens := strings.CutSuffix(rest, "_TOKENS")
	secrets := false
	if !tokens {
		word, secrets = strings.CutSuffix(rest, "_SIGNING_SECRETS")
	}
	if !tokens && !secrets || word == "" {
		return fmt.Errorf("environment: %s: a source of webhooks has %sNAME_TOKENS and NAME_SIGNING_SECRETS",
			name, sourcePrefix)
	}
	if c.Webhook.Sources == nil {
		c.Webhook.Sources = map[string]Source{}
	}
	var list []Secret
	for text := range strings.SplitSeq(value, ",") {
		list = append(list, Secret(strings.TrimSpace(text)))
	}
	source := c.Webhook.Sources[strings.ToLower(word)]
	if tokens {
		source.Tokens, source.TokenFiles = list, nil
	} else {
		source.SigningSecrets, source.SigningSecretFiles = list, nil
	}
	c.Webhook.Sources[strings.ToLower(word)] = source
	return nil
}

// readSecrets reads the secrets that stand in files of their own.
func (c *Config) readSecrets() error {
	for _, s := range []struct {
		name string
		file string
		to   *Secret
	}{
		{"redis.sentinel_password", c.Redis.SentinelPasswordFile, &c.Redis.SentinelPassword},
		{"admin_token", c.AdminTokenFile, &c.AdminToken},
		{"postgres.dsn", c.Postgres.DSNFile, &c.Postgres.DSN},
		{"redis.password", c.Redis.PasswordFile, &c.Redis.Password},
		{"tracing.token", c.Tracing.TokenFile, &c.Tracing.Token},
		{"broker.secret", c.Broker.SecretFile, &c.Broker.Secret},
		{"broker.alpaca.key_id", c.Broker.Alpaca.KeyIDFile, &c.Broker.Alpaca.KeyID},
		{"broker.alpaca.secret_key", c.Broker.Alpaca.SecretKeyFile, &c.Broker.Alpaca.SecretKey},
	} {
		if s.file == "" {
			continue
		}
		if *s.to != "" {
			return fmt.Errorf("%s and %s_file are both set: one of them", s.name, s.name)
		}
		read := readSecret
		if strings.HasPrefix(s.name, "redis.") {
			read = readPassword
		}
		secret, err := read(s.file)
		if err != nil {
			return fmt.Errorf("%s_file: %w", s.name, err)
		}
		*s.to = secret
	}
	if err := c.Broker.readSecretFiles(); err != nil {
		return err
	}
	if err := c.Notify.readSecretFiles(); err != nil {
		return err
	}
	return c.Webhook.readSecretFiles()
}

// readPassword reads a password as each new connection reads it: not from a file
// that everybody can read.
func readPassword(file string) (Secret, error) {
	text, err := access.ReadPrivate(file)
	return Secret(text), err
}

// readSecret reads a file's one line.
func readSecret(file string) (Secret, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s: want one line", file)
	}
	return Secret(secret), nil
}
