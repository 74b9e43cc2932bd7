package pgledger_test

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// link passes bytes on between a client and a server. When it is silenced, the
// connections of that moment swallow everything from then on, and nobody is
// told; later ones work.
type link struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	pairs []*pair
}

// pair is one client's connection and its continuation to the server.
type pair struct {
	client, server net.Conn
	silent         atomic.Bool
}

// newLink listens and forwards to the target.
func newLink(t *testing.T, listen, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target}
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
	return l
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
		wg.Go(func() { p.pass(client, server) })
		wg.Go(func() { p.pass(server, client) })
	}
}

// pass copies bytes in one direction.
func (p *pair) pass(from, to net.Conn) {
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

// addr returns where the link listens.
func (l *link) addr() string { return l.listener.Addr().String() }

// portText returns a port as text.
func portText(port uint16) string { return strconv.Itoa(int(port)) }
