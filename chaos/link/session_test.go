package link

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// TestWhoeverEndsItTheAskerOfALateRequestIsReset: the far party may have answered, or
// have gone, before the one who delivered the request comes to the reset.
func TestWhoeverEndsItTheAskerOfALateRequestIsReset(t *testing.T) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	asker, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer asker.Close()
	client, err := listener.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(&wire{protocol: Postgres}, client)
	s.finishing.Store(true)
	s.endIfIdle()
	if err := asker.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := asker.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ended with %v, want a reset", err)
	}
}
