package doorkeeper_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/internal/doorkeeper"
)

// house is a server with a doorkeeper; a request to /known is a known sender's.
type house struct {
	t    *testing.T
	door *doorkeeper.Listener
	sent atomic.Int64
}

// listedAddress is listed in the tests' configuration.
const listedAddress = "127.0.0.99"

func open(t *testing.T, most, mostEach int, grace ...time.Duration) *house {
	t.Helper()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t}
	o := doorkeeper.Options{
		Most: most, MostPerAddress: mostEach, SentAway: func() { h.sent.Add(1) },
		Listed: func(a netip.Addr) bool { return a.String() == listedAddress },
	}
	for _, g := range grace {
		o.Grace = g
	}
	door := doorkeeper.New(plain, o)
	server := &http.Server{
		ConnContext: door.ConnContext, ConnState: door.ConnState, ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/known") {
				doorkeeper.Known(r.Context())
			}
			_, _ = io.WriteString(w, "ok")
		}),
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(door) })
	t.Cleanup(func() { _ = server.Close(); serving.Wait() })
	h.door = door
	return h
}

// visitor is a client's connection.
type visitor struct {
	net.Conn
	t    *testing.T
	read *bufio.Reader
}

// visit connects from an address of this machine.
func (h *house) visit(from string) *visitor {
	h.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(h.t.Context(), "tcp", h.door.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	return &visitor{Conn: conn, t: h.t, read: bufio.NewReader(conn)}
}

// ask sends a request and reports whether it was answered.
func (v *visitor) ask(path string) bool {
	v.t.Helper()
	_ = v.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(v, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false
	}
	response, err := http.ReadResponse(v.read, nil)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return err == nil && string(body) == "ok"
}

// isClosed waits until the other end has closed.
func (v *visitor) isClosed() bool {
	v.t.Helper()
	_ = v.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err := v.read.ReadByte()
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

func TestNewConnectionIsLetInAndTheOldestOfTheSameAddressGoes(t *testing.T) {
	h := open(t, 100, 3)
	var visitors []*visitor
	for range 5 {
		visitors = append(visitors, h.visit("127.0.0.2"))
		if !visitors[len(visitors)-1].ask("/") {
			t.Fatal("a new connection is not answered")
		}
	}
	if !visitors[0].isClosed() || !visitors[1].isClosed() {
		t.Error("the oldest are still open")
	}
	for _, v := range visitors[2:] {
		if !v.ask("/") {
			t.Error("one of the youngest was closed")
		}
	}
	if h.sent.Load() != 2 {
		t.Errorf("%d sent away", h.sent.Load())
	}
}

// A source that sends much at once has opened many connections before the first
// is read.
func TestManyConnectionsAtOnceOfOneAddressAreLetIn(t *testing.T) {
	h := open(t, 12, 2, time.Hour)
	var visitors []*visitor
	for range 10 {
		visitors = append(visitors, h.visit("127.0.0.2"))
	}
	for i, v := range visitors {
		if !v.ask("/known") {
			t.Errorf("connection %d of ten is closed", i)
		}
	}
	if h.sent.Load() != 0 {
		t.Errorf("%d sent away", h.sent.Load())
	}
}

func TestWhoHasTheMostGivesWay(t *testing.T) {
	h := open(t, 6, 6)
	small := h.visit("127.0.0.3")
	if !small.ask("/") {
		t.Fatal("not answered")
	}
	var greedy []*visitor
	for range 5 {
		greedy = append(greedy, h.visit("127.0.0.4"))
		greedy[len(greedy)-1].ask("/")
	}
	late := h.visit("127.0.0.5")
	if !late.ask("/") || !greedy[0].isClosed() {
		t.Error("the oldest of the greedy one did not give way")
	}
	if !small.ask("/") || !greedy[1].ask("/") {
		t.Error("another gave way")
	}
}

func TestKnownAndListedConnectionsDoNotGiveWayToStrangers(t *testing.T) {
	h := open(t, 4, 4)
	known, listed := h.visit("127.0.0.3"), h.visit(listedAddress)
	if !known.ask("/known") || !listed.ask("/") {
		t.Fatal("not answered")
	}
	for i := range 40 {
		if from := "127.0.1." + string(rune('1'+i%9)); !h.visit(from).ask("/") {
			t.Fatalf("stranger %d is not answered", i)
		}
	}
	if !known.ask("/known") || !listed.ask("/") {
		t.Error("one of them was closed")
	}
}

// A known sender that opens ever more connections loses idle ones alone.
func TestKnownConnectionsAreBoundedToo(t *testing.T) {
	h := open(t, 3, 3)
	var visitors []*visitor
	for i := range 6 {
		v := h.visit("127.0.0.3")
		if !v.ask("/known") {
			t.Fatalf("connection %d is not answered", i)
		}
		visitors = append(visitors, v)
	}
	// A server has a connection as idle only a moment after its answer was read.
	until(t, "the bound is kept", func() bool {
		if !visitors[5].ask("/known") {
			t.Fatal("the youngest was closed")
		}
		return h.sent.Load() >= 3
	})
}

// A flood of connections that say nothing, or half a request, keeps nobody from
// an answer.
func TestFloodKeepsNobodyOut(t *testing.T) {
	h := open(t, 32, 8)
	ctx, stop := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	for _, from := range []string{"127.0.2.1", "127.0.2.2", "127.0.2.3"} {
		flood.Go(func() {
			dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
			var held []net.Conn
			for ctx.Err() == nil {
				conn, err := dialer.DialContext(ctx, "tcp", h.door.Addr().String())
				if err != nil {
					continue
				}
				_, _ = io.WriteString(conn, "POST /webhook/guess HTTP/1.1\r\nHost: x\r\n")
				if held = append(held, conn); len(held) > 200 {
					_ = held[0].Close()
					held = held[1:]
				}
			}
			for _, conn := range held {
				_ = conn.Close()
			}
		})
	}
	until(t, "the flood is turned away", func() bool { return h.sent.Load() > 100 })
	for i := range 20 {
		began := time.Now()
		if !h.visit("127.0.0.3").ask("/known") {
			t.Errorf("request %d is not answered", i)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("request %d took %v", i, took)
		}
	}
	stop()
	flood.Wait()
}

// until asks again and again until something is so.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if holds() {
			return
		}
	}
	t.Fatalf("twenty seconds without: %s", what)
}
