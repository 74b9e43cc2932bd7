package redislease_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"fencepost/core"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed"
)

// tap keeps what a client says.
type tap struct {
	mu   sync.Mutex
	said bytes.Buffer
}

// tapped is a connection that is listened to.
type tapped struct {
	net.Conn
	to *tap
}

// Write keeps a copy.
func (c tapped) Write(p []byte) (int, error) {
	c.to.mu.Lock()
	c.to.said.Write(p)
	c.to.mu.Unlock()
	return c.Conn.Write(p)
}

// dial opens a connection that is listened to.
func (w *tap) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return tapped{Conn: conn, to: w}, nil
}

// heard returns what was said since the last time.
func (w *tap) heard() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.said.Reset()
	return w.said.String()
}

// TestEachCallCarriesItsName looks at the bytes on the wire, as a proxy does:
// also when only the script's hash is sent.
func TestEachCallCarriesItsName(t *testing.T) {
	wire := &tap{}
	l, err := redislease.Open(redislease.Options{
		URL: testbed.Redis(t).Addr(), Group: "test", Instance: "n1", Timeout: redislease.DefaultTimeout * 20,
		Dialer: wire.dial,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	token := core.Token{Nonce: 1, Acquisition: 1}
	for round, script := range []string{"eval", "evalsha"} {
		for _, op := range core.Ops() {
			if op.Store() != core.Redis {
				continue
			}
			wire.heard()
			if _, err := l.Call(t.Context(), &core.Effect{Op: op, Token: token}); err != nil {
				t.Fatal(err)
			}
			said := wire.heard()
			if !strings.Contains(said, "/* "+op.String()+" */") {
				t.Errorf("round %d: %v says %q", round, op, said)
			}
			if whole := strings.Contains(said, "-- "+op.String()+"\n"); whole != (script == "eval") {
				t.Errorf("round %d: %v sends its text: %v", round, op, whole)
			}
		}
	}
}
