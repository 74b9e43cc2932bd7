package brokertest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/clock"
)

// Desk is a broker that behaves well.
type Desk interface {
	http.Handler
	// Count returns how many orders bear the client order id.
	Count(clientOrderID string) int
}

// Subject is an adapter and what it speaks with.
type Subject struct {
	// New makes the adapter for a broker at that address. It may not connect.
	New func(t *testing.T, url string, now clock.Clock) broker.Adapter
	// Desk makes a broker with an empty book.
	Desk func(t *testing.T) Desk
	// Order is one that the broker takes. Its client order id is replaced.
	Order broker.Order
	// Inexpressible are orders that the broker cannot be sent.
	Inexpressible []broker.Order
}

// Run holds the subject against the contract of broker.Adapter.
func Run(t *testing.T, s Subject) {
	for name, claim := range map[string]func(*testing.T, *Subject){
		"PromiseFitsTheIds":             promiseFitsTheIds,
		"OrderIsPlacedOnceAndFound":     orderIsPlacedOnceAndFound,
		"LostReplyIsUnknownThenFound":   lostReplyIsUnknownThenFound,
		"LostOrderIsUnknownThenAbsent":  lostOrderIsUnknownThenAbsent,
		"SameIdIsNeverASecondOrder":     sameIDIsNeverASecondOrder,
		"LateArrivalIsStillOneOrder":    lateArrivalIsStillOneOrder,
		"OrderIsWithheldAfterItsLimit":  orderIsWithheldAfterItsLimit,
		"UnreachableBrokerIsWithheld":   unreachableBrokerIsWithheld,
		"InexpressibleOrderIsRefused":   inexpressibleOrderIsRefused,
		"NoRedirectIsFollowed":          noRedirectIsFollowed,
		"UnclearAnswerIsUnknown":        unclearAnswerIsUnknown,
		"AnswerWithoutEndIsBounded":     answerWithoutEndIsBounded,
		"SilentBrokerIsBounded":         silentBrokerIsBounded,
		"AnswerAboutAnotherIsUnknown":   answerAboutAnotherIsUnknown,
		"ManyOrdersAtOnceStayApart":     manyOrdersAtOnceStayApart,
		"OpenOrdersAreListedIfPromised": openOrdersAreListedIfPromised,
		"PlacedOrdersAreListedIfAsked":  placedOrdersAreListedIfAsked,
	} {
		t.Run(name, func(t *testing.T) { claim(t, &s) })
	}
}

// id returns the n-th client order id of a test, in the form of ours.
func id(n int) string {
	return "AAAABBBBCCCCDDDDEEE" + string("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[n%32])
}

// numbered returns the subject's order under the n-th id.
func (s *Subject) numbered(n int) broker.Order {
	o := s.Order
	o.ClientOrderID = id(n)
	return o
}

// act stands in for the broker's answer to one request; pass asks the broker.
type act func(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc)

// honest lets the broker answer.
func honest(w http.ResponseWriter, r *http.Request, pass http.HandlerFunc) { pass(w, r) }

// front stands between adapter and broker. What has a body is an order.
type front struct {
	Desk
	adapter          broker.Adapter
	orders, asked    atomic.Int32
	onOrder, onAsked atomic.Pointer[act]
	url              string
}

// open starts a broker behind a front, and the adapter before it.
func (s *Subject) open(t *testing.T) *front {
	t.Helper()
	f := &front{Desk: s.Desk(t)}
	f.on(honest, honest)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	f.adapter = s.make(t, server.URL, clock.System{})
	return f
}

// make makes the adapter and closes it at the test's end.
func (s *Subject) make(t *testing.T, url string, now clock.Clock) broker.Adapter {
	t.Helper()
	adapter := s.New(t, url, now)
	if closer, ok := adapter.(interface{ Close() }); ok {
		t.Cleanup(closer.Close)
	}
	return adapter
}

// on sets what becomes of orders and of questions from now on.
func (f *front) on(order, asked act) {
	f.onOrder.Store(&order)
	f.onAsked.Store(&asked)
}

// ServeHTTP counts the request and lets the act answer it.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		f.orders.Add(1)
		(*f.onOrder.Load())(w, r, f.Desk.ServeHTTP)
		return
	}
	f.asked.Add(1)
	(*f.onAsked.Load())(w, r, f.Desk.ServeHTTP)
}

// submit sends the order with the time that a call has.
func (f *front) submit(t *testing.T, o broker.Order) broker.Result {
	t.Helper()
	return f.adapter.Submit(within(t, 10*time.Second), o, core.Never)
}

// lookup asks for the order.
func (f *front) lookup(t *testing.T, clientOrderID string) broker.Result {
	t.Helper()
	return f.adapter.Lookup(within(t, 10*time.Second), clientOrderID)
}

// asks reports whether the broker can be asked for an order.
func (f *front) asks() bool { return f.adapter.Promise().Lookup != order.LookupNone }

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// afterHeard gives a call that much time from the moment at which the broker has
// its request: how long a connection takes is the machine's affair.
func afterHeard(t *testing.T, heard <-chan struct{}, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(within(t, 20*time.Second))
	go func() {
		defer cancel()
		select {
		case <-heard:
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}()
	return ctx
}

// unknown fails the test unless the result says nothing, and says why.
func unknown(t *testing.T, when string, got broker.Result) {
	t.Helper()
	if got.Answer != order.Unknown || got.Withheld || got.Err == nil {
		t.Errorf("%s: %v, withheld %v, %v; want unknown and a reason",
			when, got.Answer, got.Withheld, got.Err)
	}
}

// exists fails the test unless the result says that the order is there.
func exists(t *testing.T, when string, got broker.Result) {
	t.Helper()
	if (got.Answer != order.Accepted && got.Answer != order.Filled) || got.OrderID == "" {
		t.Errorf("%s: %v, order id %q, %v; want an order", when, got.Answer, got.OrderID, got.Err)
	}
}

// listen serves raw connections on a free port until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return "http://" + listener.Addr().String()
}
