package access

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Redis is where a Redis is and what it takes to enter. Exactly one of Addr,
// Sentinels and Cluster is set.
type Redis struct {
	// Addr is one server, HOST:PORT.
	Addr string
	// Sentinels say where the primary of the name Master is.
	Sentinels        []string
	Master           string
	SentinelUsername string
	SentinelPassword string
	// Cluster are members of a cluster, of which one that answers will do.
	Cluster []string

	Username, Password string
	// PasswordFile, if set, is read for each connection instead of Password.
	PasswordFile string
	DB           int
	// Encrypted says that every connection is, as TLS says.
	Encrypted bool
	TLS       TLS
}

// RedisLimits bound a client.
type RedisLimits struct {
	// Aside bounds dialling, and each read and write of a call that brings no
	// limit of its own; Pool the wait for a connection.
	Aside, Pool time.Duration
	// PoolSize is how many connections there may be, with each server.
	PoolSize int
	// Dialer, if not nil, opens the connections, and encrypts them if need be.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
}

// clusterReload is how often a client of a cluster asks by itself where the keys
// are. One that is sent elsewhere asks at once.
const clusterReload = 5 * time.Second

// Client prepares a client. It opens no connection. Nothing is ever repeated: a
// repeated call would be answered about the first one's effect. So a call that a
// cluster sends elsewhere fails as well, and the next one goes there.
func (r Redis) Client(l RedisLimits) redis.UniversalClient {
	o := r.options(l)
	switch {
	case len(r.Sentinels) > 0:
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: r.Master, SentinelAddrs: r.Sentinels,
			SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword,
			Dialer: o.Dialer, Username: o.Username, Password: o.Password,
			CredentialsProviderContext: o.CredentialsProviderContext, DB: o.DB,
			ContextTimeoutEnabled: true, MaxRetries: o.MaxRetries, DialerRetries: o.DialerRetries,
			DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
			PoolTimeout: o.PoolTimeout, PoolSize: o.PoolSize, DisableIdentity: true,
		})
	case len(r.Cluster) > 0:
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: r.Cluster, MaxRedirects: -1, DisableRoutingPolicies: true,
			ClusterStateReloadInterval: clusterReload,
			Dialer:                     o.Dialer, Username: o.Username, Password: o.Password,
			CredentialsProviderContext: o.CredentialsProviderContext,
			ContextTimeoutEnabled:      true, MaxRetries: o.MaxRetries, DialerRetries: o.DialerRetries,
			DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
			PoolTimeout: o.PoolTimeout, PoolSize: o.PoolSize, DisableIdentity: true,
			MaintNotificationsConfig: o.MaintNotificationsConfig,
		})
	default:
		return redis.NewClient(o)
	}
}

// options are those of one server.
func (r Redis) options(l RedisLimits) *redis.Options {
	o := &redis.Options{
		Addr: r.Addr, Username: r.Username, Password: r.Password, DB: r.DB,
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
		DialTimeout: l.Aside, ReadTimeout: l.Aside, WriteTimeout: l.Aside, PoolTimeout: l.Pool,
		PoolSize: l.PoolSize, DisableIdentity: true, Dialer: l.Dialer,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if o.Dialer == nil {
		var t *TLS
		if r.Encrypted {
			t = &r.TLS
		}
		o.Dialer = dialer(l.Aside, t)
	}
	if r.PasswordFile != "" {
		o.CredentialsProviderContext = func(context.Context) (string, string, error) {
			password, err := ReadPrivate(r.PasswordFile)
			if err != nil {
				err = fmt.Errorf("redis.password_file: %w", err)
			}
			return r.Username, password, err
		}
	}
	return o
}

// Locate returns where the server is that holds the key at the moment, as one
// server by itself: who looks at it wants to know which one answered.
func (r Redis) Locate(ctx context.Context, key string, l RedisLimits) (Redis, error) {
	alone := r
	alone.Sentinels, alone.Master, alone.Cluster = nil, "", nil
	var err error
	switch {
	case len(r.Sentinels) > 0:
		alone.Addr, err = r.primary(ctx, l)
	case len(r.Cluster) > 0:
		alone.Addr, err = r.member(ctx, key, l)
	}
	return alone, err
}

// primary asks one Sentinel after the other.
func (r Redis) primary(ctx context.Context, l RedisLimits) (string, error) {
	var faults []error
	for _, sentinel := range r.Sentinels {
		o := r.options(l)
		o.Addr, o.DB, o.CredentialsProviderContext = sentinel, 0, nil
		o.Username, o.Password = r.SentinelUsername, r.SentinelPassword
		client := redis.NewSentinelClient(o)
		found, err := client.GetMasterAddrByName(ctx, r.Master).Result()
		_ = client.Close() // it was asked
		if err == nil && len(found) == 2 {
			return net.JoinHostPort(found[0], found[1]), nil
		}
		if errors.Is(err, redis.Nil) {
			err = fmt.Errorf("knows no primary %q", r.Master)
		}
		faults = append(faults, fmt.Errorf("sentinel %s: %w", sentinel, err))
	}
	return "", errors.Join(faults...)
}

// member asks the cluster.
func (r Redis) member(ctx context.Context, key string, l RedisLimits) (string, error) {
	client, ok := r.Client(l).(*redis.ClusterClient)
	if !ok {
		return "", errors.New("no cluster")
	}
	defer client.Close()
	found, err := client.MasterForKey(ctx, key)
	if err != nil {
		return "", fmt.Errorf("ask the cluster who has the lease: %w", err)
	}
	return found.Options().Addr, nil
}
