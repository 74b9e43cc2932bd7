package pgledger

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pool prepares a pool of connections; none is opened before it is needed,
// except that at least idle ones are kept once it runs.
func pool(o Options, kept *keeping, conns, idle int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(o.DSN)
	if err != nil {
		return nil, fmt.Errorf("parse PostgreSQL address: %w", err)
	}
	config.MaxConns, config.MinConns = conns, idle
	config.PingTimeout = o.Limits.Ping
	config.MaxConnIdleTime = 5 * time.Minute
	wait := &patience{first: o.Limits.Connect}
	config.ConnConfig.Tracer = wait
	config.BeforeConnect = func(ctx context.Context, c *pgx.ConnConfig) error {
		kept.grant(c)
		return errors.Join(wait.grant(ctx, c), o.Access.Prepare(c))
	}
	config.AfterConnect = kept.connected
	config.ConnConfig.DescriptionCacheCapacity = 0
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "fencepost"
	}
	dialer := &net.Dialer{Timeout: o.Limits.Connect, KeepAlive: 5 * time.Second}
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &cappedConn{Conn: raw, limit: o.Limits.Read}, nil
	}
	p, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("prepare PostgreSQL connections: %w", err)
	}
	return p, nil
}

// cappedConn bounds each read and write, whatever deadline its user sets. The
// client drains a connection that it gave up for up to fifteen seconds and
// keeps its place in the pool meanwhile; on a silent link that is an outage
// of its own.
type cappedConn struct {
	net.Conn
	limit time.Duration

	mu          sync.Mutex
	read, write time.Time
}

// Read reads within the limit.
func (c *cappedConn) Read(p []byte) (int, error) {
	if err := c.arm(func() error { return c.Conn.SetReadDeadline(c.capped(c.read)) }); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write writes within the limit.
func (c *cappedConn) Write(p []byte) (int, error) {
	if err := c.arm(func() error { return c.Conn.SetWriteDeadline(c.capped(c.write)) }); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// SetDeadline keeps the user's deadline, which holds if it is the earlier one.
func (c *cappedConn) SetDeadline(t time.Time) error {
	return c.arm(func() error {
		c.read, c.write = t, t
		return c.Conn.SetDeadline(c.capped(t))
	})
}

// SetReadDeadline keeps the user's deadline for reading.
func (c *cappedConn) SetReadDeadline(t time.Time) error {
	return c.arm(func() error {
		c.read = t
		return c.Conn.SetReadDeadline(c.capped(t))
	})
}

// SetWriteDeadline keeps the user's deadline for writing.
func (c *cappedConn) SetWriteDeadline(t time.Time) error {
	return c.arm(func() error {
		c.write = t
		return c.Conn.SetWriteDeadline(c.capped(t))
	})
}

// arm sets a deadline while no other goroutine does: a cancellation that sets
// one in the past must not be overwritten by a read that starts beside it.
func (c *cappedConn) arm(set func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return set()
}

// capped returns the earlier of the user's deadline and the limit from now.
func (c *cappedConn) capped(user time.Time) time.Time {
	limit := time.Now().Add(c.limit)
	if user.IsZero() || limit.Before(user) {
		return limit
	}
	return user
}
