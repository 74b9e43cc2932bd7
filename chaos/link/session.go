package link

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dialLimit is how long the tap waits for the far party to accept. A real
// client gives up sooner, and nothing that it asked may arrive much later.
const dialLimit = 2 * time.Second

// lateReply is how long the far party may work on a request that was held
// before its connection is closed.
const lateReply = time.Second

// session is one connection through a link: four sockets, and toxiproxy's two
// between them.
type session struct {
	wire *wire
	// client is the near party's; inner leads from the door to toxiproxy, outer
	// from toxiproxy to the tap.
	client, inner, outer *net.TCPConn
	// piped is written when toxiproxy has made each of its two directions.
	piped chan struct{}
	// living ends with the connection.
	living context.Context
	die    context.CancelFunc
	calls  calls

	mu       sync.Mutex
	upstream *net.TCPConn
	over     bool

	ends [ways]end
	// sides counts the ends that are not through yet.
	sides atomic.Int32
	// holding tells that bytes of a direction are held, or let go and not all
	// delivered yet.
	holding [ways]atomic.Bool
	// muted: late requests are let through to the far party, and nobody
	// may hear what it says.
	muted atomic.Bool
	// finishing: the late requests have been delivered, and the far party may end
	// what it is doing.
	finishing atomic.Bool
	// aborted: the far party did not close, it failed; so the near one is reset.
	aborted atomic.Bool
}

// end is what has been handed over at one direction's end.
type end struct {
	mu      sync.Mutex
	written int64
	// finish is after how many bytes the connection ends, if it does, and held
	// how many of those a heal let go.
	finish, held int64
	finished     bool
}

// reached tells, once, that everything before the finish is delivered.
func (e *end) reached() bool {
	if e.finished || e.finish == 0 || e.written < e.finish {
		return false
	}
	e.finished = true
	return true
}

func newSession(l *wire, client *net.TCPConn) *session {
	s := &session{wire: l, client: client, piped: make(chan struct{}, 2)}
	s.calls.wire, s.calls.muted = l, &s.muted
	s.sides.Store(ways)
	s.living, s.die = context.WithCancel(context.Background())
	return s
}

// take gives the session its way through toxiproxy, unless it is over already.
func (s *session) take(inner, outer *net.TCPConn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		hangUp(inner, true)
		hangUp(outer, true)
		return net.ErrClosed
	}
	s.inner, s.outer = inner, outer
	return nil
}

// start relays a connection whose pieces are all there.
func (s *session) start() {
	s.wire.work.Add(3)
	go s.fromClient()
	go s.toClient()
	go s.toUpstream()
}

// fromClient copies what the near party sends.
func (s *session) fromClient() {
	defer s.wire.work.Done()
	// Why the near party stopped does not matter. That it did has to travel
	// behind its bytes, and may be lost like them.
	buffer := make([]byte, 32<<10)
	for {
		n, err := s.client.Read(buffer)
		if _, failed := s.inner.Write(buffer[:n]); err != nil || failed != nil {
			_ = s.inner.CloseWrite()
			return
		}
	}
}

// toClient hands over what comes back.
func (s *session) toClient() {
	defer s.wire.work.Done()
	buffer := make([]byte, 32<<10)
	deaf := false
	for {
		n, err := s.inner.Read(buffer)
		if n > 0 && !deaf {
			// A near party that is gone loses only the way back: what it has asked
			// is still on its way.
			_, failed := s.client.Write(buffer[:n])
			deaf = failed != nil
		}
		if n > 0 {
			s.handedOver(back, n)
		}
		if err != nil {
			if !s.finishing.Load() {
				hangUp(s.client, s.aborted.Load())
				s.sideDone()
			}
			return
		}
	}
}

// toUpstream hands over what the near party sends.
func (s *session) toUpstream() {
	defer s.wire.work.Done()
	s.relayUpstream()
	if !s.finishing.Load() {
		s.sideDone()
	}
}

// relayUpstream dials the far party as soon as something can reach it, and
// relays until the near one has ended.
func (s *session) relayUpstream() {
	if !s.reachable() {
		return
	}
	upstream, err := s.dial()
	if err != nil {
		s.aborted.Store(true)
		_ = s.outer.CloseWrite()
		return
	}
	s.wire.work.Add(1)
	go s.fromUpstream(upstream)
	requests := &tape{source: s.outer, deliver: func(p []byte) error {
		_, err := upstream.Write(p)
		s.handedOver(out, len(p))
		return err
	}}
	err = s.wire.protocol.requests(requests, &s.calls)
	if !s.finishing.Load() && errors.Is(err, io.EOF) {
		_ = upstream.CloseWrite()
	}
}

