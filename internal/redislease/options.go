package redislease

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"fencepost/core"
	"fencepost/internal/access"
	"fencepost/internal/identity"
)

// Options says which Redis to use, for whom, and within which limits.
type Options struct {
	// URL is the server's address, redis://[user:password@]host:port[/db] or
	// rediss:// for TLS. An address host:port alone will do.
	URL string
	// Access is where the server is and what it takes to enter, instead of the
	// URL.
	Access access.Redis
	// Group is the cluster's name.
	Group string
	// Instance is this process's instance id. It may be left out by whoever only
	// reads.
	Instance string
	// TTL is the lease's length, in whole milliseconds.
	TTL time.Duration
	// Timeout bounds each operation of the lease with all that it has to wait
	// for. What nothing waits for, a question, a hint, a connection that is
	// opened aside, may take four times as long.
	Timeout time.Duration
	// PoolSize is how many connections there may be. A small pool makes a dead
	// link worse: the client stops dialling after as many failures.
	PoolSize int
	// Dialer, if not nil, opens the connections.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
	// Patience is how long a subscription may be silent before it is tested,
	// and how long the test may take.
	Patience time.Duration
}

// Defaults of what may be left out.
const (
	DefaultTimeout  = 250 * time.Millisecond
	DefaultPoolSize = 64
	DefaultPatience = time.Second
)

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Group == "" {
		o.Group = "default"
	}
	if o.TTL == 0 {
		o.TTL = core.DefaultTTL
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.PoolSize == 0 {
		o.PoolSize = DefaultPoolSize
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	return o
}

// validate says everything that is wrong with the options.
func (o Options) validate() error {
	var faults []error
	if o.Instance != "" {
		if err := identity.CheckInstanceID(o.Instance); err != nil {
			faults = append(faults, err)
		}
	}
	if o.TTL < time.Millisecond {
		faults = append(faults, fmt.Errorf("ttl %v: at least 1ms", o.TTL))
	}
	if o.Timeout < time.Millisecond || o.Patience < time.Millisecond {
		faults = append(faults,
			fmt.Errorf("redis timeout %v and patience %v: at least 1ms", o.Timeout, o.Patience))
	}
	if o.PoolSize < 1 {
		faults = append(faults, fmt.Errorf("redis connections %d: at least 1", o.PoolSize))
	}
	return errors.Join(faults...)
}

// where returns the server's place: what the URL says, if there is one.
func (o Options) where() (access.Redis, error) {
	if o.URL == "" {
		if len(o.Access.Sentinels) > 0 || len(o.Access.Cluster) > 0 {
			return o.Access, nil
		}
		// The library would go to this machine's port 6379.
		if _, _, err := net.SplitHostPort(o.Access.Addr); err != nil {
			return o.Access, fmt.Errorf("parse Redis address: %w", err)
		}
		return o.Access, nil
	}
	where := access.Redis{Addr: o.URL}
	if strings.Contains(o.URL, "://") {
		settings, err := redis.ParseURL(o.URL)
		if err != nil {
			// The library's own error prints the whole address with its password.
			var whole *url.Error
			if errors.As(err, &whole) {
				err = whole.Err
			}
			return where, fmt.Errorf("parse Redis address: %w", err)
		}
		where.Addr, where.Username, where.Password = settings.Addr, settings.Username, settings.Password
		where.DB, where.Encrypted = settings.DB, settings.TLSConfig != nil
	} else if _, _, err := net.SplitHostPort(o.URL); err != nil {
		return where, fmt.Errorf("parse Redis address: %w", err)
	}
	return where, nil
}

// client prepares the client. It opens no connection.
func (o Options) client() (redis.UniversalClient, error) {
	where, err := o.where()
	if err != nil {
		return nil, err
	}
	// Each call brings its own limit; these bound what opens a connection aside.
	return where.Client(access.RedisLimits{
		Aside: handshakes * o.Timeout, Pool: o.Timeout, PoolSize: o.PoolSize, Dialer: o.Dialer,
	}), nil
}
