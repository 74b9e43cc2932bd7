package paper

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"fencepost/internal/broker"
)

// Local is the adapter for a paper broker in this process. It speaks the same
// protocol as over a network, over pipes: what the broker does badly, it does
// here too. Its book is this process's alone, so that other instances of a
// group do not find its orders.
type Local struct {
	*broker.HTTP
	server *http.Server
	pipes  *pipes
	served sync.WaitGroup
}

// NewLocal returns the adapter. The configuration needs no address; its promise
// should be that of the broker's class.
func NewLocal(desk *Server, config broker.HTTPConfig) (*Local, error) {
	ways := &pipes{come: make(chan net.Conn), done: make(chan struct{})}
	config.URL, config.Dial = "http://paper", ways.dial
	adapter, err := broker.NewHTTP(config)
	if err != nil {
		return nil, err
	}
	l := &Local{
		HTTP: adapter, pipes: ways,
		server: &http.Server{Handler: desk, ReadHeaderTimeout: 5 * time.Second},
	}
	// It ends with the listener, and has no other error.
	l.served.Go(func() { _ = l.server.Serve(ways) })
	return l, nil
}

// Close cuts every connection. The broker's own waits are the broker's to end.
func (l *Local) Close() {
	l.HTTP.Close()
	// What can fail is the listener's closing, which cannot.
	_ = l.server.Close()
	l.served.Wait()
}

// pipes is a listener whose connections stay within the process.
type pipes struct {
	come chan net.Conn
	done chan struct{}
	once sync.Once
}

// errClosed says that the broker was closed.
var errClosed = errors.New("the paper broker was closed")

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.come <- far:
		return near, nil
	case <-p.done:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for the next connection.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.come:
		return conn, nil
	case <-p.done:
		return nil, errClosed
	}
}

// Close ends the listener.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr is a name, for there is no address.
func (*pipes) Addr() net.Addr { return &net.UnixAddr{Name: "paper", Net: "pipe"} }
