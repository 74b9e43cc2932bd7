package store

import (
	"io"
	"net"
	"sync"
	"testing"
)

// relay is a link to a server that can be cut: then whoever is connected is cut off, and nobody gets in.
type relay struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	isCut bool
	conns []net.Conn
}

// newRelay returns a relay that leads to the address.
func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	r := &relay{listener: listener, to: to}
	t.Cleanup(func() { _ = listener.Close(); r.cut() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go r.carry(conn)
		}
	}()
	return r
}

func (r *relay) addr() string { return r.listener.Addr().String() }

// carry connects a client with the server.
func (r *relay) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp4", r.to)
	if err != nil {
		return
	}
	defer server.Close()
	r.mu.Lock()
	if r.isCut {
		r.mu.Unlock()
		return
	}
	r.conns = append(r.conns, client, server)
	r.mu.Unlock()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// cut cuts the link for good.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = true
	for _, conn := range r.conns {
		_ = conn.Close()
	}
}
