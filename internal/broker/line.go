package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"fencepost/core"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
)

// redial is the pause between two attempts to open a connection.
const redial = 50 * time.Millisecond

// maxHeader is the most bytes of an answer's header that are read.
const maxHeader = 64 << 10

// ErrWithheld says that no byte of an order left this process.
var ErrWithheld = errors.New("not sent")

// LineConfig says how a broker's HTTP interface is reached.
type LineConfig struct {
	// URL is the base address, http or https, without a query.
	URL string
	// Clock judges the instant up to which an order may leave.
	Clock clock.Clock
	// TLS is used for https; nil is the standard library's default.
	TLS *tls.Config
	// Dial opens connections; nil is TCP to the address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Line is the way to one broker's HTTP interface, and the part of the contract
// that every adapter over HTTP shares: an order has one connection that carries
// one request, no redirect is followed, nothing is repeated, the gate is asked
// before the first byte, and no answer is read without a bound.
type Line struct {
	config    LineConfig
	base      *url.URL
	questions *http.Client
}

// NewLine prepares the way. It opens no connection. The error names what is
// wrong with the address, and never the user name or password in it.
func NewLine(config LineConfig) (*Line, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.User != nil {
		// The library's error would print a password that stands in the address.
		return nil, errors.New("broker url: not an address, or one with a user name in it")
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.RawQuery != "" {
		return nil, fmt.Errorf("broker url %q: must be http://HOST or https://HOST", base.Redacted())
	}
	if config.Dial == nil {
		config.Dial = (&net.Dialer{}).DialContext
	}
	return &Line{
		config: config, base: base,
		questions: &http.Client{
			Transport: &http.Transport{
				TLSClientConfig: config.TLS, DialContext: config.Dial, MaxIdleConnsPerHost: 4,
				MaxResponseHeaderBytes: maxHeader,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Base returns a copy of the base address.
func (l *Line) Base() *url.URL {
	base := *l.base
	return &base
}

// CheckSecrecy refuses to send what is secret over a wire that others may read: an
// address that is neither https nor this machine. What names the secret.
func (l *Line) CheckSecrecy(what string) error {
	host := l.base.Hostname()
	if l.base.Scheme == "https" || host == "localhost" || net.ParseIP(host).IsLoopback() {
		return nil
	}
	return fmt.Errorf("broker.url: must be https, for %s go there", what)
}

// Close drops idle connections.
func (l *Line) Close() { l.questions.CloseIdleConnections() }

// Send writes the order's request once, over a connection of its own, and reads
// the reply. The request is built when the connection stands. An error that
// wraps ErrWithheld is proof that no byte left, and none will; every other error
// leaves open what became of the order.
func (l *Line) Send(
	ctx context.Context, notAfter core.Time, build func(context.Context) (*http.Request, error),
) (wire.Reply, error) {
	left := func() time.Duration { return notAfter.Sub(l.config.Clock.Now().Boot) }
	conn, err := l.connect(ctx, left)
	if err != nil {
		return wire.Reply{}, fmt.Errorf("%w: %w", ErrWithheld, err)
	}
	line := &gate{Conn: conn, open: func() bool { return left() >= 0 }}
	defer line.Close()
	request, err := build(ctx)
	if err != nil {
		return wire.Reply{}, fmt.Errorf("%w: %w", ErrWithheld, err)
	}
	reply, err := roundTrip(line, request)
	if err != nil && line.seal() {
		return wire.Reply{}, fmt.Errorf("%w: %w", ErrWithheld, err)
	}
	return reply, err
}

// Ask sends a request that may be repeated freely, and reads at most that many
// bytes of the answer and one, which tells that it was longer.
func (l *Line) Ask(request *http.Request, most int64) (wire.Reply, error) {
	response, err := l.questions.Do(request)
	if err != nil {
		return wire.Reply{}, err
	}
	return readReply(response, most)
}

// connect opens a connection, trying again while it is time: a broker that
// cannot be reached costs the signal nothing, for nothing has been sent. One
// that does not answer is given up with that time: who waits for the end of the
// call would tell of it when nobody listens any more.
func (l *Line) connect(ctx context.Context, left func() time.Duration) (net.Conn, error) {
	for {
		most := left()
		if most < 0 {
			return nil, errShut
		}
		conn, err := l.dial(ctx, max(most, redial))
		if err == nil {
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("reach broker: %w", err)
		case <-time.After(redial):
		}
	}
}

// dial opens a connection as far as its first byte of HTTP, in that time.
func (l *Line) dial(ctx context.Context, most time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	port := l.base.Port()
	if port == "" {
		port = l.base.Scheme
	}
	conn, err := l.config.Dial(ctx, "tcp", net.JoinHostPort(l.base.Hostname(), port))
	if err != nil || l.base.Scheme == "http" {
		return conn, err
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if l.config.TLS != nil {
		settings = l.config.TLS.Clone()
	}
	if settings.ServerName == "" {
		settings.ServerName = l.base.Hostname()
	}
	secured := tls.Client(conn, settings)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

// roundTrip writes the order and reads the reply. The transport lives for this
// one request over this one connection: it has nothing to replay the order on,
// and a request with a body and without GetBody cannot be replayed anyway.
func roundTrip(line *gate, request *http.Request) (wire.Reply, error) {
	request.GetBody = nil
	given := false
	once := func(context.Context, string, string) (net.Conn, error) {
		if given {
			return nil, errors.New("an order has one connection")
		}
		given = true
		return line, nil
	}
	transport := &http.Transport{
		DialContext: once, DialTLSContext: once,
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxHeader,
	}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return wire.Reply{}, err
	}
	return readReply(response, wire.MaxBody)
}

// readReply reads the whole body, or fails: half a body is no answer.
func readReply(response *http.Response, most int64) (wire.Reply, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return wire.Reply{}, fmt.Errorf("read answer: %w", err)
	}
	return wire.Reply{Status: response.StatusCode, Body: body}, nil
}
