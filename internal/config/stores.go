package config

import (
	"errors"
	"fmt"
	"net"

	"fencepost/internal/access"
)

// Access is what it takes to enter beside the address.
func (p *Postgres) Access() access.Postgres {
	return access.Postgres{
		PasswordFile: p.PasswordFile,
		TLS: access.TLS{
			CAFile: p.TLSCAFile, CertFile: p.TLSCertFile, KeyFile: p.TLSKeyFile, ServerName: p.TLSServerName,
		},
	}
}

// check judges the address with what belongs to it. It does not print it.
func (p *Postgres) check() error {
	if err := p.Access().Check(p.DSN.Reveal()); err != nil {
		return fmt.Errorf("postgres.dsn: %w", err)
	}
	return nil
}

// IsSet reports whether there is a Redis.
func (r *Redis) IsSet() bool { return r.Addr != "" || len(r.Sentinels) > 0 || len(r.Cluster) > 0 }

// Where says which servers those are, for a person.
func (r *Redis) Where() string {
	switch {
	case len(r.Sentinels) > 0:
		return fmt.Sprintf("%s by Sentinels %v", r.SentinelMaster, r.Sentinels)
	case len(r.Cluster) > 0:
		return fmt.Sprintf("cluster %v", r.Cluster)
	default:
		return r.Addr
	}
}

// Access is where the lease is and what it takes to enter.
func (r *Redis) Access() access.Redis {
	return access.Redis{
		Addr: r.Addr, Sentinels: r.Sentinels, Master: r.SentinelMaster,
		SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword.Reveal(),
		Cluster: r.Cluster, Username: r.Username, Password: r.Password.Reveal(),
		PasswordFile: r.PasswordFile, DB: r.DB, Encrypted: r.TLS, TLS: r.files(),
	}
}

func (r *Redis) files() access.TLS {
	return access.TLS{
		CAFile: r.TLSCAFile, CertFile: r.TLSCertFile, KeyFile: r.TLSKeyFile, ServerName: r.TLSServerName,
	}
}

// check judges where the lease is.
func (r *Redis) check() error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	ways := 0
	for _, set := range []bool{r.Addr != "", len(r.Sentinels) > 0, len(r.Cluster) > 0} {
		if set {
			ways++
		}
	}
	switch {
	case ways > 1:
		fault(true, "redis.addr, redis.sentinels and redis.cluster: one of them")
	case len(r.Sentinels) > 0:
		faults = append(faults, checkAddresses("redis.sentinels", r.Sentinels))
	case len(r.Cluster) > 0:
		faults = append(faults, checkAddresses("redis.cluster", r.Cluster))
	default:
		faults = append(faults, checkAddress("redis.addr", r.Addr))
	}
	fault((len(r.Sentinels) > 0) != (r.SentinelMaster != ""),
		"redis.sentinel_master %q: the primary's name, with redis.sentinels", r.SentinelMaster)
	fault(len(r.Sentinels) == 0 && (r.SentinelUsername != "" || r.SentinelPassword != ""),
		"redis.sentinel_username and redis.sentinel_password: without redis.sentinels nobody asks for them")
	fault(r.DB < 0, "redis.db %d: must not be negative", r.DB)
	fault(len(r.Cluster) > 0 && r.DB != 0, "redis.db %d: a cluster has only 0", r.DB)
	fault(r.files().IsSet() && !r.TLS, "redis.tls_*: without redis.tls nothing is encrypted")
	if r.TLS {
		if _, err := r.files().Config("host"); err != nil {
			faults = append(faults, fmt.Errorf("redis.%w", err))
		}
	}
	return errors.Join(faults...)
}

func checkAddresses(name string, addresses []string) error {
	var faults []error
	for _, address := range addresses {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			faults = append(faults, fmt.Errorf("%s %q: must be HOST:PORT", name, address))
		}
	}
	return errors.Join(faults...)
}
