package doctor_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"fencepost/internal/doctor"
	"fencepost/internal/testbed"
)

func TestMain(m *testing.M) { testbed.Main(m) }

// find returns the check of that name.
func find(t *testing.T, checks []doctor.Check, name string) doctor.Check {
	t.Helper()
	for _, c := range checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %q among %+v", name, checks)
	return doctor.Check{}
}

// levels holds the checks against the levels wanted; what is not named must be
// OK.
func levels(t *testing.T, checks []doctor.Check, want map[string]doctor.Level) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range checks {
		seen[c.Name] = true
		level, named := want[c.Name]
		if !named {
			level = doctor.OK
		}
		if c.Level != level {
			t.Errorf("%s: %v, want %v: %s; %s", c.Name, c.Level, level, c.Found, c.Means)
		}
		if c.Found == "" || c.Means == "" || (c.Do == "") != (c.Level == doctor.OK) {
			t.Errorf("%s does not say everything: %+v", c.Name, c)
		}
	}
	for name := range want {
		if !seen[name] {
			t.Errorf("%s was not looked at", name)
		}
	}
}

// pooler stands before a server and lets every client have the one connection
// that it holds, for a transaction each. It returns the address that leads
// through it.
func pooler(t *testing.T, dsn string) string {
	t.Helper()
	direct, err := pgconn.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	server, err := direct.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Conn.Close() })
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens until the test ends
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var turn sync.Mutex
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				serveClient(client, server, &turn)
			}()
		}
	}()
	at := direct.Conn().RemoteAddr().String()
	return strings.Replace(dsn, at, listener.Addr().String(), 1)
}

// serveClient carries one client's transactions to the server, each in its turn.
func serveClient(client net.Conn, server *pgconn.HijackedConn, turn *sync.Mutex) {
	c := pgproto3.NewBackend(client, client)
	if _, err := c.ReceiveStartupMessage(); err != nil {
		return
	}
	c.Send(&pgproto3.AuthenticationOk{})
	for name, value := range server.ParameterStatuses {
		c.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	c.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{1, 2, 3, 4}})
	c.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for err := c.Flush(); err == nil; {
		err = carry(c, server.Frontend, turn)
	}
}

var errLeft = errors.New("the client left")

// carry carries one round of messages, up to the server's readiness.
func carry(c *pgproto3.Backend, s *pgproto3.Frontend, turn *sync.Mutex) error {
	message, err := c.Receive()
	if err != nil {
		return err
	}
	turn.Lock()
	defer turn.Unlock()
	for {
		switch message.(type) {
		case *pgproto3.Terminate:
			return errLeft
		case *pgproto3.Sync, *pgproto3.Query:
			s.Send(message)
			if err := s.Flush(); err != nil {
				return err
			}
			return answers(c, s)
		default:
			s.Send(message)
		}
		if message, err = c.Receive(); err != nil {
			return err
		}
	}
}

func answers(c *pgproto3.Backend, s *pgproto3.Frontend) error {
	for {
		answer, err := s.Receive()
		if err != nil {
			return err
		}
		c.Send(answer)
		if _, ready := answer.(*pgproto3.ReadyForQuery); ready {
			return c.Flush()
		}
	}
}
