package rundir

import (
	"net"
	"strconv"
	"testing"
)

func TestAHeldPortIsItsServersAlone(t *testing.T) {
	t.Parallel()
	p, err := HoldPort()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := hold(p.Number()); err == nil {
		t.Errorf("port %d is held twice", second.Number())
	}
	for range 2 { // it goes down and comes back
		server, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Number())))
		if err != nil {
			t.Fatalf("its server cannot listen: %v", err)
		}
		if _, err := hold(p.Number()); err == nil {
			t.Errorf("port %d is held while its server listens", p.Number())
		}
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := hold(p.Number()); err == nil {
			t.Errorf("port %d is held by another while its server is down", p.Number())
		}
	}
	if err := p.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := hold(p.Number())
	if err != nil {
		t.Fatalf("a port that was released: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}
