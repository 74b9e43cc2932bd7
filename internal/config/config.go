package config

import (
	"math"
	"time"

	"fencepost/core"
)

// Config is everything that can be set about a service. Durations are written
// with their unit; a bare number is refused.
type Config struct {
	// InstanceID names this instance to people. It must differ from instance to
	// instance; if two get the same by mistake, the process nonce still tells
	// them apart. The host's name unless it is set.
	InstanceID string `yaml:"instance_id"`
	// Group names the cluster: instances of one group elect one leader.
	Group string `yaml:"group"`
	// Production refuses everything that is meant for tests. It is on unless it
	// is turned off.
	Production bool `yaml:"production"`
	// Eligible instances may lead. The others take in signals only, because the
	// broker does not know their address, for example.
	Eligible bool `yaml:"eligible"`
	// Listen is the address for webhooks. It is meant to be reached by senders.
	Listen string `yaml:"listen"`
	// AdminListen is the address for readings, metrics and commands. It is not
	// meant to be reached from outside.
	AdminListen string `yaml:"admin_listen"`
	// AdminToken must be presented by commands; without it there are none.
	AdminToken     Secret `yaml:"admin_token"`
	AdminTokenFile string `yaml:"admin_token_file"`
	// StaleAfter is the age of a leader's heartbeat from which its peers call it
	// stale; three ttl unless it is set.
	StaleAfter Duration `yaml:"stale_after"`
	// Intake says which instances take signals in.
	Intake Intake `yaml:"intake"`
	// ShutdownTimeout bounds an orderly shutdown.
	ShutdownTimeout Duration `yaml:"shutdown_timeout"`
	// Journal is the file that records every input of the core; none if empty. One
	// that stands there is kept under the next free name with a number.
	Journal string `yaml:"journal"`
	// JournalFlush is the time between two writes of the journal: what a process
	// that is killed loses of it. 0s writes every step before its effects are
	// started; leadership then waits for the disk, which is for tests.
	JournalFlush Duration `yaml:"journal_flush"`
	// UnsafeTestSeams opens the commands by which a test holds calls and moves
	// clocks. It is refused in production.
	UnsafeTestSeams bool `yaml:"unsafe_test_seams"`
	// UnsafeProtocolVersion makes the instance speak another version of the protocol
	// than its build, for a test of rolling upgrades. It needs unsafe_test_seams.
	UnsafeProtocolVersion int `yaml:"unsafe_protocol_version"`

	Postgres Postgres `yaml:"postgres"`
	Redis    Redis    `yaml:"redis"`
	Broker   Broker   `yaml:"broker"`
	Lease    Lease    `yaml:"lease"`
	Webhook  Webhook  `yaml:"webhook"`
	Log      Log      `yaml:"log"`
	// Reconcile says how the broker's book is compared with the ledger.
	Reconcile Reconcile `yaml:"reconcile"`
	// Execution says in which order signals are executed.
	Execution Execution `yaml:"execution"`
	// Notify says which people are told of what.
	Notify Notify `yaml:"notify"`
	// Tracing says where spans are sent.
	Tracing Tracing `yaml:"tracing"`
}

// Execution says in which order signals are executed (PROTOCOL 5.2.22).
type Execution struct {
	// OneOpenPerInstrument lets one signal of an instrument be open at a time, exits
	// before entries; it is on unless it is turned off. Without it a leader sends
	// whatever it finds, up to sixteen orders at once, and an exit may overtake the
	// entry that it is to close. It is the same on every instance of the group.
	OneOpenPerInstrument bool `yaml:"one_open_per_instrument"`
}

// Postgres says how to reach the ledger.
type Postgres struct {
	// DSN is the database's address, as a URL or in keyword form. It may name several
	// hosts, and target_session_attrs=read-write the primary among them.
	DSN     Secret `yaml:"dsn"`
	DSNFile string `yaml:"dsn_file"`
	// PasswordFile holds the password that the address leaves out. It is read for
	// each connection.
	PasswordFile string `yaml:"password_file"`
	// TLSCAFile, TLSCertFile, TLSKeyFile and TLSServerName say how connections are
	// encrypted, instead of what the address says. If one of them is set every
	// connection is encrypted and the server's certificate verified, by TLSCAFile, or
	// by what the machine trusts. The files are read for each connection.
	TLSCAFile     string `yaml:"tls_ca_file"`
	TLSCertFile   string `yaml:"tls_cert_file"`
	TLSKeyFile    string `yaml:"tls_key_file"`
	TLSServerName string `yaml:"tls_server_name"`
	// Conns is how many connections signals and readings share; leadership has
	// three of its own.
	Conns int `yaml:"conns"`
}

