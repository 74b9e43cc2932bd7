package link

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/scenarios"
)

// pieces is a connection that is read in pieces of random length.
type pieces struct {
	net.Conn
	left   []byte
	chance *rand.Rand
}

func (p *pieces) Read(into []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(into[:min(len(into), 1+p.chance.IntN(40))], p.left)
	p.left = p.left[n:]
	return n, nil
}

// conversation is what both sides of a connection say.
type conversation struct {
	protocol       Protocol
	asked, replied string
	seen           []core.Op
}

func conversations() []conversation {
	many := strings.Repeat("y", 5000)
	return []conversation{
		{
			Redis,
			"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n\r\nPING\r\n*2\r\n$4\r\nEVAL\r\n$13\r\n/* acquire */\r\n" +
				"*2\r\n$7\r\nEVALSHA\r\n$13\r\n/* acquire */\r\n*2\r\n$4\r\nEVAL\r\n$11\r\n/* renew */\r\n",
			"%1\r\n$6\r\nserver\r\n|1\r\n+a\r\n:1\r\n$5\r\nredis\r\n+PONG\r\n>2\r\n+invalidate\r\n*-1\r\n" +
				"*3\r\n:1\r\n$-1\r\n*1\r\n#t\r\n-NOSCRIPT no\r\n~1\r\n_\r\n",
			[]core.Op{core.Acquire, core.Renew},
		},
		{
			Postgres,
			"\x00\x00\x00\x08\x04\xd2\x16\x2f\x00\x00\x00\x09\x00\x03\x00\x00\x00p\x00\x00\x00\x06x\x00" +
				"P\x00\x00\x00\x17name\x00/* permit */\x00\x00Q\x00\x00\x00\x11/* record */\x00" +
				"P\x00\x00\x00\x11\x00/* admit */\x00B\x00\x00\x00\x10\x00name\x00\x00\x00\x00\x00\x00\x00" +
				"S\x00\x00\x00\x04X\x00\x00\x00\x04",
			"NR\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I1\x00\x00\x00\x04Z\x00\x00\x00\x05I" +
				"E\x00\x00\x00\x06x\x00Z\x00\x00\x00\x05I",
			[]core.Op{core.Record, core.Permit},
		},
		{
			HTTP,
			"\r\nPOST /v2/orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1388;x=1\r\n" + many +
				"\r\n0\r\nTrailer: x\r\n\r\nHEAD /orders HTTP/1.1\r\n\r\n" +
				"GET /orders?client_order_id=1 HTTP/1.1\r\n\r\n",
			"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + many +
				"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nHTTP/1.0 200 OK\r\n\r\nuntil the end",
			[]core.Op{core.Submit, core.Lookup},
		},
	}
}

// relay reads one conversation and returns what was handed on, and which
// operations were seen.
func (c conversation) relay(chance *rand.Rand) (asked, replied string, seen [phases][]core.Op, err error) {
	l := &wire{protocol: c.protocol}
	for dir := range l.ways {
		l.ways[dir] = newWay(chance)
	}
	told := func(op core.Op, phase Phase) { seen[phase] = append(seen[phase], op) }
	l.told.Store(&told)
	waiting := &calls{wire: l, muted: new(atomic.Bool)}
	side := func(text string, read func(*tape, *calls) error) (string, error) {
		var got bytes.Buffer
		err := read(&tape{
			source:  &pieces{left: []byte(text), chance: chance},
			deliver: func(p []byte) error { _, err := got.Write(p); return err },
		}, waiting)
		return got.String(), err
	}
	asked, first := side(c.asked, c.protocol.requests)
	replied, second := side(c.replied, c.protocol.replies)
	return asked, replied, seen, errors.Join(first, second)
}

