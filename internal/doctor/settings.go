package doctor

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"fencepost/internal/config"
)

// Settings judges the configuration by itself.
func Settings(c *config.Config) []Check {
	var l list
	protocol := c.Protocol()
	faults := lines(c.Validate())
	faults = append(faults, lines(c.CheckBroker())...)
	for _, fault := range faults {
		name := "configuration"
		if strings.HasPrefix(fault, "lease: ") {
			name = "lease"
		}
		l.fail(name, fault, "an instance does not start with it", "correct the setting")
	}
	if len(faults) == 0 {
		l.ok("configuration", "valid", "an instance starts with it")
		l.ok("lease", fmt.Sprintf("ttl %v, renew %v, heartbeat %v, store_timeout %v, send_by %v, "+
			"stale_after %v",
			protocol.TTL, protocol.Renew, protocol.Heartbeat, protocol.StoreTimeout, protocol.SendBy,
			protocol.StaleAfter),
			fmt.Sprintf("two attempts and one time-out fit into the trust window of %v", protocol.Window()))
	}
	if c.AdminToken == "" {
		l.warn("admin_token", "not set", "no command is taken over HTTP; the command line works",
			"set admin_token_file")
	} else {
		l.ok("admin_token", "set", "commands over HTTP need it")
	}
	if c.UnsafeTestSeams || !c.Production {
		l.warn("production", "false", "what is meant for tests is allowed",
			"leave production out of the configuration")
	} else {
		l.ok("production", "true", "what is meant for tests is refused")
	}
	return l
}

// lines takes joined faults apart.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	return slices.DeleteFunc(strings.Split(err.Error(), "\n"), func(s string) bool { return s == "" })
}

// Files judges who may read the files that hold secrets: those that the settings
// name, and the configuration itself if secrets stand in it.
func Files(c *config.Config, file string) []Check {
	var l list
	for _, name := range slices.Sorted(maps.Keys(secretFiles(c))) {
		judgeFile(&l, name, secretFiles(c)[name])
	}
	if file == "" {
		return l
	}
	text, err := os.ReadFile(file)
	if err != nil {
		l.fail("configuration file", err.Error(), "it cannot be read", "look at the path")
		return l
	}
	for _, secret := range secrets(c) {
		if secret != "" && bytes.Contains(text, []byte(secret.Reveal())) {
			judgeFile(&l, "configuration file", file)
			return l
		}
	}
	return l
}

// secretFiles are the files that hold one secret each, by their settings.
func secretFiles(c *config.Config) map[string]string {
	files := map[string]string{
		"admin_token_file": c.AdminTokenFile, "postgres.dsn_file": c.Postgres.DSNFile,
		"redis.password_file": c.Redis.PasswordFile, "broker.secret_file": c.Broker.SecretFile,
		"tracing.token_file":            c.Tracing.TokenFile,
		"broker.alpaca.key_id_file":     c.Broker.Alpaca.KeyIDFile,
		"broker.alpaca.secret_key_file": c.Broker.Alpaca.SecretKeyFile,
	}
	for name, channel := range c.Notify.Channels {
		where := "notify.channels." + name
		files[where+".url_file"], files[where+".token_file"] = channel.URLFile, channel.TokenFile
		files[where+".signing_secret_file"] = channel.SigningSecretFile
	}
	for name, path := range c.Broker.SecretFiles {
		files["broker.secret_files."+name] = path
	}
	for name, source := range c.Webhook.Sources {
		for i, path := range source.TokenFiles {
			files[fmt.Sprintf("webhook.sources.%s.token_files %d", name, i+1)] = path
		}
	}
	maps.DeleteFunc(files, func(_, path string) bool { return path == "" })
	return files
}

// secrets are all of them. An address without a password is none.
func secrets(c *config.Config) []config.Secret {
	list := []config.Secret{
		c.AdminToken, c.Postgres.DSN, c.Redis.Password, c.Broker.Secret, c.Broker.Alpaca.KeyID,
		c.Broker.Alpaca.SecretKey,
	}
	for _, secret := range c.Broker.Secrets {
		list = append(list, secret)
	}
	for _, source := range c.Webhook.Sources {
		list = append(list, source.Tokens...)
	}
	return list
}

// The bits by which others than the owner may read or write a file.
const (
	groupBits fs.FileMode = 0o070
	otherBits fs.FileMode = 0o007
)

func judgeFile(l *list, name, path string) {
	info, err := os.Stat(path)
	if err != nil {
		l.fail(name, err.Error(), "the secret cannot be read", "look at the path")
		return
	}
	found := fmt.Sprintf("%s, %v", path, info.Mode().Perm())
	do := "chmod 600 " + path
	switch {
	case info.Mode()&otherBits != 0:
		l.fail(name, found,
			"everybody on this machine can read a secret that commands the group or its broker", do)
	case info.Mode()&groupBits != 0:
		l.warn(name, found, "the file's group can read a secret that commands the group or its broker", do)
	default:
		l.ok(name, found, "only its owner can read it")
	}
}
