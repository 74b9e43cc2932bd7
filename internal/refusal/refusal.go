package refusal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// Refusal is one request that net/http turned away.
type Refusal struct {
	Address netip.Addr
	// Status is the answer's, as it was sent.
	Status int
	// Problem says what was wrong.
	Problem string
}

// Listener tells of what the server that serves it refuses by itself.
type Listener struct {
	net.Listener
	told func(Refusal)
}

// Listen puts a Listener before another. told is called for each refusal; it must
// not wait.
func Listen(l net.Listener, told func(Refusal)) *Listener { return &Listener{l, told} }

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, told: l.told}, nil
}

type conn struct {
	net.Conn
	told func(Refusal)
}

// CloseWrite ends what is written, so that a sender can read its answer although
// not all that it sent was read.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Write writes, or writes in place of the server's own refusal one that says the
// same in a document.
func (c *conn) Write(p []byte) (int, error) {
	r, own := parse(p)
	if !own {
		return c.Conn.Write(p)
	}
	r.Address = addressOf(c.RemoteAddr())
	c.told(r)
	if _, err := c.Conn.Write(answer(&r)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// ownHeaders are those of an answer that net/http writes past every handler. What a
// handler writes has a date.
const ownHeaders = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// parse tells whether these bytes are an answer that no handler gave.
func parse(p []byte) (r Refusal, own bool) {
	rest, http11 := bytes.CutPrefix(p, []byte("HTTP/1.1 "))
	if !http11 {
		return unexpected(), bytes.HasPrefix(p, []byte("HTTP/1.0 417 "))
	}
	line, after, _ := bytes.Cut(rest, []byte("\r\n"))
	code, _, _ := strings.Cut(string(line), " ")
	status, err := strconv.Atoi(code)
	switch {
	case err != nil || status < http.StatusBadRequest:
		return r, false
	case status == http.StatusExpectationFailed:
		return unexpected(), true // no handler of ours says so
	}
	body, bare := bytes.CutPrefix(after, []byte(ownHeaders))
	if !bare {
		return r, false
	}
	return Refusal{Status: statusOf(status), Problem: problemOf(status, string(body))}, true
}

func unexpected() Refusal {
	return Refusal{Status: http.StatusExpectationFailed, Problem: "only 100-continue can be expected"}
}

// statusOf is what the sender is told: never that to send the same again may help.
func statusOf(status int) int {
	if status >= http.StatusInternalServerError {
		return http.StatusBadRequest
	}
	return status
}

// problemOf says what was wrong. The server's texts are its own; none of them holds
// what the sender wrote.
func problemOf(status int, text string) string {
	_, detail, said := strings.Cut(text, ": ")
	switch {
	case status == http.StatusRequestHeaderFieldsTooLarge:
		return "the headers are too large"
	case status == http.StatusNotImplemented:
		return "unsupported transfer encoding"
	case said:
		return detail
	default:
		return "not to be read as HTTP"
	}
}

// answer is the whole answer.
func answer(r *Refusal) []byte {
	title := http.StatusText(r.Status)
	body, err := json.Marshal(map[string]any{
		"type": "about:blank", "title": title, "status": r.Status, "detail": r.Problem,
	})
	if err != nil {
		body = []byte("{}") // texts and a number can be written
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\n"+
		"Cache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
		r.Status, title, len(body), body)
}

func addressOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}
