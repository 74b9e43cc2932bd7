package refusal_test

import (
	"bufio"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"fencepost/internal/refusal"
)

// serve serves a handler that answers everything with a text behind a listener, and
// returns its address and what is told of.
func serve(t *testing.T) (addr string, told <-chan refusal.Refusal) {
	t.Helper()
	var listening net.ListenConfig
	l, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan refusal.Refusal, 10)
	server := &http.Server{
		MaxHeaderBytes: 1 << 10, ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/refused" {
				http.Error(w, "no", http.StatusTeapot)
				return
			}
			_, _ = io.WriteString(w, "HTTP/1.1 400 Bad Request\r\n"+
				"Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nforged")
		}),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(refusal.Listen(l, func(r refusal.Refusal) { heard <- r }))
	}()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return l.Addr().String(), heard
}

// say sends bytes and reads the answer.
func say(t *testing.T, addr, text string) (*http.Response, string) {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func TestWhatTheServerRefusesIsToldAndIsNoServerError(t *testing.T) {
	const head = "GET / HTTP/1.1\r\nHost: x\r\n"
	addr, told := serve(t)
	for _, c := range []struct {
		text    string
		status  int
		problem string
	}{
		{"nonsense\r\n\r\n", 400, "not to be read as HTTP"},
		{"GET / HTTP/1.1\r\n\r\n", 400, "missing required Host header"},
		{head + "Transfer-Encoding: gzip\r\n\r\n", 400, "unsupported transfer encoding"},
		{"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400, "unsupported protocol version"},
		{head + "X: " + strings.Repeat("x", 20000) + "\r\n\r\n", 431, "the headers are too large"},
		{head + "Expect: 200-ok\r\n\r\n", 417, "only 100-continue can be expected"},
		{"GET / HTTP/1.0\r\nHost: x\r\nExpect: 200-ok\r\n\r\n", 417, "only 100-continue can be expected"},
	} {
		answer, body := say(t, addr, c.text)
		var document struct {
			Status int
			Detail string
		}
		err := json.Unmarshal([]byte(body), &document)
		if err != nil || answer.StatusCode != c.status || document.Status != c.status ||
			document.Detail != c.problem || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.40q is answered by %s: %s", c.text, answer.Status, body)
		}
		select {
		case r := <-told:
			if r.Status != c.status || r.Problem != c.problem || !r.Address.IsLoopback() {
				t.Errorf("%.40q is told as %+v", c.text, r)
			}
		default:
			t.Errorf("%.40q is not told of", c.text)
		}
	}
}

func TestWhatAHandlerAnswersPassesAsItIs(t *testing.T) {
	addr, told := serve(t)
	answer, body := say(t, addr, "GET /refused HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if body != "no\n" || answer.StatusCode != http.StatusTeapot {
		t.Errorf("%s %q", answer.Status, body)
	}
	answer, body = say(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if answer.StatusCode != 200 || !strings.HasSuffix(body, "forged") {
		t.Errorf("%s %q", answer.Status, body)
	}
	select {
	case r := <-told:
		t.Errorf("told of %+v", r)
	default:
	}
}
