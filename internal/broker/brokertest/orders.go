package brokertest

import (
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/clock"
)

// cut ends a connection without an answer.
func cut() { panic(http.ErrAbortHandler) }

// placedThenCut lets the broker place the order and loses its answer.
func placedThenCut(_ http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
	pass(discard{}, r)
	cut()
}

// discard is an answer that nobody gets.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func promiseFitsTheIds(t *testing.T, s *Subject) {
	promise := s.make(t, "http://127.0.0.1:1", clock.System{}).Promise()
	if err := promise.Check(promise.Class().Capability()); err != nil &&
		promise.Class() != order.ClassB { // whose bound need not be the typical one
		t.Errorf("the adapter does not keep the class that it promises: %v", err)
	}
	if err := promise.Check(order.ClassD.Capability()); err != nil {
		t.Error(err)
	}
	if len(promise.Instruments) > 0 && !slices.Contains(promise.Instruments, s.Order.Instrument) {
		t.Errorf("the subject's order is for %s, and %v can be ordered",
			s.Order.Instrument, promise.Instruments)
	}
}

func orderIsPlacedOnceAndFound(t *testing.T, s *Subject) {
	f := s.open(t)
	exists(t, "submit", f.submit(t, s.numbered(1)))
	if f.Count(id(1)) != 1 || f.orders.Load() != 1 {
		t.Errorf("written %d times, %d orders", f.orders.Load(), f.Count(id(1)))
	}
	if f.asks() {
		exists(t, "look-up", f.lookup(t, id(1)))
		if got := f.lookup(t, id(2)); got.Answer != order.Absent {
			t.Errorf("look-up of an order that was never sent: %v (%v)", got.Answer, got.Err)
		}
	}
}

func lostReplyIsUnknownThenFound(t *testing.T, s *Subject) {
	f := s.open(t)
	f.on(placedThenCut, honest)
	unknown(t, "submit", f.submit(t, s.numbered(1)))
	if f.orders.Load() != 1 || f.Count(id(1)) != 1 {
		t.Errorf("written %d times, %d orders", f.orders.Load(), f.Count(id(1)))
	}
	if f.asks() {
		exists(t, "look-up", f.lookup(t, id(1)))
	}
}

func lostOrderIsUnknownThenAbsent(t *testing.T, s *Subject) {
	f := s.open(t)
	f.on(func(http.ResponseWriter, *http.Request, http.HandlerFunc) { cut() }, honest)
	unknown(t, "submit", f.submit(t, s.numbered(1)))
	if f.orders.Load() != 1 || f.Count(id(1)) != 0 {
		t.Errorf("written %d times, %d orders", f.orders.Load(), f.Count(id(1)))
	}
	got := f.lookup(t, id(1))
	if !f.asks() {
		unknown(t, "look-up at a broker that cannot be asked", got)
		return
	}
	if got.Answer != order.Absent {
		t.Errorf("look-up: %v (%v)", got.Answer, got.Err)
	}
}

// A second send under the same id is what class A is: it places nothing, and its
// refusal does not say that there is no order.
func sameIDIsNeverASecondOrder(t *testing.T, s *Subject) {
	f := s.open(t)
	if f.adapter.Promise().IDScope != order.ScopeForever {
		return // where ids may come again, the core sends none twice
	}
	exists(t, "the first", f.submit(t, s.numbered(1)))
	got := f.submit(t, s.numbered(1))
	if got.Answer == order.Rejected || got.Answer == order.Absent || got.Withheld {
		t.Errorf("the second says %v of an order that exists", got.Answer)
	}
	if f.orders.Load() != 2 || f.Count(id(1)) != 1 {
		t.Errorf("written %d times, %d orders", f.orders.Load(), f.Count(id(1)))
	}
	exists(t, "look-up", f.lookup(t, id(1)))
}

// The sender gives up, asks, finds nothing, and then the order arrives.
func lateArrivalIsStillOneOrder(t *testing.T, s *Subject) {
	f := s.open(t)
	heard, arrive, arrived := make(chan struct{}), make(chan struct{}), make(chan struct{})
	f.on(func(_ http.ResponseWriter, r *http.Request, pass http.HandlerFunc) {
		body, _ := io.ReadAll(r.Body)
		close(heard)
		late := r.Clone(t.Context())
		late.Body = io.NopCloser(bytesReader(body))
		<-arrive
		pass(discard{}, late)
		close(arrived)
		cut()
	}, honest)
	unknown(t, "submit", f.adapter.Submit(afterHeard(t, heard, 0), s.numbered(1), core.Never))
	if f.asks() {
		if got := f.lookup(t, id(1)); got.Answer != order.Absent {
			t.Errorf("look-up before it arrives: %v (%v)", got.Answer, got.Err)
		}
	}
	close(arrive)
	<-arrived
	if f.asks() {
		exists(t, "look-up after it arrived", f.lookup(t, id(1)))
	}
	if f.orders.Load() != 1 || f.Count(id(1)) != 1 {
		t.Errorf("written %d times, %d orders", f.orders.Load(), f.Count(id(1)))
	}
}

// turning is a clock whose readings are 100, and 101 from the n-th on.
type turning struct {
	from  int32
	asked atomic.Int32
}

