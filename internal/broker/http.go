package broker

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
)

// ClockTolerance is by how much a broker that checks timestamps lets a sender's
// clock run ahead of its own. It is taken off the window that an order asks
// for, so that the broker's bound holds even for a clock that is ahead.
const ClockTolerance = time.Second

// redial is the pause between two attempts to open a connection.
const redial = 50 * time.Millisecond

// HTTPConfig says how to reach a broker that speaks the protocol of package
// wire.
type HTTPConfig struct {
	// URL is the broker's base address, http or https, without a query.
	URL string
	// Promise is what the broker's interface promises.
	Promise order.Capability
	// Secret signs each order; empty if the broker wants no signature.
	Secret []byte
	// Clock judges notAfter and stamps orders for a broker that refuses late
	// ones.
	Clock clock.Clock
	// TLS is used for https; nil is the standard library's default.
	TLS *tls.Config
}

// HTTP is the Adapter for the protocol of package wire.
type HTTP struct {
	config  HTTPConfig
	orders  *url.URL
	lookups *http.Client
}

// NewHTTP returns an adapter. It opens no connection yet. The error names what
// is wrong with the address or the promise.
func NewHTTP(config HTTPConfig) (*HTTP, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.User != nil {
		// The library's error would print a password that stands in the address.
		return nil, errors.New("broker url: not an address, or one with a user name in it")
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" || base.RawQuery != "" {
		return nil, fmt.Errorf("broker url %q: must be http://HOST or https://HOST", base.Redacted())
	}
	if bound := config.Promise.LateArrivalBound; bound != 0 && bound <= ClockTolerance {
		return nil, fmt.Errorf("late arrival bound %v: must be longer than the clock tolerance of %v",
			bound, ClockTolerance)
	}
	return &HTTP{
		config: config,
		orders: base.JoinPath("orders"),
		lookups: &http.Client{
			Transport:     &http.Transport{TLSClientConfig: config.TLS, MaxIdleConnsPerHost: 4},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Close drops idle connections.
func (h *HTTP) Close() { h.lookups.CloseIdleConnections() }

// Submit sends the order over a connection of its own.
func (h *HTTP) Submit(ctx context.Context, order Order, notAfter core.Time) Result {
	left := func() time.Duration { return notAfter.Sub(h.config.Clock.Now().Boot) }
	conn, err := h.connect(ctx, left)
	if err != nil {
		return Result{Withheld: true, Err: err}
	}
	line := &gate{Conn: conn, open: func() bool { return left() >= 0 }}
	defer line.Close()

	reply, err := h.send(ctx, line, order)
	if err != nil {
		if line.seal() {
			return Result{Withheld: true, Err: err}
		}
		return Result{Err: fmt.Errorf("submit order %s: %w", order.ClientOrderID, err)}
	}
	return told(wire.Submitted(h.config.Promise, order.ClientOrderID, reply))
}

func told(said wire.Meaning) Result {
	return Result{Answer: said.Answer, OrderID: said.OrderID, Err: said.Err}
}

// connect opens a connection, trying again while it is time: a broker that
// cannot be reached costs the signal nothing, for nothing has been sent. One
// that does not answer is given up with that time: who waits for the end of the
// call would tell of it when nobody listens any more.
func (h *HTTP) connect(ctx context.Context, left func() time.Duration) (net.Conn, error) {
	for {
		most := left()
		if most < 0 {
			return nil, errShut
		}
		conn, err := h.dial(ctx, max(most, redial))
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
func (h *HTTP) dial(ctx context.Context, most time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var dialer net.Dialer
	port := h.orders.Port()
	if port == "" {
		port = h.orders.Scheme
	}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(h.orders.Hostname(), port))
	if err != nil || h.orders.Scheme == "http" {
		return conn, err
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if h.config.TLS != nil {
		settings = h.config.TLS.Clone()
	}
	if settings.ServerName == "" {
		settings.ServerName = h.orders.Hostname()
	}
	secured := tls.Client(conn, settings)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

// send writes the order and reads the reply. The transport lives for this one
// request over this one connection: it has nothing to replay the order on, and
// a request with a body and without GetBody cannot be replayed anyway.
func (h *HTTP) send(ctx context.Context, line *gate, order Order) (wire.Reply, error) {
	request, err := h.request(ctx, order)
	if err != nil {
		return wire.Reply{}, err
	}
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
		DisableKeepAlives: true, DisableCompression: true,
	}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return wire.Reply{}, err
	}
	return readReply(response)
}

// request builds the order's request. The timestamp is taken here, before the
// gate is asked: an older one can only make the broker refuse sooner.
func (h *HTTP) request(ctx context.Context, order Order) (*http.Request, error) {
	document := wire.Order{
		ClientOrderID: order.ClientOrderID, Instrument: order.Instrument, Action: order.Action,
		Position: order.Position, Lots: order.Lots, Price: order.Price, Stop: order.Stop,
	}
	if bound := h.config.Promise.LateArrivalBound; bound > 0 {
		document.Timestamp = time.Duration(h.config.Clock.Now().Wall).Milliseconds()
		document.RecvWindow = (bound - ClockTolerance).Milliseconds()
	}
	body, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("write order: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.orders.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("write order: %w", err)
	}
	request.GetBody = nil
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "fencepost")
	if len(h.config.Secret) > 0 {
		request.Header.Set(wire.SignatureHeader, wire.Sign(h.config.Secret, body))
	}
	return request, nil
}

// Lookup asks for the one order. A broker that cannot be asked is not.
func (h *HTTP) Lookup(ctx context.Context, clientOrderID string) Result {
	if h.config.Promise.Lookup == order.LookupNone {
		return Result{Err: errors.New("this broker cannot be asked")}
	}
	where := *h.orders
	where.RawQuery = url.Values{"client_order_id": {clientOrderID}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), http.NoBody)
	if err != nil {
		return Result{Err: fmt.Errorf("look up order %s: %w", clientOrderID, err)}
	}
	response, err := h.lookups.Do(request)
	if err != nil {
		return Result{Err: fmt.Errorf("look up order %s: %w", clientOrderID, err)}
	}
	reply, err := readReply(response)
	if err != nil {
		return Result{Err: fmt.Errorf("look up order %s: %w", clientOrderID, err)}
	}
	return told(wire.LookedUp(h.config.Promise, clientOrderID, reply))
}

// readReply reads the whole body, or fails: half a body is no answer.
func readReply(response *http.Response) (wire.Reply, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, wire.MaxBody+1))
	if err != nil {
		return wire.Reply{}, fmt.Errorf("read answer: %w", err)
	}
	return wire.Reply{Status: response.StatusCode, Body: body}, nil
}
