package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"regexp"
	"strings"
	"time"

	"fencepost/internal/identity"
)

// nameShape is what may name a group or a source.
var nameShape = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Validate judges the settings of a service, but for the address of its broker,
// and changes nothing. It reports every fault that it finds, each with the
// setting's name.
func (c *Config) Validate() error {
	faults := []error{
		identity.CheckInstanceID(c.InstanceID),
		checkName("group", c.Group),
		checkAddress("listen", c.Listen),
		checkAddress("admin_listen", c.AdminListen),
		c.CheckPostgres(),
		c.Redis.check(),
		c.checkBound(),
		c.Webhook.check(),
		c.checkSeams(),
		c.checkAdmin(),
		c.Reconcile.Check(),
		c.Notify.Check(),
		c.Tracing.check(),
	}
	if c.ShutdownTimeout <= 0 {
		faults = append(faults, fmt.Errorf("shutdown_timeout %v: must be positive", c.ShutdownTimeout))
	}
	if c.JournalFlush < 0 || c.JournalFlush > Duration(time.Minute) {
		faults = append(faults, fmt.Errorf("journal_flush %v: 0s to 1m", c.JournalFlush))
	}
	protocol := c.Protocol()
	if err := protocol.Validate(); err != nil {
		faults = append(faults, fmt.Errorf("lease: %w", err))
	}
	return errors.Join(faults...)
}

// CheckPostgres judges what a command needs that only talks to the database.
func (c *Config) CheckPostgres() error {
	if c.Postgres.DSN == "" {
		return errors.New("postgres.dsn: not set; the ledger lives there")
	}
	if c.Postgres.Conns < 1 {
		return fmt.Errorf("postgres.conns %d: at least 1", c.Postgres.Conns)
	}
	return c.Postgres.check()
}

func (c *Config) checkSeams() error {
	if c.UnsafeTestSeams && c.Production {
		return errors.New("unsafe_test_seams: refused in production; it needs production: false as well")
	}
	if v := c.UnsafeProtocolVersion; v != 0 && (!c.UnsafeTestSeams || v < 0 || v > math.MaxUint16) {
		return fmt.Errorf("unsafe_protocol_version %d: 1 to %d, and it needs unsafe_test_seams as well", v,
			math.MaxUint16)
	}
	return nil
}

// checkAdmin: commands are few and powerful; whoever can reach them from
// outside must have a token to show.
func (c *Config) checkAdmin() error {
	host, _, err := net.SplitHostPort(c.AdminListen)
	if err != nil {
		return nil // reported as an address
	}
	if c.AdminToken != "" && len(c.AdminToken) < minToken {
		return fmt.Errorf("admin_token: at least %d characters", minToken)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip.IsLoopback() || c.AdminToken != "" {
		return nil
	}
	return fmt.Errorf("admin_listen %q: an address that is not loopback needs an admin_token", c.AdminListen)
}

func checkAddress(name, address string) error {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return fmt.Errorf("%s %q: must be HOST:PORT", name, address)
	}
	return nil
}

func checkName(setting, name string) error {
	if !nameShape.MatchString(name) {
		return fmt.Errorf("%s %q: lower-case letters, digits, - and _, at most 63", setting,
			strings.TrimSpace(name))
	}
	return nil
}