func (c *turning) Now() core.Now {
	now := core.Now{Boot: 100, Wall: core.Time(time.Now().UnixNano())}
	if c.asked.Add(1) >= c.from {
		now.Boot = 101
	}
	return now
}

// The limit passes at the first look at the clock, at the second and so on, until
// the order has left: the last look before that is the one at the gate.
func orderIsWithheldAfterItsLimit(t *testing.T, s *Subject) {
	line := tapped(t)
	for from := int32(1); from < 10; from++ {
		adapter := s.make(t, "http://"+line.address, &turning{from: from})
		got := adapter.Submit(within(t, 5*time.Second), s.numbered(1), 100)
		connections, bytes := line.seen(t)
		if got.Withheld {
			if got.Answer != order.Unknown || got.Err == nil || bytes != 0 {
				t.Fatalf("limit passed at look %d: %+v, and %d bytes left", from, got, bytes)
			}
			continue
		}
		unknown(t, "an order that left in time", got)
		if bytes == 0 || connections < 2 || from < 3 {
			t.Errorf("%d bytes left over %d connections at look %d; the gate was never asked alone",
				bytes, connections, from)
		}
		return
	}
	t.Error("an order in time never left")
}

// tap takes connections one after the other, reads once from each and cuts it.
type tap struct {
	address            string
	connections, bytes atomic.Int64
	marks              chan struct{}
}

// mark is what a connection of the test itself says.
const mark = "mark"

func tapped(t *testing.T) *tap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &tap{address: listener.Addr().String(), marks: make(chan struct{})}
	go func() {
		buffer := make([]byte, 4096)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n, _ := conn.Read(buffer)
			_ = conn.Close()
			if string(buffer[:n]) == mark {
				l.marks <- struct{}{}
				continue
			}
			l.connections.Add(1)
			l.bytes.Add(int64(n))
		}
	}()
	return l
}

// seen returns what came until now: connections are taken in their order, and
// one of the test's own is the last.
func (l *tap) seen(t *testing.T) (connections, bytes int64) {
	t.Helper()
	conn, err := net.Dial("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, mark); err != nil {
		t.Fatal(err)
	}
	select {
	case <-l.marks:
	case <-time.After(5 * time.Second):
		t.Fatal("a connection was left open")
	}
	return l.connections.Load(), l.bytes.Load()
}

func unreachableBrokerIsWithheld(t *testing.T, s *Subject) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	_ = listener.Close()
	adapter := s.make(t, url, clock.System{})
	if got := adapter.Submit(within(t, 120*time.Millisecond), s.numbered(1), core.Never); !got.Withheld {
		t.Errorf("got %+v", got)
	}
}

func inexpressibleOrderIsRefused(t *testing.T, s *Subject) {
	var connections atomic.Int32
	url := listen(t, func(conn net.Conn) { connections.Add(1); _ = conn.Close() })
	adapter := s.make(t, url, clock.System{})
	for _, o := range s.Inexpressible {
		o.ClientOrderID = id(1)
		got := adapter.Submit(within(t, 5*time.Second), o, core.Never)
		if got.Answer != order.Rejected || got.Withheld || got.Note == "" {
			t.Errorf("%+v: %+v", o, got)
		}
	}
	if connections.Load() != 0 {
		t.Errorf("%d connections for orders that cannot be sent", connections.Load())
	}
}

func manyOrdersAtOnceStayApart(t *testing.T, s *Subject) {
	const many = 16
	f := s.open(t)
	results := make([]broker.Result, many)
	var senders sync.WaitGroup
	for n := range many {
		senders.Go(func() {
			results[n] = f.adapter.Submit(t.Context(), s.numbered(n), core.Never)
			if f.asks() && results[n].Answer != order.Unknown {
				results[n] = f.adapter.Lookup(t.Context(), id(n))
			}
		})
	}
	senders.Wait()
	for n, got := range results {
		exists(t, id(n), got)
		if f.Count(id(n)) != 1 {
			t.Errorf("%s: %d orders", id(n), f.Count(id(n)))
		}
	}
	if f.orders.Load() != many {
		t.Errorf("%d orders were written %d times", many, f.orders.Load())
	}
}

// An order that was listed as open is one of the book, by the names of both
// sides.
func openOrdersAreListedIfPromised(t *testing.T, s *Subject) {
	f := s.open(t)
	lister, lists := f.adapter.(broker.Lister)
	if lists != f.adapter.Promise().Lists {
		t.Errorf("promises a list: %v; has one: %v", f.adapter.Promise().Lists, lists)
	}
	if !lists {
		return
	}
	before, err := lister.Open(within(t, 5*time.Second))
	if err != nil || len(before) != 0 {
		t.Fatalf("an empty book: %v, %v", before, err)
	}
	placed := f.submit(t, s.numbered(1))
	open, err := lister.Open(within(t, 5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if placed.Answer == order.Accepted &&
		(len(open) != 1 || open[0].ClientOrderID != id(1) || open[0].OrderID != placed.OrderID) {
		t.Errorf("open: %+v, placed %+v", open, placed)
	}
	f.on(honest, status(http.StatusBadGateway, "bad gateway"))
	if _, err := lister.Open(within(t, 5*time.Second)); err == nil {
		t.Error("a gateway's page was taken for a list")
	}
}
