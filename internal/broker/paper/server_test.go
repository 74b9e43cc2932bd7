package paper_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/paper"
	"fencepost/internal/clock"
)

const id = "AAAABBBBCCCCDDDDEEEE"

var ordinary = broker.Order{
	ClientOrderID: id, Instrument: "BANKNIFTY", Action: "EXIT", Position: "Long_1", Lots: "1",
}

// desk is a paper broker and the service's way to it.
type desk struct {
	*paper.Server
	adapter *broker.HTTP
	url     string
}

func open(t *testing.T, config paper.Config) *desk {
	t.Helper()
	server := paper.NewServer(config)
	front := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); front.Close() })
	adapter, err := broker.NewHTTP(broker.HTTPConfig{
		URL: front.URL, Promise: config.Class.Capability(), Secret: config.Secret, Clock: clock.System{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(adapter.Close)
	return &desk{Server: server, adapter: adapter, url: front.URL}
}

// submit sends the order and gives up after the patience of the sender.
func (d *desk) submit(t *testing.T, patience time.Duration) order.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got := d.adapter.Submit(ctx, ordinary, core.Never)
	if got.Withheld {
		t.Fatalf("withheld: %v", got.Err)
	}
	return got.Answer
}

func (d *desk) lookup(t *testing.T) order.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return d.adapter.Lookup(ctx, id).Answer
}

func (d *desk) begin(t *testing.T, b paper.Behaviour) {
	t.Helper()
	if err := d.Conduct.Begin(b); err != nil {
		t.Fatal(err)
	}
}

func TestClassesTreatASecondOrderAndALookupAsPromised(t *testing.T) {
	for _, c := range []struct {
		class  order.Class
		fill   time.Duration
		second order.Answer
		placed int
		lookup order.Answer
	}{
		{order.ClassA, 0, order.Filled, 1, order.Filled},
		{order.ClassA, time.Hour, order.Accepted, 1, order.Accepted},
		{order.ClassB, time.Hour, order.Accepted, 1, order.Accepted},
		{order.ClassB, 0, order.Filled, 2, order.Filled},
		{order.ClassC, 0, order.Filled, 2, order.Filled},
		{order.ClassD, 0, order.Filled, 2, order.Unknown},
	} {
		d := open(t, paper.Config{Class: c.class, FillAfter: c.fill, Secret: []byte("k")})
		if before := d.lookup(t); c.class != order.ClassD && before != order.Absent {
			t.Errorf("%v: look-up in an empty book: %v", c.class, before)
		}
		d.submit(t, 5*time.Second)
		if second := d.submit(t, 5*time.Second); second != c.second {
			t.Errorf("%v fill %v: second order %v, want %v", c.class, c.fill, second, c.second)
		}
		if placed := len(d.Book.Orders()); placed != c.placed {
			t.Errorf("%v fill %v: %d orders, want %d", c.class, c.fill, placed, c.placed)
		}
		if got := d.lookup(t); got != c.lookup {
			t.Errorf("%v fill %v: look-up %v, want %v", c.class, c.fill, got, c.lookup)
		}
	}
}

func TestMisbehaviourIsAmbiguousAndTheBookTellsTheTruth(t *testing.T) {
	for _, c := range []struct {
		act    paper.Behaviour
		want   order.Answer
		placed int
	}{
		{paper.Behaviour{Act: paper.LostReply}, order.Unknown, 1},
		{paper.Behaviour{Act: paper.AcceptThenSilence}, order.Unknown, 1},
		{paper.Behaviour{Act: paper.WrongStatus}, order.Unknown, 1},
		{paper.Behaviour{Act: paper.WrongStatus, Status: 400}, order.Unknown, 1},
		{paper.Behaviour{Act: paper.WrongStatus, Status: 200}, order.Unknown, 1},
		{paper.Behaviour{Act: paper.DuplicateAck}, order.Filled, 1},
		{paper.Behaviour{Act: paper.Down}, order.Unknown, 0},
		{paper.Behaviour{Act: paper.Reject}, order.Rejected, 0},
	} {
		d := open(t, paper.Config{Class: order.ClassA})
		d.begin(t, c.act)
		if got := d.submit(t, 300*time.Millisecond); got != c.want {
			t.Errorf("%s: %v, want %v", c.act.Act, got, c.want)
		}
		if placed := len(d.Book.Orders()); placed != c.placed {
			t.Errorf("%s: %d orders in the book, want %d", c.act.Act, placed, c.placed)
		}
	}
}

func TestLateOrderArrivesWithoutItsSender(t *testing.T) {
	d := open(t, paper.Config{Class: order.ClassC})
	d.begin(t, paper.Behaviour{Act: paper.Late, Delay: paper.Duration(400 * time.Millisecond)})
	if got := d.submit(t, 50*time.Millisecond); got != order.Unknown {
		t.Fatalf("a late order was answered with %v", got)
	}
	if got := d.lookup(t); got != order.Absent {
		t.Fatalf("looked up at once: %v", got)
	}
	deadline := time.Now().Add(10 * time.Second)
	for d.lookup(t) != order.Filled {
		if time.Now().After(deadline) {
			t.Fatal("the order never arrived")
		}
	}
}

