package store

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/testbed/postgres"
	"fencepost/migrations"
)

// Limits of the acts upon PostgreSQL, whatever the context allows.
const (
	pgStartLimit = 3 * time.Minute // a first start may have to fetch the programs
	pgActLimit   = 10 * time.Second
	pgDownLimit  = 30 * time.Second // for what shuts down, comes up or copies files
)

// DefaultConnections is how many connections the service may have if nothing is said.
const DefaultConnections = 120

// The service's role, which is no superuser, and its database.
const (
	serviceRole     = "fencepost"
	serviceDatabase = "fencepost"
)

// adminConnections are kept free for the harness, whatever the service takes. What the harness has open
// counts against the service's share, so there are as many again.
const adminConnections = 8

// PostgresOptions says what kind of PostgreSQL to start.
type PostgresOptions struct {
	// Group is the group whose changes the audit tells; empty means "default".
	Group string
	// Connections is how many the service may have at once, all instances together; zero means
	// DefaultConnections.
	Connections int
	// Rewinds keeps what is needed to go back in time: a copy of the data directory, about 40 MB, and
	// the log since. Without it Mark does nothing and Rewind fails.
	Rewinds bool
	// Settings are further server parameters, see postgres.Options.
	Settings map[string]string
	// Log receives the server's log when it stops; nil discards it.
	Log io.Writer
}

// Postgres is a server with the migrated ledger of the service and an audit of it. Its methods may be called
// from several goroutines; acts are carried out one after the other.
//
// An act that needs an answer from the server fails while it is down or stalled.
type Postgres struct {
	options PostgresOptions
	server  *postgres.Server
	secret  string // the service role's password
	admin   session
	audit   *Audit
	past    *timeMachine // nil without Rewinds

	acts sync.Mutex // held by each act from its beginning to its end
	hold hindrances

	mu      sync.Mutex // guards what follows: a server is woken whatever else waits for it
	stalled bool
	hung    bool
}

//go:embed audit.sql
var auditSQL string

// StartPostgres starts a server, migrates the ledger's database, installs the audit and returns when the
// service may connect. An error leaves nothing behind; on a machine without PostgreSQL it holds the command
// that installs it.
func StartPostgres(ctx context.Context, options PostgresOptions) (*Postgres, error) {
	if options.Group == "" {
		options.Group = "default"
	}
	if options.Connections == 0 {
		options.Connections = DefaultConnections
	}
	ctx, cancel := context.WithTimeout(ctx, pgStartLimit)
	defer cancel()
	settings := map[string]string{
		"max_connections":                strconv.Itoa(options.Connections + 2*adminConnections),
		"superuser_reserved_connections": strconv.Itoa(adminConnections),
		// Recovery asks for archived log only after a rewind with a timeline of its own; there is
		// none.
		"restore_command": "false",
		"hot_standby":     "off", // and nobody is let in before it has ended
		"wal_keep_size":   "512MB",
	}
	maps.Copy(settings, options.Settings)
	server, err := postgres.Start(ctx, postgres.Options{Child: true, Settings: settings, Log: options.Log})
	if err != nil {
		return nil, err
	}
	p := &Postgres{options: options, server: server, secret: rand.Text()}
	p.admin.dsn = server.DSN(serviceDatabase)
	p.audit = &Audit{group: options.Group, session: session{dsn: p.admin.dsn}}
	if err = p.prepare(ctx); err == nil && options.Rewinds {
		p.past, err = newTimeMachine(server)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare ledger: %w", err), p.Stop(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// prepare makes the role, the database, its tables and the audit.
func (p *Postgres) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range []string{
		"CREATE ROLE " + serviceRole + " LOGIN PASSWORD '" + p.secret + "' CONNECTION LIMIT " +
			strconv.Itoa(p.options.Connections),
		"CREATE DATABASE " + serviceDatabase + " OWNER " + serviceRole + " TEMPLATE template0",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if _, err := migrations.Up(ctx, p.DSN()); err != nil {
		return err
	}
	return p.admin.do(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, auditSQL)
		return err
	})
}

// Addr is the server's address, for a link to lead to. It is the same over every act.
func (p *Postgres) Addr() string { return p.server.Addr() }

// DSN is the connection string of the service's role.
func (p *Postgres) DSN() string { return p.DSNAt(p.Addr()) }

// DSNAt is DSN through another address, that of a link.
func (p *Postgres) DSNAt(addr string) string {
	dsn := url.URL{
		Scheme: "postgres", User: url.UserPassword(serviceRole, p.secret), Host: addr,
		Path: "/" + serviceDatabase, RawQuery: "sslmode=disable",
	}
	return dsn.String()
}

// AdminDSN is the connection string of the superuser, for whose connections there is always room.
func (p *Postgres) AdminDSN() string { return p.server.DSN(serviceDatabase) }

// DeskDSN is AdminDSN for people, who write even while the server's transactions are read-only by default.
func (p *Postgres) DeskDSN() string { return p.AdminDSN() + "&" + readOnlySetting + "=off" }

// PIDs returns the server's processes, the postmaster first; none while it is down.
func (p *Postgres) PIDs() []int { return p.server.PIDs() }

// Audit returns the history of the ledger. It is the same over every act.
func (p *Postgres) Audit() *Audit { return p.audit }

// Stop ends the server and removes its files, with everything that an act holds. It may be called again.
func (p *Postgres) Stop(ctx context.Context) error {
	p.acts.Lock()
	defer p.acts.Unlock()
	p.hold.unlockRows()
	p.admin.close()
	p.audit.session.close()
	err := p.server.Stop(ctx)
	if p.past != nil {
		err = errors.Join(err, p.past.remove())
	}
	return err
}

// act begins an act: one at a time, and each bounded.
func (p *Postgres) act(ctx context.Context, limit time.Duration) (context.Context, func()) {
	p.acts.Lock()
	ctx, cancel := context.WithTimeout(ctx, limit)
	return ctx, func() {
		cancel()
		p.acts.Unlock()
	}
}

// session is a connection of the superuser that is kept, and made again when it broke.
type session struct {
	dsn  string
	mu   sync.Mutex
	conn *pgx.Conn
}

// sessionRetry is how often a server that is not ready for connections is asked again.
const sessionRetry = 20 * time.Millisecond

// do lets f use the connection, alone. Until ctx ends it waits for a server that is coming up.
func (s *session) do(ctx context.Context, f func(*pgx.Conn) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && s.conn.Ping(ctx) != nil {
		s.drop()
	}
	tick := time.NewTicker(sessionRetry)
	defer tick.Stop()
	for s.conn == nil {
		conn, err := connect(ctx, s.dsn)
		if err == nil {
			s.conn = conn
			break
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
	return f(s.conn)
}

// connect opens a session that writes even while the server's transactions are read-only by default.
func connect(ctx context.Context, dsn string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	config.ConnectTimeout = pgActLimit
	config.RuntimeParams["application_name"] = "fencepost harness"
	config.RuntimeParams[readOnlySetting] = "off"
	return pgx.ConnectConfig(ctx, config)
}

// close ends the connection.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
}

// drop ends the connection without waiting for a server that may not answer.
func (s *session) drop() {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.conn.Close(ctx)
	s.conn = nil
}
