package brokertest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/clock"
)

func bytesReader(p []byte) io.Reader { return bytes.NewReader(p) }

// status answers with a code and a body, and asks nobody.
func status(code int, body string) act {
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func noRedirectIsFollowed(t *testing.T, s *Subject) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		f := s.open(t)
		away := func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			http.Redirect(w, r, "/elsewhere", code)
		}
		f.on(away, away)
		unknown(t, fmt.Sprintf("submit, %d", code), f.submit(t, s.numbered(1)))
		unknown(t, fmt.Sprintf("look-up, %d", code), f.lookup(t, id(1)))
		if f.orders.Load() != 1 || f.asked.Load() > 1 {
			t.Errorf("%d: %d orders and %d questions", code, f.orders.Load(), f.asked.Load())
		}
	}
}

// unclear are answers that no broker gives in its own words.
func unclear() map[string]act {
	page := "<html><h1>Forbidden</h1></html>"
	acts := map[string]act{
		"nothing, and cut": func(http.ResponseWriter, *http.Request, http.HandlerFunc) { cut() },
		"half a document":  status(200, `{"id":"7","client_ord`),
		"garbage":          status(200, "\x00\xff\xfe not json"),
		"an empty object":  status(200, `{}`),
		"a null":           status(200, `null`),
		"a number":         status(200, `7`),
		"a nest":           status(200, strings.Repeat("[", 20000)),
		"half a body": func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
			w.Header().Set("Content-Length", "70000")
			pass(w, r)
			cut()
		},
	}
	for _, code := range []int{
		200, 201, 202, 204, 400, 401, 403, 404, 405, 408, 409, 418, 422, 425, 429, 451,
		500, 501, 502, 503, 504,
	} {
		acts[fmt.Sprintf("a page with %d", code)] = status(code, page)
		acts[fmt.Sprintf("an empty body with %d", code)] = status(code, "")
		acts[fmt.Sprintf("a message with %d", code)] = status(code, `{"message":"forbidden."}`)
	}
	return acts
}

func unclearAnswerIsUnknown(t *testing.T, s *Subject) {
	f := s.open(t)
	for name, say := range unclear() {
		f.on(say, say)
		before := f.orders.Load()
		unknown(t, "submit, "+name, f.submit(t, s.numbered(1)))
		unknown(t, "look-up, "+name, f.lookup(t, id(1)))
		if f.orders.Load() != before+1 {
			t.Errorf("%s: written %d times", name, f.orders.Load()-before)
		}
	}
}

// A truthful answer about another order is the worst kind of an unclear one.
func answerAboutAnotherIsUnknown(t *testing.T, s *Subject) {
	f := s.open(t)
	other := s.numbered(9)
	exists(t, "the other", f.submit(t, other))
	if !f.asks() {
		return
	}
	swapped := func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		to := r.Clone(r.Context())
		to.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, id(1), id(9))
		to.URL.Path = strings.ReplaceAll(r.URL.Path, id(1), id(9))
		pass(w, to)
	}
	f.on(honest, swapped)
	got := f.lookup(t, id(1))
	if f.adapter.Promise().Lookup == order.LookupExact {
		unknown(t, "look-up", got)
		return
	}
	// The day's book has others in it; that it does not have ours is an answer.
	if got.OrderID != "" || (got.Answer != order.Absent && got.Answer != order.Unknown) {
		t.Errorf("look-up: %+v", got)
	}
}

// mostRead is more than any adapter reads and the buffers of two sockets hold.
const mostRead = 24 << 20

func answerWithoutEndIsBounded(t *testing.T, s *Subject) {
	header := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	chunk := strings.Repeat(" ", 32<<10)
	for name, flood := range map[string]struct{ first, then string }{
		"body":   {header + "\r\n{", chunk},
		"header": {header, "X-More: " + strings.Repeat("x", 8<<10) + "\r\n"},
		"hints":  {"", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"},
	} {
		var most atomic.Int64
		url := listen(t, func(conn net.Conn) {
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 64<<10))
			_, err := io.WriteString(conn, flood.first)
			for total := 0; err == nil && total < 64<<20; total += len(flood.then) {
				_, err = io.WriteString(conn, flood.then)
				most.Store(max(most.Load(), int64(total)))
			}
		})
		adapter := s.make(t, url, clock.System{})
		got := adapter.Submit(within(t, 10*time.Second), s.numbered(1), core.Never)
		unknown(t, "submit, endless "+name, got)
		unknown(t, "look-up, endless "+name, adapter.Lookup(within(t, 10*time.Second), id(1)))
		if most.Load() > mostRead {
			t.Errorf("endless %s: %d bytes were taken off the wire", name, most.Load())
		}
	}
}

// The broker takes every byte and says nothing, or a byte at a time: the call
// ends with its own time.
func silentBrokerIsBounded(t *testing.T, s *Subject) {
	const patience = 100 * time.Millisecond
	heard := make(chan struct{}, 4)
	listening := func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 64<<10))
		heard <- struct{}{}
	}
	silent := listen(t, func(conn net.Conn) {
		listening(conn)
		_, _ = io.Copy(io.Discard, conn)
	})
	dripping := listen(t, func(conn net.Conn) {
		defer conn.Close()
		listening(conn)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		for range tick.C {
			if err != nil {
				return
			}
			_, err = io.WriteString(conn, " ")
		}
	})
	for name, url := range map[string]string{"silent": silent, "dripping": dripping} {
		adapter := s.make(t, url, clock.System{})
		whole := within(t, 10*time.Second)
		unknown(t, "submit, "+name, adapter.Submit(afterHeard(t, heard, patience), s.numbered(1), core.Never))
		if adapter.Promise().Lookup != order.LookupNone {
			unknown(t, "look-up, "+name, adapter.Lookup(afterHeard(t, heard, patience), id(1)))
		}
		if whole.Err() != nil {
			t.Errorf("%s: two calls of %v did not end with their time", name, patience)
		}
	}
}
