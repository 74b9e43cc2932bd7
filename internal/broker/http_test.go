package broker_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
)

const id = "AAAABBBBCCCCDDDDEEEE"

var ordinary = broker.Order{
	ClientOrderID: id, Instrument: "BANKNIFTY", Action: "BASE_ENTRY", Position: "Long_1",
	Lots: "12", Price: "54321.05",
}

// stubClock says what the test wants, one reading after the other; the last
// one stays.
type stubClock struct {
	readings []core.Time
	asked    atomic.Int32
}

func (s *stubClock) Now() core.Now {
	i := min(int(s.asked.Add(1)), len(s.readings)) - 1
	return core.Now{Boot: s.readings[i], Wall: core.Time(time.Now().UnixNano())}
}

// within gives a call the time that a call to the broker has.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func adapter(t *testing.T, url string, class order.Class, time clock.Clock) *broker.HTTP {
	t.Helper()
	a, err := broker.NewHTTP(broker.HTTPConfig{
		URL: url, Promise: class.Capability(), Secret: []byte("s"), Clock: time,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestOrderIsWrittenOnceWhenTheReplyIsLost(t *testing.T) {
	var seen atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen.Add(1)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	a := adapter(t, server.URL, order.ClassA, clock.System{})
	got := a.Submit(within(t, 5*time.Second), ordinary, core.Never)
	if got.Answer != order.Unknown || got.Withheld || got.Err == nil {
		t.Errorf("a lost reply gave %+v", got)
	}
	if seen.Load() != 1 {
		t.Errorf("the order was written %d times", seen.Load())
	}
}

func TestOrderFollowsNoRedirect(t *testing.T) {
	var seen atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		http.Redirect(w, r, "/orders", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	a := adapter(t, server.URL, order.ClassA, clock.System{})
	got := a.Submit(within(t, 5*time.Second), ordinary, core.Never)
	if got.Answer != order.Unknown || seen.Load() != 1 {
		t.Errorf("a redirect gave %+v after %d requests", got, seen.Load())
	}
}

func TestOrderCarriesItsNumbersUnrounded(t *testing.T) {
	bodies := make(chan []byte, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !wire.Signed([]byte("s"), body, r.Header.Get(wire.SignatureHeader)) {
			t.Error("the order's signature does not fit its body")
		}
		bodies <- body
		_, _ = io.WriteString(w, `{"order_id":"1","client_order_id":"`+id+`","status":"filled"}`)
	}))
	defer server.Close()
	a := adapter(t, server.URL, order.ClassB, clock.System{})
	got := a.Submit(within(t, 5*time.Second), ordinary, core.Never)
	if got.Answer != order.Filled {
		t.Fatalf("got %+v", got)
	}
	var sent wire.Order
	if err := json.Unmarshal(<-bodies, &sent); err != nil {
		t.Fatal(err)
	}
	if sent.Price != "54321.05" || sent.Lots != "12" || sent.ClientOrderID != id {
		t.Errorf("sent %+v", sent)
	}
	window := order.ClassB.Capability().LateArrivalBound - broker.ClockTolerance
	if sent.RecvWindow != window.Milliseconds() {
		t.Errorf("window %d ms, want %v", sent.RecvWindow, window)
	}
	if age := time.Since(time.UnixMilli(sent.Timestamp)); age < 0 || age > time.Minute {
		t.Errorf("timestamp is %v old", age)
	}
}

func TestOrderIsWithheldOnceItsTimeHasPassed(t *testing.T) {
	for name, readings := range map[string][]core.Time{
		"before the connection": {101},
		"before the first byte": {100, 101},
	} {
		var bytes atomic.Int64
		address := listen(t, func(conn net.Conn) {
			n, _ := io.Copy(io.Discard, conn)
			bytes.Add(n)
		})
		a := adapter(t, "http://"+address, order.ClassD, &stubClock{readings: readings})
		got := a.Submit(within(t, 5*time.Second), ordinary, 100)
		if !got.Withheld || got.Answer != order.Unknown || got.Err == nil {
			t.Errorf("%s: %+v", name, got)
		}
		if bytes.Load() != 0 {
			t.Errorf("%s: %d bytes left", name, bytes.Load())
		}
	}
}

func TestOrderWaitsForABrokerThatCannotBeReached(t *testing.T) {
	address := freeAddress(t)
	a := adapter(t, "http://"+address, order.ClassD, clock.System{})
	done := make(chan broker.Result, 1)
	go func() { done <- a.Submit(within(t, 10*time.Second), ordinary, core.Never) }()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"order_id":"1","client_order_id":"`+id+`","status":"accepted"}`)
		})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	if got := <-done; got.Answer != order.Accepted {
		t.Errorf("got %+v", got)
	}
}

func TestUnreachableBrokerIsProofThatNothingWasSent(t *testing.T) {
	a := adapter(t, "http://"+freeAddress(t), order.ClassD, clock.System{})
	if got := a.Submit(within(t, 120*time.Millisecond), ordinary, core.Never); !got.Withheld {
		t.Errorf("got %+v", got)
	}
}

// The node gives a call up on its own clock; an answer that comes with the end
// of the call comes too late, and the signal would wait for a person.
func TestOrderIsWithheldInTimeWhenOpeningTheConnectionHangs(t *testing.T) {
	address := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	a := adapter(t, "https://"+address, order.ClassD, clock.System{})
	whole := within(t, 5*time.Second)
	got := a.Submit(whole, ordinary, clock.System{}.Now().Boot.Add(100*time.Millisecond))
	if !got.Withheld || got.Answer != order.Unknown {
		t.Errorf("got %+v", got)
	}
	if whole.Err() != nil {
		t.Error("the adapter found out only when the call had ended")
	}
}

func TestSilentBrokerIsAmbiguous(t *testing.T) {
	address := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	a := adapter(t, "http://"+address, order.ClassA, clock.System{})
	began := time.Now()
	got := a.Submit(within(t, 100*time.Millisecond), ordinary, core.Never)
	if got.Answer != order.Unknown || got.Withheld {
		t.Errorf("submit: %+v", got)
	}
	got = a.Lookup(within(t, 100*time.Millisecond), id)
	if got.Answer != order.Unknown || got.Err == nil {
		t.Errorf("look-up: %+v", got)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("two calls of 100 ms took %v", took)
	}
}

func TestHalfAnAnswerIsAmbiguous(t *testing.T) {
	address := listen(t, func(conn net.Conn) {
		buffer := make([]byte, 4096)
		_, _ = conn.Read(buffer)
		_, _ = io.WriteString(conn, "HTTP/1.1 422 No\r\nContent-Length: 500\r\n\r\n"+
			`{"status":"rejected","code":"risk_limit","client_order_id":"`+id+`"}`)
		_ = conn.Close()
	})
	a := adapter(t, "http://"+address, order.ClassA, clock.System{})
	got := a.Submit(within(t, 5*time.Second), ordinary, core.Never)
	if got.Answer != order.Unknown || got.Withheld {
		t.Errorf("got %+v", got)
	}
}

func TestBrokerAddressIsRefusedWhenItCannotWork(t *testing.T) {
	for _, url := range []string{
		"", "ftp://x", "http://", "127.0.0.1:80", "http://x?key=1", "http://%zz",
		"http://u:hunter2@x", "http://u:hunter2@x:y", "ftp://u:hunter2@x",
	} {
		_, err := broker.NewHTTP(broker.HTTPConfig{URL: url, Clock: clock.System{}})
		if err == nil || !strings.Contains(err.Error(), "broker url") ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
	promise := order.Capability{LateArrivalBound: time.Second, Lookup: order.LookupExact}
	if _, err := broker.NewHTTP(broker.HTTPConfig{URL: "http://x", Promise: promise}); err == nil {
		t.Error("a bound that the clock tolerance eats up was taken")
	}
}

// listen serves raw connections on a free port until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}

// freeAddress returns an address on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
