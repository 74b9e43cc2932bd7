package link

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// door is the port that the near party dials. It can be closed and opened
// again: a bound socket that never listens keeps the number meanwhile, so that
// nobody else is given it and a client that dials it over and over cannot
// connect to itself.
type door struct {
	keeper int
	addr   string

	mu     sync.Mutex
	opened net.Listener
}

// newDoor takes a port and leaves it closed.
func newDoor() (*door, error) {
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("take a port: %w", err)
	}
	port, err := bind(fd)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take a port: %w", err), unix.Close(fd))
	}
	return &door{keeper: fd, addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}, nil
}

// bind gives the socket a port that it shares with a listener.
func bind(fd int) (int, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	where, ok := name.(*unix.SockaddrInet4)
	if !ok {
		return 0, fmt.Errorf("a socket of another family: %T", name)
	}
	return where.Port, nil
}

// open listens, if it did not. It returns the new listener, or nil.
func (d *door) open() (net.Listener, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened != nil {
		return nil, nil
	}
	l, err := net.Listen("tcp4", d.addr)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.addr, err)
	}
	d.opened = l
	return l, nil
}

// shut makes the kernel refuse whoever dials.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened != nil {
		_ = d.opened.Close()
		d.opened = nil
	}
}

// close gives the port back.
func (d *door) close() error {
	d.shut()
	if err := unix.Close(d.keeper); err != nil {
		return fmt.Errorf("give back %s: %w", d.addr, err)
	}
	return nil
}
