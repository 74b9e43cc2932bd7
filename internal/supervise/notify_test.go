package supervise_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/internal/supervise"
)

// environment looks variables up in a list.
func environment(list map[string]string) func(string) string {
	return func(name string) string { return list[name] }
}

func TestSystemdIsToldOnItsSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	s, err := supervise.FromEnvironment(environment(map[string]string{
		"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "9000000",
	}))
	if err != nil || s.Every() != 3*time.Second {
		t.Fatalf("every %v, %v", s.Every(), err)
	}
	for want, tell := range map[string]func() error{
		"READY=1": s.Ready, "STOPPING=1": s.Stopping, "WATCHDOG=1": s.Alive,
	} {
		if err := tell(); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 64)
		n, err := socket.Read(text)
		if err != nil || string(text[:n]) != want {
			t.Errorf("%q, %v, want %s", text[:n], err, want)
		}
	}
}

func TestWithoutASupervisorNothingIsTold(t *testing.T) {
	for _, list := range []map[string]string{
		nil,
		{"WATCHDOG_USEC": "1"},
		{"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
	} {
		s, err := supervise.FromEnvironment(environment(list))
		if err != nil || s.Every() != 0 {
			t.Errorf("%v: every %v, %v", list, s.Every(), err)
		}
		if err := s.Ready(); (err != nil) != (list["NOTIFY_SOCKET"] != "") {
			t.Errorf("%v: %v", list, err)
		}
	}
	for says, list := range map[string]map[string]string{
		"neither a path":  {"NOTIFY_SOCKET": "vsock:2:1234"},
		"no number":       {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "soon"},
		`WATCHDOG_USEC "`: {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "-1"},
	} {
		if _, err := supervise.FromEnvironment(environment(list)); err == nil ||
			!strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", list, err)
		}
	}
}
