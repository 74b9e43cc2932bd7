package access

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres is what it takes to enter a PostgreSQL beside its address. The zero
// value leaves everything to the address.
type Postgres struct {
	// PasswordFile is read for each connection.
	PasswordFile string
	// TLS, if anything of it is set, holds for every host that the address names,
	// and nothing is sent in the clear then.
	TLS TLS
}

// errTwoPasswords says that an address and a file both hold a password.
var errTwoPasswords = errors.New("the address holds a password, and a password_file is set: one of them")

// Check says what is wrong with it for that address, which it does not print.
func (p Postgres) Check(dsn string) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The library's error may print the address, which may hold a password.
		return errors.New("not an address of PostgreSQL")
	}
	if p.PasswordFile != "" && config.Password != "" {
		return errTwoPasswords
	}
	return p.Prepare(config)
}

// Prepare gives one connection that is about to be opened the password and the
// certificates that stand in the files now.
func (p Postgres) Prepare(c *pgx.ConnConfig) error {
	if p.PasswordFile != "" {
		password, err := ReadPrivate(p.PasswordFile)
		if err != nil {
			return fmt.Errorf("postgres.password_file: %w", err)
		}
		c.Password = password
	}
	if !p.TLS.IsSet() {
		return nil
	}
	encrypted, err := p.TLS.Config(c.Host)
	if err != nil {
		return fmt.Errorf("postgres.%w", err)
	}
	c.TLSConfig = encrypted
	var others []*pgconn.FallbackConfig
	seen := map[string]bool{hostPort(c.Host, c.Port): true}
	for _, other := range c.Fallbacks {
		// An address that leaves encryption open names each host twice.
		if name := hostPort(other.Host, other.Port); !seen[name] {
			seen[name] = true
			others = append(others, &pgconn.FallbackConfig{
				Host: other.Host, Port: other.Port, TLSConfig: named(encrypted, p.TLS.ServerName, other.Host),
			})
		}
	}
	c.Fallbacks = others
	return nil
}

// named is the configuration for another host.
func named(c *tls.Config, name, host string) *tls.Config {
	other := c.Clone()
	if other.ServerName = name; name == "" {
		other.ServerName = host
	}
	return other
}

func hostPort(host string, port uint16) string { return fmt.Sprintf("%s:%d", host, port) }
