package pgledger_test

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// link passes bytes on between a client and a server until it is silenced;
// then it swallows them, and nobody is told.
type link struct {
	listener net.Listener
	target   string
	silent   atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
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
		for _, c := range l.conns {
			_ = c.Close()
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
		l.mu.Lock()
		l.conns = append(l.conns, client, server)
		l.mu.Unlock()
		wg.Go(func() { l.pass(client, server) })
		wg.Go(func() { l.pass(server, client) })
	}
}

// pass copies bytes in one direction.
func (l *link) pass(from, to net.Conn) {
	defer to.Close()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if l.silent.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// silence stops or restores the flow.
func (l *link) silence(yes bool) { l.silent.Store(yes) }

// addr returns where the link listens.
func (l *link) addr() string { return l.listener.Addr().String() }

// portText returns a port as text.
func portText(port uint16) string { return strconv.Itoa(int(port)) }
