package pgledger_test

import (
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// link passes bytes on between a client and a server. When it is silenced, the
// connections of that moment swallow everything from then on, and nobody is
// told; later ones work.
type link struct {
	listener net.Listener
	target   string
	// hear, if not nil, returns for each connection who else gets what its client
	// says.
	hear func() io.Writer
	// slow is by how much later each piece of what a server says arrives.
	slow atomic.Int64

	mu    sync.Mutex
	pairs []*pair
}

// pair is one client's connection and its continuation to the server.
type pair struct {
	client, server net.Conn
	silent         atomic.Bool
}

// newLink puts itself before the server of the address and returns the address
// to use instead.
func newLink(t *testing.T, dsn string, hear func() io.Writer) (l *link, through string) {
	t.Helper()
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(config.Host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	target := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	l = &link{listener: listener, target: target, hear: hear}
	var wg sync.WaitGroup
	wg.Go(func() { l.serve(&wg) })
	t.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		for _, p := range l.pairs {
			_, _ = p.client.Close(), p.server.Close()
		}
		l.mu.Unlock()
		wg.Wait()
	})
	return l, strings.Replace(dsn, target, listener.Addr().String(), 1)
}

// serve accepts clients.
func (l *link) serve(wg *sync.WaitGroup) {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p := &pair{client: client, server: server}
		l.mu.Lock()
		l.pairs = append(l.pairs, p)
		l.mu.Unlock()
		said := io.Discard
		if l.hear != nil {
			said = l.hear()
		}
		wg.Go(func() { p.pass(client, server, said, nil) })
		wg.Go(func() { p.pass(server, client, io.Discard, &l.slow) })
	}
}

// pass copies bytes in one direction, and once more to whoever listens; later, if
// it is slow.
func (p *pair) pass(from, to net.Conn, said io.Writer, slow *atomic.Int64) {
	defer to.Close()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if p.silent.Load() {
			continue
		}
		if slow != nil {
			<-time.After(time.Duration(slow.Load()))
		}
		_, _ = said.Write(buffer[:n])
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// silence makes the connections of this moment swallow everything.
func (l *link) silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.pairs {
		p.silent.Store(true)
	}
}

// cut breaks the connections of this moment.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.pairs {
		_, _ = p.client.Close(), p.server.Close()
	}
}
