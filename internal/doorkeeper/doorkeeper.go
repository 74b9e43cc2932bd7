package doorkeeper

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Options bound the connections.
type Options struct {
	// Most is how many connections each of the three crowds may have, at least 1.
	Most int
	// MostPerAddress is how many of the strangers one address may be for longer
	// than the Grace, at least 1. A source that sends much at once has opened many
	// connections before the first of them is read.
	MostPerAddress int
	Grace          time.Duration
	// Listed reports whether an address is one of the configuration's.
	Listed func(netip.Addr) bool
	// SentAway is told of each connection that was closed to make room. It must
	// not wait.
	SentAway func()
}

// Listener is a listener with a doorkeeper. Its ConnContext and ConnState belong
// into the http.Server that serves it.
type Listener struct {
	net.Listener
	opt Options

	mu        sync.Mutex
	strangers *crowd
	listed    *crowd
	known     *crowd
	// idle are the known connections that wait for their next request, the one
	// that waits longest first.
	idle list.List
}

// New puts a doorkeeper before a listener.
func New(l net.Listener, o Options) *Listener {
	return &Listener{
		Listener: l, opt: o, strangers: newCrowd(o.Most, o.MostPerAddress, o.Grace),
		listed: newCrowd(o.Most, 0, 0), known: newCrowd(o.Most, 0, 0),
	}
}

// guest is one connection.
type guest struct {
	net.Conn
	at      *Listener
	address netip.Prefix
	since   time.Time
	crowd   *crowd
	place   *list.Element
	// known says that a sender has shown itself, resting where it stands among
	// the idle ones.
	known   bool
	resting *list.Element
}

// Accept lets the next connection in, and closes another if that is one too
// many.
func (l *Listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	address := addressOf(conn.RemoteAddr())
	g := &guest{Conn: conn, at: l, address: partyOf(address), since: time.Now()}
	l.mu.Lock()
	into := l.strangers
	if l.opt.Listed(address) {
		into = l.listed
	}
	out := into.add(g)
	l.mu.Unlock()
	l.sendAway(out)
	return g, nil
}

// sendAway closes a connection that was taken out.
func (l *Listener) sendAway(g *guest) {
	if g == nil {
		return
	}
	l.opt.SentAway()
	// It is of no use any more; whether its end is heard does not matter.
	_ = g.Conn.Close()
}

// Close closes the connection.
func (g *guest) Close() error {
	g.at.mu.Lock()
	if g.resting != nil {
		g.at.idle.Remove(g.resting)
		g.resting = nil
	}
	if g.crowd != nil {
		g.crowd.remove(g)
	}
	g.at.mu.Unlock()
	return g.Conn.Close()
}

// CloseWrite ends what is written, so that a sender can read its answer although
// not all that it sent was read.
func (g *guest) CloseWrite() error {
	if half, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// place is the key under which a context holds its connection.
type place struct{}

// ConnContext is http.Server's.
func (l *Listener) ConnContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, place{}, conn)
}

// ConnState is http.Server's.
func (l *Listener) ConnState(conn net.Conn, state http.ConnState) {
	g, ok := conn.(*guest)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.resting != nil {
		l.idle.Remove(g.resting)
		g.resting = nil
	}
	if state == http.StateIdle && g.known && g.crowd == l.known {
		g.resting = l.idle.PushBack(g)
	}
}

// Known says that a known sender has shown itself on the connection of this
// context. It is a stranger's no more, as far as there is room among the known
// ones.
func Known(ctx context.Context) {
	g, ok := ctx.Value(place{}).(*guest)
	if !ok {
		return
	}
	g.at.sendAway(g.at.know(g))
}

// know moves a connection among the known ones, and returns an idle one that has
// to go for it.
func (l *Listener) know(g *guest) *guest {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.known || g.crowd == nil {
		return nil
	}
	var out *guest
	if l.known.size >= l.known.most {
		longest := l.idle.Front()
		if longest == nil {
			return nil
		}
		out = guestAt(longest)
		l.idle.Remove(longest)
		out.resting = nil
		l.known.remove(out)
	}
	g.crowd.remove(g)
	g.known = true
	l.known.add(g)
	return out
}

// addressOf returns the address of the other end, not valid if it has none.
func addressOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().WithZone("").Unmap()
}

// partyOf returns what counts as one address.
func partyOf(a netip.Addr) netip.Prefix {
	const network = 64
	if a.Is6() {
		return netip.PrefixFrom(a, network).Masked()
	}
	return netip.PrefixFrom(a, a.BitLen())
}