// sideDone ends the session once both sides are through: toxiproxy closes one
// way with the other, and neither end may go before it has read its rest.
func (s *session) sideDone() {
	if s.sides.Add(-1) == 0 {
		s.end(false)
	}
}

// fromUpstream brings back what the far party answers.
func (s *session) fromUpstream(upstream *net.TCPConn) {
	defer s.wire.work.Done()
	replies := &tape{source: upstream, deliver: func(p []byte) error {
		if s.muted.Load() {
			s.endIfIdle()
			return nil
		}
		_, err := s.outer.Write(p)
		return err
	}}
	err := s.wire.protocol.replies(replies, &s.calls)
	if s.finishing.Load() {
		s.end(false)
		return
	}
	if errors.Is(err, errCut) {
		hangUp(upstream, true)
	}
	// The end travels behind the replies that were let through.
	s.aborted.Store(!errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed))
	_ = s.outer.CloseWrite()
}

// reachable waits until the way out is open. It tells whether the connection
// still exists.
func (s *session) reachable() bool {
	for {
		state := s.wire.ways[out].now.Load()
		if state.passes() {
			return true
		}
		select {
		case <-state.changed:
		case <-s.living.Done():
			return false
		}
	}
}

// dial opens the far party's socket.
func (s *session) dial() (*net.TCPConn, error) {
	dialer := net.Dialer{Timeout: dialLimit}
	conn, err := dialer.DialContext(s.living, "tcp", s.wire.target())
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(errors.New("not TCP"), conn.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, errors.Join(net.ErrClosed, tcp.Close())
	}
	s.upstream = tcp
	return tcp, nil
}

// handedOver counts bytes at a direction's end.
func (s *session) handedOver(dir, n int) {
	s.wire.ways[dir].bytes.Add(int64(n))
	e := &s.ends[dir]
	e.mu.Lock()
	e.written += int64(n)
	reached := e.reached()
	e.mu.Unlock()
	if reached {
		s.finish(dir)
	}
}

// finishAfter ends the connection once so many bytes have been handed over.
func (s *session) finishAfter(dir int, total, held int64) {
	e := &s.ends[dir]
	e.mu.Lock()
	e.finish, e.held = total, held
	reached := e.reached()
	e.mu.Unlock()
	if reached {
		s.finish(dir)
	}
}

// finish ends a connection behind what was held. The near party gets its late
// replies and an end; or, after its late requests, a reset, while the far party
// may do what it was asked to.
func (s *session) finish(dir int) {
	s.wire.ways[dir].held.Add(s.ends[dir].held)
	s.holding[dir].Store(false)
	if dir == back {
		// A reset could overtake the bytes.
		hangUp(s.client, false)
		if !s.holding[out].Load() && !s.finishing.Load() {
			s.end(false)
			return
		}
	} else {
		s.finishing.Store(true)
		if !s.holding[back].Load() {
			hangUp(s.client, true)
		}
		time.AfterFunc(lateReply, func() { s.end(false) })
	}
	s.endIfIdle()
}

// endIfIdle ends a connection that is finishing once nothing is under way on it
// that can be told apart.
func (s *session) endIfIdle() {
	if s.finishing.Load() && !s.holding[back].Load() && s.wire.protocol != Opaque && s.calls.none() {
		s.end(false)
	}
}

// end closes everything. Who comes first says how; but a near party whose late
// requests were delivered gets a reset whoever comes first.
func (s *session) end(reset bool) {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	s.over = true
	upstream, inner, outer := s.upstream, s.inner, s.outer
	s.mu.Unlock()
	// The parties' sockets first: once the session dies, toxiproxy closes its own,
	// and that looks like an ordinary end.
	hangUp(s.client, reset || s.finishing.Load() && !s.holding[back].Load())
	if upstream != nil {
		hangUp(upstream, reset)
	}
	s.die()
	if inner != nil {
		hangUp(inner, true)
		hangUp(outer, true)
	}
	s.wire.forget(s)
}

// hangUp closes a socket: with a reset, or after what was written.
func hangUp(c *net.TCPConn, reset bool) {
	if reset {
		_ = c.SetLinger(0)
	}
	_ = c.Close()
}