// Redis says how to reach the lease: through one of Addr, Sentinels and Cluster.
type Redis struct {
	// Addr is HOST:PORT.
	Addr string `yaml:"addr"`
	// Sentinels are asked for the primary of the name SentinelMaster.
	Sentinels            []string `yaml:"sentinels"`
	SentinelMaster       string   `yaml:"sentinel_master"`
	SentinelUsername     string   `yaml:"sentinel_username"`
	SentinelPassword     Secret   `yaml:"sentinel_password"`
	SentinelPasswordFile string   `yaml:"sentinel_password_file"`
	// Cluster are members of a Redis Cluster, of which one that answers will do.
	Cluster  []string `yaml:"cluster"`
	Username string   `yaml:"username"`
	// PasswordFile is read for each connection; that of the Sentinels once.
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	DB           int    `yaml:"db"`
	// TLS encrypts every connection, those to Sentinels too, and verifies the
	// server's certificate by TLSCAFile, or by what the machine trusts. TLSCertFile
	// and TLSKeyFile are what this side shows. The files are read for each
	// connection.
	TLS           bool   `yaml:"tls"`
	TLSCAFile     string `yaml:"tls_ca_file"`
	TLSCertFile   string `yaml:"tls_cert_file"`
	TLSKeyFile    string `yaml:"tls_key_file"`
	TLSServerName string `yaml:"tls_server_name"`
}

// Lease holds the times of the protocol. What is left out has its usual part
// of the ttl.
type Lease struct {
	// Profile is default (a ttl of 10 s) or fast (3 s).
	Profile Profile `yaml:"profile"`
	// TTL is the lease's length, instead of the profile's.
	TTL             Duration `yaml:"ttl"`
	Renew           Duration `yaml:"renew"`
	Heartbeat       Duration `yaml:"heartbeat"`
	Margin          Duration `yaml:"margin"`
	Retry           Duration `yaml:"retry"`
	RetryJitter     Duration `yaml:"retry_jitter"`
	StoreTimeout    Duration `yaml:"store_timeout"`
	CandidateBudget Duration `yaml:"candidate_budget"`
	SendBy          Duration `yaml:"send_by"`
	Sweep           Duration `yaml:"sweep"`
	Review          Duration `yaml:"review"`
}

// Log says how events are written to standard error.
type Log struct {
	Format Format `yaml:"format"`
	Level  Level  `yaml:"level"`
}

// Default returns the settings that hold unless they are set. It has no
// addresses of stores, which must be set.
func Default() Config {
	return Config{
		Group: "default", Production: true, Eligible: true,
		Listen: "127.0.0.1:8080", AdminListen: "127.0.0.1:8081",
		Intake: IntakeAny, ShutdownTimeout: Duration(20 * time.Second),
		JournalFlush: Duration(time.Second),
		Postgres:     Postgres{Conns: 8},
		Broker:       defaultBroker(),
		Lease:        Lease{Profile: ProfileDefault},
		Webhook:      defaultWebhook(),
		Log:          Log{Format: FormatJSON, Level: LevelInfo},
		Reconcile:    defaultReconcile(),
		Execution:    Execution{OneOpenPerInstrument: true},
		Notify:       defaultNotify(),
		Tracing:      defaultTracing(),
	}
}

// Protocol returns the protocol's own configuration.
func (c *Config) Protocol() core.Config {
	ttl := core.DefaultTTL
	if c.Lease.Profile == ProfileFast {
		ttl = core.Fast().TTL
	}
	if c.Lease.TTL != 0 {
		ttl = time.Duration(c.Lease.TTL)
	}
	p := core.ForTTL(ttl)
	for _, set := range []struct {
		to   *time.Duration
		from Duration
	}{
		{&p.Renew, c.Lease.Renew},
		{&p.Heartbeat, c.Lease.Heartbeat},
		{&p.Margin, c.Lease.Margin},
		{&p.Retry, c.Lease.Retry},
		{&p.RetryJitter, c.Lease.RetryJitter},
		{&p.StoreTimeout, c.Lease.StoreTimeout},
		{&p.CandidateBudget, c.Lease.CandidateBudget},
		{&p.SendBy, c.Lease.SendBy},
		{&p.Sweep, c.Lease.Sweep},
		{&p.Review, c.Lease.Review},
		{&p.StaleAfter, c.StaleAfter},
		{&p.BrokerTimeout, c.Broker.Timeout},
	} {
		if set.from != 0 {
			*set.to = time.Duration(set.from)
		}
	}
	p.Broker = c.Broker.Promise()
	p.Ineligible = !c.Eligible
	p.LeaderOnly = c.Intake == IntakeLeaderOnly
	if c.UnsafeProtocolVersion > 0 {
		p.Protocol = uint16(min(c.UnsafeProtocolVersion, math.MaxUint16))
	}
	return p
}
