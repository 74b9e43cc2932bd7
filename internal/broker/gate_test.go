package broker

import (
	"errors"
	"net"
	"sync"
	"testing"
)

// sink is a connection that counts what is written to it.
type sink struct {
	net.Conn
	mu    sync.Mutex
	bytes int
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += len(p)
	return len(p), nil
}

func TestShutGateLetsNoByteOut(t *testing.T) {
	under := &sink{}
	g := &gate{Conn: under, open: func() bool { return false }}
	for range 2 {
		if _, err := g.Write([]byte("order")); !errors.Is(err, errShut) {
			t.Fatalf("write through a shut gate: %v", err)
		}
	}
	if under.bytes != 0 || !g.seal() {
		t.Errorf("%d bytes left; proof of none: %v", under.bytes, g.seal())
	}
}

func TestGateStaysOpenForTheRestOfAnOrder(t *testing.T) {
	under, asked := &sink{}, 0
	g := &gate{Conn: under, open: func() bool { asked++; return asked == 1 }}
	for range 3 {
		if _, err := g.Write([]byte("part")); err != nil {
			t.Fatal(err)
		}
	}
	if g.seal() {
		t.Error("twelve bytes left and the gate says that none did")
	}
}

// Whatever the interleaving of the first byte and the seal: either a byte left
// and the gate says so, or none left and none ever will.
func TestSealIsAtomicAgainstTheFirstByte(t *testing.T) {
	for range 2000 {
		under := &sink{}
		g := &gate{Conn: under, open: func() bool { return true }}
		var writer sync.WaitGroup
		writer.Go(func() { _, _ = g.Write([]byte("order")) })
		none := g.seal()
		writer.Wait()
		_, _ = g.Write([]byte("more"))
		if none != (under.bytes == 0) {
			t.Fatalf("sealed with none=%v, and %d bytes left", none, under.bytes)
		}
	}
}

func TestSealedGateNeverOpens(t *testing.T) {
	under := &sink{}
	g := &gate{Conn: under, open: func() bool { return true }}
	if !g.seal() {
		t.Fatal("no byte has left, and the gate does not promise that none will")
	}
	if _, err := g.Write([]byte("order")); !errors.Is(err, errShut) || under.bytes != 0 {
		t.Errorf("%d bytes left through a sealed gate: %v", under.bytes, err)
	}
}