func TestATapIsTransparentHoweverTheBytesFall(t *testing.T) {
	for _, c := range conversations() {
		for seed := range uint64(200) {
			asked, replied, seen, err := c.relay(rand.New(rand.NewPCG(seed, 1)))
			if asked != c.asked || replied != c.replied || !errors.Is(err, io.EOF) {
				t.Fatalf("%v, seed %d: %q and %q (%v)", c.protocol, seed, asked, replied, err)
			}
			for phase, ops := range seen {
				// A script that the server did not know was asked twice.
				if ops = slices.Compact(ops); !slices.Equal(ops, c.seen) {
					t.Fatalf("%v, seed %d: %v of %v, want %v", c.protocol, seed, Phase(phase), ops, c.seen)
				}
			}
		}
	}
}

func TestATapPassesOnWhatItDoesNotUnderstand(t *testing.T) {
	for _, c := range conversations() {
		for seed := range uint64(500) {
			chance := rand.New(rand.NewPCG(seed, 2))
			spoilt := c
			spoilt.asked, spoilt.replied = spoil(c.asked, chance), spoil(c.replied, chance)
			asked, replied, _, _ := spoilt.relay(chance)
			if asked != spoilt.asked || replied != spoilt.replied {
				t.Fatalf("%v, seed %d: %q has become %q, %q has become %q", c.protocol, seed,
					spoilt.asked, asked, spoilt.replied, replied)
			}
		}
	}
}

// spoil changes a few bytes, and loses the end.
func spoil(text string, chance *rand.Rand) string {
	b := []byte(text)
	for range 1 + chance.IntN(4) {
		b[chance.IntN(len(b))] = byte(chance.Uint32())
	}
	return string(b[:chance.IntN(len(b)+1)])
}

func TestJitterIsDrawnFromTheSeedOfItsOwnDirection(t *testing.T) {
	draw := func(seed uint64, name string, dir int) (draws [8]time.Duration) {
		w := newWay(rand.New(rand.NewPCG(seed, nameHash(name, dir))))
		state := &weather{effect: scenarios.Latency, delay: time.Second, jitter: time.Second}
		for i := range draws {
			draws[i] = w.due(state, time.Time{}, 1).Sub(time.Time{})
			if draws[i] < time.Second || draws[i] > 2*time.Second {
				t.Errorf("a delay of %v", draws[i])
			}
		}
		return draws
	}
	same := draw(1, "n1-redis", out)
	if draw(1, "n1-redis", out) != same {
		t.Error("the same seed draws other delays")
	}
	for _, other := range [][8]time.Duration{
		draw(2, "n1-redis", out), draw(1, "n2-redis", out), draw(1, "n1-redis", back),
	} {
		if other == same {
			t.Error("two directions, or two seeds, share their delays")
		}
	}
}

func TestAReplyIsSeenWithItsLastByteAndNotBefore(t *testing.T) {
	for _, c := range []conversation{
		{
			Redis, "*2\r\n$4\r\nEVAL\r\n$11\r\n/* renew */\r\n", "*2\r\n:1\r\n$3\r\nabc\r\n",
			[]core.Op{core.Renew},
		},
		{
			// The row and the end of the statement come before the commit.
			Postgres,
			"\x00\x00\x00\x08\x00\x03\x00\x00Q\x00\x00\x00\x11/* permit */\x00",
			"Z\x00\x00\x00\x05ID\x00\x00\x00\x06\x00\x00C\x00\x00\x00\x06S\x00Z\x00\x00\x00\x05I",
			[]core.Op{core.Permit},
		},
		{
			HTTP, "POST /orders HTTP/1.1\r\ncontent-length: 1\r\n\r\nx",
			"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
				"1\r\ny\r\n0\r\n\r\n",
			[]core.Op{core.Submit},
		},
	} {
		whole := c.replied
		for n := range len(whole) + 1 {
			c.replied = whole[:n]
			_, _, seen, _ := c.relay(rand.New(rand.NewPCG(uint64(n), 3)))
			if complete := n == len(whole); slices.Equal(seen[ReplySeen], c.seen) != complete {
				t.Fatalf("%v, %d bytes of %d: seen %v", c.protocol, n, len(whole), seen[ReplySeen])
			}
		}
	}
}