func TestBrokerOfClassBRefusesWhatArrivesAfterItsWindow(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	book := paper.NewBook(order.ClassB, 0, func() time.Time { return now })
	sent := orderAt(now, 4000)
	now = now.Add(4 * time.Second)
	if _, refused := book.Place(&sent, now); refused != nil {
		t.Fatalf("refused within its window: %+v", refused)
	}
	now = now.Add(time.Millisecond)
	if _, refused := book.Place(&sent, now); refused == nil || refused.Code != "request_too_late" {
		t.Errorf("after its window: %+v", refused)
	}
	for name, order := range map[string]struct {
		at     time.Time
		window int64
	}{
		"no window":        {now, 0},
		"no timestamp":     {time.UnixMilli(0), 4000},
		"ahead":            {now.Add(2 * time.Second), 4000},
		"longer than fair": {now, 6000},
	} {
		late := orderAt(order.at, order.window)
		if _, refused := book.Place(&late, now); refused == nil {
			t.Errorf("%s: placed", name)
		}
	}
}

func TestUnsignedOrderIsNotPlaced(t *testing.T) {
	d := open(t, paper.Config{Class: order.ClassA, Secret: []byte("k")})
	body := `{"client_order_id":"x","instrument":"NIFTY"}`
	if status := post(t, d.url+"/orders", body); status != http.StatusUnauthorized {
		t.Errorf("status %d", status)
	}
	if len(d.Book.Orders()) != 0 {
		t.Error("placed")
	}
}

func TestBehaviourIsChangedAtRunTime(t *testing.T) {
	d := open(t, paper.Config{Class: order.ClassA})
	for body, want := range map[string]int{
		`{"act":"late","delay":"8s","for":"1m","count":3}`:     200,
		`{"ack":{"min":"5ms","max":"20ms"}}`:                   200,
		`{"act":"wrong_status","status":400}`:                  200,
		`{"act":"late","delay":8}`:                             400,
		`{"act":"nice"}`:                                       400,
		`{"act":"down","delay":"1s"}`:                          400,
		`{"act":"down","dely":"1s"}`:                           400,
		`{"act":"down","status":500}`:                          400,
		`{"act":"wrong_status","status":99}`:                   400,
		`{"act":"down","code":"risk_limit"}`:                   400,
		`{"act":"down","ack":{"min":"1s","max":"2s"}}`:         400,
		`{"ack":{"min":"2s","max":"1s"}}`:                      400,
		`{"act":"reject","code":"market_closed","count":-1}`:   400,
		`{"act":"reject","code":"market_closed","for":"10ms"}`: 200,
	} {
		if got := post(t, d.url+"/behaviour", body); got != want {
			t.Errorf("%s: status %d, want %d", body, got, want)
		}
	}
	d.Conduct.Clear()
	if active := d.Conduct.Active(); len(active) != 0 {
		t.Errorf("after clearing: %+v", active)
	}
	d.begin(t, paper.Behaviour{Act: paper.Reject, Count: 2})
	for i, want := range []order.Answer{order.Rejected, order.Rejected, order.Filled} {
		if got := d.submit(t, 5*time.Second); got != want {
			t.Errorf("order %d of a broker that refuses two: %v, want %v", i+1, got, want)
		}
	}
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func TestAnOrderThatExistsIsNotRefusedOnRequest(t *testing.T) {
	d := open(t, paper.Config{Class: order.ClassA})
	if got := d.submit(t, 5*time.Second); got != order.Filled {
		t.Fatalf("the first: %v", got)
	}
	d.begin(t, paper.Behaviour{Act: paper.Reject, Count: 1})
	if got := d.submit(t, 5*time.Second); got == order.Rejected {
		t.Error("an order that exists was told to be rejected")
	}
}

func TestLateOrderIsJudgedWhenItArrives(t *testing.T) {
	d := open(t, paper.Config{Class: order.ClassA})
	d.begin(t, paper.Behaviour{Act: paper.Late, Delay: paper.Duration(400 * time.Millisecond), Count: 1})
	d.begin(t, paper.Behaviour{Act: paper.Reject})
	if got := d.submit(t, 50*time.Millisecond); got != order.Unknown {
		t.Errorf("an order that has not arrived was answered with %v", got)
	}
}

func TestRejectionIsNoAnswerToARequestThatTheClassRefuses(t *testing.T) {
	d := open(t, paper.Config{Class: order.ClassB})
	d.begin(t, paper.Behaviour{Act: paper.Reject})
	d.begin(t, paper.Behaviour{Act: paper.Late, Delay: paper.Duration(4100 * time.Millisecond)})
	if got := d.submit(t, 10*time.Second); got != order.Unknown {
		t.Errorf("a request that came too late was answered with %v", got)
	}
}

func TestRejectionIsLostLikeEveryAnswer(t *testing.T) {
	for _, act := range []paper.Act{paper.AcceptThenSilence, paper.LostReply, paper.WrongStatus} {
		d := open(t, paper.Config{Class: order.ClassA})
		d.begin(t, paper.Behaviour{Act: paper.Reject})
		d.begin(t, paper.Behaviour{Act: act})
		if got := d.submit(t, 300*time.Millisecond); got != order.Unknown {
			t.Errorf("%s: %v", act, got)
		}
	}
}
