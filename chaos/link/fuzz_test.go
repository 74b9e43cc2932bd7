package link

import (
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// relayBound is far more than a conversation of some kilobytes takes.
const relayBound = 10 * time.Second

// FuzzRelay: a link hands on what is said on it, byte for byte, whatever it
// understands of it and however the bytes fall, and does not get stuck.
func FuzzRelay(f *testing.F) {
	for _, c := range conversations() {
		f.Add(byte(c.protocol), c.asked, c.replied, uint64(1))
	}
	f.Add(byte(Redis), "*1\r\n$-1\r\n*2147483647\r\n", "*2147483647\r\n$2147483647\r\n", uint64(2))
	f.Add(byte(Postgres), "\x00\x00\x00\x08\x04\xd2\x16\x2e", "S", uint64(3))
	f.Add(byte(HTTP), "GET / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", uint64(4))
	f.Fuzz(func(t *testing.T, protocol byte, asked, replied string, seed uint64) {
		c := conversation{
			protocol: []Protocol{Redis, Postgres, HTTP, Opaque}[protocol%4], asked: asked, replied: replied,
		}
		late := time.AfterFunc(relayBound, func() { panic("a link is stuck") })
		defer late.Stop()
		gotAsked, gotReplied, _, err := c.relay(rand.New(rand.NewPCG(seed, 3)))
		if gotAsked != asked || gotReplied != replied || err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%v: %q has become %q, %q has become %q (%v)", c.protocol, asked, gotAsked, replied,
				gotReplied, err)
		}
	})
}
