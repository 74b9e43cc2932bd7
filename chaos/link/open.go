package link

import (
	"errors"
	"io"
	"net"
	"time"
)

// openLimit is how long the door waits for toxiproxy to carry a connection.
const openLimit = 10 * time.Second

// accept takes one connection. It returns nil when there will be no more.
func (l *wire) accept(from net.Listener) *net.TCPConn {
	for {
		conn, err := from.Accept()
		if err == nil {
			if c, ok := conn.(*net.TCPConn); ok {
				return c
			}
		}
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		// Out of descriptors, or the peer is gone already: neither is for ever.
		pause := time.NewTimer(time.Millisecond)
		select {
		case <-pause.C:
		case <-l.closing:
			pause.Stop()
			return nil
		}
	}
}

// admit takes the near party's connections until the door is shut.
func (l *wire) admit(door net.Listener) {
	defer l.work.Done()
	for {
		client := l.accept(door)
		if client == nil {
			return
		}
		l.work.Add(1)
		go l.join(client)
	}
}

// join leads a connection through toxiproxy to the tap.
func (l *wire) join(client *net.TCPConn) {
	defer l.work.Done()
	s := newSession(l, client)
	l.mu.Lock()
	if l.done {
		l.mu.Unlock()
		hangUp(client, true)
		return
	}
	l.sessions[s] = true
	l.opened++
	l.mu.Unlock()
	if err := l.thread(s); err != nil {
		s.end(true)
		return
	}
	s.start()
}

// thread opens the session's way through toxiproxy.
func (l *wire) thread(s *session) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.opening.Store(s)
	defer l.opening.Store(nil)
	// It is not given up when the session ends: what toxiproxy then makes of it
	// would be taken for the next one's.
	conn, err := net.DialTimeout("tcp4", l.middle, openLimit)
	if err != nil {
		return err
	}
	inner, ok := conn.(*net.TCPConn)
	if !ok {
		return errors.Join(io.ErrUnexpectedEOF, conn.Close())
	}
	late := time.NewTimer(openLimit)
	defer late.Stop()
	var outer *net.TCPConn
	for made := 0; made < 2 || outer == nil; {
		select {
		case outer = <-l.arrived:
		case <-s.piped:
			made++
		case <-late.C:
			return errors.Join(errLate, inner.Close())
		case <-l.closing:
			if outer != nil {
				hangUp(outer, true)
			}
			return errors.Join(errClosed, inner.Close())
		}
	}
	return s.take(inner, outer)
}

// receive takes what toxiproxy brings to the tap.
func (l *wire) receive() {
	defer l.work.Done()
	for {
		outer := l.accept(l.tap)
		if outer == nil {
			return
		}
		if l.opening.Load() == nil {
			hangUp(outer, true)
			continue
		}
		select {
		case l.arrived <- outer:
		case <-l.closing:
			hangUp(outer, true)
		}
	}
}
