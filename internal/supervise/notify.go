package supervise

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Systemd is the supervisor of this process. The zero value is none.
type Systemd struct {
	socket string
	// every is how often it wants to hear that the service lives; zero: never.
	every time.Duration
}

// FromEnvironment returns who supervises the process, by lookup of its
// environment's variables.
func FromEnvironment(lookup func(string) string) (*Systemd, error) {
	s := &Systemd{socket: lookup("NOTIFY_SOCKET")}
	if s.socket == "" {
		return s, nil
	}
	if !strings.HasPrefix(s.socket, "/") && !strings.HasPrefix(s.socket, "@") {
		return nil, fmt.Errorf("NOTIFY_SOCKET %q: neither a path nor an abstract socket", s.socket)
	}
	limit := lookup("WATCHDOG_USEC")
	// A parent's watchdog is not this process's.
	if pid := lookup("WATCHDOG_PID"); limit == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return s, nil
	}
	micros, err := strconv.ParseInt(limit, 10, 64)
	if err != nil || micros <= 0 {
		return nil, fmt.Errorf("WATCHDOG_USEC %q: no number of microseconds", limit)
	}
	// Two signs of life may be lost.
	s.every = time.Duration(micros) * time.Microsecond / 3
	return s, nil
}

// Every is how often Alive is wanted, zero if never.
func (s *Systemd) Every() time.Duration { return s.every }

// Ready says that the service answers.
func (s *Systemd) Ready() error { return s.tell("READY=1") }

// Stopping says that the service ends.
func (s *Systemd) Stopping() error { return s.tell("STOPPING=1") }

// Alive says that the service still does its work.
func (s *Systemd) Alive() error { return s.tell("WATCHDOG=1") }

// writeBound is how long the supervisor may take to read.
const writeBound = time.Second

func (s *Systemd) tell(what string) error {
	if s.socket == "" {
		return nil
	}
	// A leading @ is an abstract socket, for the library as for systemd.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("tell systemd %s: %w", what, err)
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(writeBound)); err != nil {
		return fmt.Errorf("tell systemd %s: %w", what, err)
	}
	if _, err := conn.Write([]byte(what)); err != nil {
		return fmt.Errorf("tell systemd %s: %w", what, err)
	}
	return nil
}
