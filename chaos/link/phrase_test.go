package link_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/chaos/link"
	"fencepost/core"
)

// phrase is a request and its reply.
type phrase struct{ ask, answer string }

// language is as much of a protocol as a test needs: how a connection begins,
// a request that is a named operation, and another one.
type language struct {
	protocol     link.Protocol
	greeting     phrase
	named, other phrase
	op           core.Op
}

func languages() []language {
	return []language{
		{
			protocol: link.Redis, op: core.Renew,
			named: phrase{script("renew"), "*2\r\n:1\r\n$3\r\nabc\r\n"},
			other: phrase{script("release"), "*2\r\n:0\r\n$-1\r\n"},
		},
		{
			protocol: link.Postgres, op: core.Permit,
			greeting: phrase{
				packet("\x00\x03\x00\x00user\x00x\x00\x00"),
				message('R', "\x00\x00\x00\x00") + message('Z', "I"),
			},
			named: phrase{
				message('P', "\x00/* permit */ SELECT 1\x00\x00\x00") +
					message('B', strings.Repeat("\x00", 8)) +
					message('E', "\x00\x00\x00\x00\x00") + message('S', ""),
				message('1', "") + message('2', "") + message('C', "SELECT 1\x00") + message('Z', "I"),
			},
			other: phrase{
				message('Q', "/* record */ SELECT 2\x00"), message('C', "SELECT 2\x00") + message('Z', "I"),
			},
		},
		{
			protocol: link.HTTP, op: core.Submit,
			named: phrase{
				"POST /orders HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\n{}",
				"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n",
			},
			other: phrase{
				"GET /orders?client_order_id=A HTTP/1.1\r\nHost: b\r\n\r\n",
				"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes",
			},
		},
	}
}

func script(op string) string {
	mark := "/* " + op + " */"
	return fmt.Sprintf("*3\r\n$7\r\nEVALSHA\r\n$4\r\nhash\r\n$%d\r\n%s\r\n", len(mark), mark)
}

func packet(body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))) + body
}

func message(kind byte, body string) string { return string(kind) + packet(body) }

// speaker is a server that knows the phrases of one language, and counts how
// often each was asked.
type speaker struct {
	net.Listener
	language

	mu    sync.Mutex
	asked map[string]int
}

func startSpeaker(t testing.TB, l language) *speaker {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &speaker{Listener: listener, language: l, asked: map[string]int{}}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); work.Wait() })
	return s
}

func (s *speaker) serve(c net.Conn) {
	defer c.Close()
	heard, buffer := "", make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		heard += string(buffer[:n])
		for {
			p := s.understood(heard)
			if p.ask == "" {
				break
			}
			heard = heard[len(p.ask):]
			s.mu.Lock()
			s.asked[p.ask]++
			s.mu.Unlock()
			if _, failed := c.Write([]byte(p.answer)); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// understood returns the phrase that was heard, if its request is complete.
func (s *speaker) understood(heard string) phrase {
	for _, p := range []phrase{s.greeting, s.named, s.other} {
		if p.ask != "" && strings.HasPrefix(heard, p.ask) {
			return p
		}
	}
	return phrase{}
}

// carriedOut returns how often the named operation was asked.
func (s *speaker) carriedOut() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[s.named.ask]
}

// carriesOut waits until the named operation was asked so often.
func (s *speaker) carriesOut(t testing.TB, want int) {
	t.Helper()
	until(t, fmt.Sprintf("%d requests", want), func() bool { return s.carriedOut() == want })
}

// enter opens a connection and greets.
func (s *speaker) enter(t testing.TB, l link.Link) *client {
	t.Helper()
	c := dial(t, l)
	if s.greeting.ask != "" {
		c.converse(s.greeting)
	}
	return c
}

// converse asks and waits for the answer.
func (c *client) converse(p phrase) {
	c.t.Helper()
	c.say(p.ask)
	c.hears(p.answer)
}

// until asks again and again until something is so.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if holds() {
			return
		}
	}
	t.Fatalf("%v without %s", patience, what)
}

// gone says that an error is the end of a connection.
func gone(err error) bool {
	var slow net.Error
	return err != nil && (!errors.As(err, &slow) || !slow.Timeout())
}
