package link_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"fencepost/chaos/link"
	"fencepost/internal/testbed"
	"fencepost/scenarios"
)

func TestMain(m *testing.M) { testbed.Main(m) }

// patience bounds what has to happen, and silence is how long nothing must.
const (
	patience = 5 * time.Second
	silence  = 60 * time.Millisecond
)

// echo answers every connection with what it reads, and remembers what that
// was.
type echo struct {
	net.Listener
	mu    sync.Mutex
	heard []byte
	news  chan struct{}
}

func startEcho(t testing.TB) *echo {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{Listener: l, news: make(chan struct{}, 1)}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { e.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); work.Wait() })
	return e
}

func (e *echo) serve(c net.Conn) {
	defer c.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.Read(buffer)
		e.mu.Lock()
		e.heard = append(e.heard, buffer[:n]...)
		e.mu.Unlock()
		select {
		case e.news <- struct{}{}:
		default:
		}
		if _, failed := c.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}

// heardInTime waits until the server has read the text.
func (e *echo) heardInTime(t testing.TB, text string) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		e.mu.Lock()
		heard := string(e.heard)
		e.mu.Unlock()
		if heard == text {
			return
		}
		select {
		case <-e.news:
		case <-late.C:
			t.Fatalf("the server has read %q, want %q", heard, text)
		}
	}
}

// open makes an engine with one link.
func open(t testing.TB, protocol link.Protocol, upstream string) link.Link {
	t.Helper()
	e := link.New(1)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	l, err := e.Open("test", protocol, upstream)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// client is a connection of the near party.
type client struct {
	net.Conn
	t testing.TB
}

func dial(t testing.TB, l link.Link) *client {
	t.Helper()
	c, err := net.DialTimeout("tcp4", l.Addr(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &client{c, t}
}

// say sends a text.
func (c *client) say(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// hears waits for exactly that text.
func (c *client) hears(text string) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(text))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != text {
		c.t.Fatalf("heard %q (%v), want %q", got[:n], err, text)
	}
}

// hearsNothing waits for the silence to last.
func (c *client) hearsNothing() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(silence))
	var one [1]byte
	var slow net.Error
	if n, err := c.Read(one[:]); !errors.As(err, &slow) || !slow.Timeout() {
		c.t.Fatalf("heard %q, %v, want silence", one[:n], err)
	}
}

// breaks waits for the connection's end and returns why.
func (c *client) breaks() error {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	got, err := io.ReadAll(c)
	var slow net.Error
	if len(got) > 0 || errors.As(err, &slow) && slow.Timeout() {
		c.t.Fatalf("heard %q, %v, want an end", got, err)
	}
	return err
}

// damage lays a fault on the link that must be accepted.
func damage(t testing.TB, l link.Link, id int, effect scenarios.Effect, arrow scenarios.Arrow) {
	t.Helper()
	if err := l.Damage(id, link.Damage{Effect: effect, Arrow: arrow}); err != nil {
		t.Fatal(err)
	}
}

func heal(t testing.TB, l link.Link, id int) {
	t.Helper()
	if err := l.Heal(id); err != nil {
		t.Fatal(err)
	}
}
