package pgbouncer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/debian"
	"fencepost/internal/testbed/rundir"
)

// program is where PgBouncer comes from.
var program = debian.Program{Name: "pgbouncer", Variable: "FENCEPOST_PGBOUNCER", VersionFlag: "--version"}

// Server is one PgBouncer.
type Server struct {
	dir     *rundir.Dir
	process *child.Process
	addr    string
	user    *url.Userinfo
}

// Start starts a PgBouncer that hands out a server for each transaction, and
// everything else as it is by default, in front of the PostgreSQL of that
// address, a URL with a user and a password. At most conns servers are used for
// each database.
func Start(ctx context.Context, dsn string, conns int) (*Server, error) {
	behind, err := url.Parse(dsn)
	if err != nil {
		return nil, errors.New("start pgbouncer: not a URL of PostgreSQL")
	}
	found, err := program.Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("start pgbouncer: %w", err)
	}
	dir, err := rundir.New("pgbouncer")
	if err != nil {
		return nil, fmt.Errorf("start pgbouncer: %w", err)
	}
	s := &Server{dir: dir, user: behind.User}
	log := filepath.Join(dir.Path(), "log")
	err = child.OnFreePorts(1, log, func(addrs []string) error {
		s.addr = addrs[0]
		return s.launch(ctx, found, behind, conns, log)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start pgbouncer: %w", err), dir.Remove())
	}
	return s, nil
}

func (s *Server) launch(
	ctx context.Context, found debian.Found, behind *url.URL, conns int, log string,
) error {
	config, users := filepath.Join(s.dir.Path(), "pgbouncer.ini"), filepath.Join(s.dir.Path(), "users")
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr = %s\nlisten_port = %s\n"+
		"unix_socket_dir =\nauth_type = trust\nauth_file = %s\npool_mode = transaction\n"+
		"default_pool_size = %d\nmax_client_conn = 500\nso_reuseport = 0\n",
		behind.Hostname(), behind.Port(), host, port, users, conns)
	if preparesByItself(strings.TrimPrefix(found.Version, "PgBouncer ")) {
		text += "max_prepared_statements = 0\n"
	}
	password, _ := behind.User.Password()
	// The account that it becomes must be able to read them; they are a test's.
	err = errors.Join(os.WriteFile(config, []byte(text), 0o644),
		os.WriteFile(users, fmt.Appendf(nil, "%q %q\n", behind.User.Username(), password), 0o644))
	if err != nil {
		return err
	}
	args := append(found.Environment(), found.Path)
	if os.Getuid() == 0 {
		who, err := accountWithoutRights()
		if err != nil {
			return err
		}
		args = append(args, "-u", who)
	}
	if s.process, err = child.Spawn(s.dir, log, "/usr/bin/env", append(args, config)...); err != nil {
		return err
	}
	return s.process.AwaitAnswer(ctx, func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.addr)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// preparesByItself reports whether that version keeps prepared statements across
// servers unless it is told otherwise: from 1.21 on.
func preparesByItself(version string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n < 2 {
		return false
	}
	return major > 1 || minor > 20
}

// accountWithoutRights is who root becomes.
func accountWithoutRights() (string, error) {
	for _, name := range []string{"nobody", "postgres"} {
		if _, err := user.Lookup(name); err == nil {
			return name, nil
		}
	}
	return "", errors.New("pgbouncer does not run as root, and there is no account nobody")
}

// DSN is the address of a database behind it.
func (s *Server) DSN(database string) string {
	where := url.URL{
		Scheme: "postgres", User: s.user, Host: s.addr, Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return where.String()
}

// Stop ends it and removes its directory. It is killed: asked to end, a younger
// one waits for its clients.
func (s *Server) Stop() error { return errors.Join(s.process.Kill(), s.dir.Remove()) }
