package rundir

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Ports are chosen from firstPort upwards and below the range from which the kernel takes the local ports of
// outgoing connections. A port inside that range can be taken by a connection while its server is down; a
// client that dials such a port over and over in the end connects to itself, and the server cannot come
// back.
const firstPort = 15000

// portTries is how many ports are tried before HoldPort gives up.
const portTries = 200

// FreePort returns a TCP port on 127.0.0.1 that nobody listens on or holds, and no outgoing connection will
// take. Another process may choose the same one before it is used, so a caller whose bind fails asks again.
func FreePort() (int, error) {
	p, err := HoldPort()
	if err != nil {
		return 0, err
	}
	return p.Number(), p.Release()
}

// HeldPort is a TCP port on 127.0.0.1 that is kept for one server, whether that server runs or is down:
// nobody else who asks for a port is given it.
type HeldPort struct {
	socket int
	number int
}

// HoldPort takes a port until Release. Its server listens on it with SO_REUSEADDR, as servers do.
func HoldPort() (*HeldPort, error) {
	last := firstEphemeral() - 1
	if last-firstPort < 100 {
		return nil, fmt.Errorf("no ports between %d and the kernel's own range at %d", firstPort, last+1)
	}
	var refused error
	for range portTries {
		p, err := hold(firstPort + rand.IntN(last-firstPort+1))
		if err == nil {
			return p, nil
		}
		refused = err
	}
	return nil, errors.Join(errors.New("no free port found"), refused)
}

// hold binds a socket that never listens. It shares its port only from then on, so that of two who want the
// same one the second is refused.
func hold(number int) (*HeldPort, error) {
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("hold port %d: %w", number, err)
	}
	err = unix.Bind(fd, &unix.SockaddrInet4{Port: number, Addr: [4]byte{127, 0, 0, 1}})
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("hold port %d: %w", number, err), unix.Close(fd))
	}
	return &HeldPort{socket: fd, number: number}, nil
}

// Number is the port's.
func (p *HeldPort) Number() int { return p.number }

// Release gives the port back. It may be called once.
func (p *HeldPort) Release() error {
	if err := unix.Close(p.socket); err != nil {
		return fmt.Errorf("release port %d: %w", p.number, err)
	}
	return nil
}

// firstEphemeral returns the first port that the kernel gives to outgoing connections.
func firstEphemeral() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 32768
	}
	fields := strings.Fields(string(text))
	if len(fields) != 2 {
		return 32768
	}
	first, err := strconv.Atoi(fields[0])
	if err != nil {
		return 32768
	}
	return first
}
