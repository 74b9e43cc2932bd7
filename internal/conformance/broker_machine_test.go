package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/paper"
	"fencepost/sim/model"
)

// brokerWalk asks the simulator's broker and the paper broker the same, the
// latter through the service's own adapter.
type brokerWalk struct {
	rt      *rapid.T
	ctx     context.Context
	desk    *desk
	adapter *broker.HTTP
	model   model.Broker
	records model.Records
	class   order.Class
	now     core.Time
	// late are the orders that are under way to the model's broker, in the order
	// in which they were sent.
	late  []lateOrder
	acts  map[paper.Act]time.Duration
	ack   time.Duration
	asked string
	seen  map[string]int
}

// lateOrder is a request that is held up.
type lateOrder struct {
	arrives core.Time
	signal  core.SignalID
	attempt uint32
	stamp   core.Time
}

func TestMachineOfTheBrokerFindsNoDifference(t *testing.T) {
	d, seen := newDesk(t), map[string]int{}
	met(t, 1, seen, demands{
		60: {
			"submit: filled", "submit: accepted", "submit: rejected", "submit: unknown",
			"look-up: absent", "look-up: filled", "look-up: accepted", "look-up: unknown",
			"withheld", "answer lost to submit", "answer lost to lookup", "request lost",
			"late, answered", "late, its sender gone", "answered slowly", "at the end of the window",
			"class A", "class B", "class C", "class D",
		},
	}, func(rt *rapid.T) {
		w := newBrokerWalk(context.WithoutCancel(t.Context()), rt, d, seen)
		defer w.adapter.Close()
		rt.Repeat(map[string]func(*rapid.T){
			"":            func(*rapid.T) { w.compare() },
			"submit":      func(*rapid.T) { w.submit() },
			"submit more": func(*rapid.T) { w.submit() },
			"look up":     func(*rapid.T) { w.lookup(w.drawOrder()) },
			"not filled":  func(*rapid.T) { w.lookupOpen() },
			"mishap":      func(*rapid.T) { w.mishap() },
			"too late":    func(*rapid.T) { w.withheld() },
			"behave":      func(*rapid.T) { w.behave() },
			"edge":        func(*rapid.T) { w.edge() },
			"ack":         func(*rapid.T) { w.slowly() },
			"skew":        func(*rapid.T) { w.skew() },
			"pass":        func(*rapid.T) { w.wait() },
			"pass more":   func(*rapid.T) { w.wait() },
		})
		w.pass(time.Hour)
		w.compare()
	})
}

// newBrokerWalk opens an empty broker of some class at the desk.
func newBrokerWalk(ctx context.Context, rt *rapid.T, d *desk, seen map[string]int) *brokerWalk {
	w := &brokerWalk{
		rt: rt, ctx: ctx, desk: d, now: began, acts: map[paper.Act]time.Duration{}, seen: seen,
	}
	w.class = rapid.SampledFrom([]order.Class{
		order.ClassA, order.ClassB, order.ClassB, order.ClassC, order.ClassD,
	}).Draw(rt, "class")
	fill := rapid.SampledFrom([]time.Duration{0, 3 * time.Second}).Draw(rt, "fills after")
	w.asked = fmt.Sprintf("  a broker of class %v, which fills after %v\n", w.class, fill)
	seen["class "+w.class.String()]++
	d.open(paper.Config{Class: w.class, FillAfter: fill, Secret: []byte("secret")})
	promise := w.class.Capability()
	var err error
	w.adapter, err = broker.NewHTTP(broker.HTTPConfig{
		URL: "http://" + d.wire.Addr(), Promise: promise, Secret: []byte("secret"), Clock: senderClock{d},
	})
	w.must(err)
	if promise.LateArrivalBound > 0 {
		// The adapter signs a window that is shorter than the bound by what a clock
		// may be ahead; the simulator plays the bound itself, which is what such a
		// clock makes of it.
		promise.LateArrivalBound -= broker.ClockTolerance
	}
	w.model.Reset(model.BrokerConfig{Promise: promise, FillAfter: fill}, &w.records)
	return w
}

func (w *brokerWalk) must(err error) {
	if err != nil {
		w.rt.Fatalf("after\n%s%v", w.asked, err)
	}
}

// part ends the walk with everything that was asked.
func (w *brokerWalk) part(want, got any) {
	w.rt.Fatalf("the brokers part after\n%s  model: %v\n  real:  %v", w.asked, want, got)
}

func (w *brokerWalk) say(format string, args ...any) {
	w.asked += "  " + fmt.Sprintf(format, args...) + "\n"
}

// orderID is the client order id of an attempt.
func orderID(signal core.SignalID, attempt uint32) string {
	return fmt.Sprintf("S%dA%d", signal, attempt)
}

// drawOrder draws one of a few attempts, so that most of them come again.
func (w *brokerWalk) drawOrder() (core.SignalID, uint32) {
	return core.SignalID(rapid.Int64Range(1, 3).Draw(w.rt, "signal")),
		rapid.Uint32Range(1, 2).Draw(w.rt, "attempt")
}

// send sends an order as the service does.
func (w *brokerWalk) send(
	ctx context.Context, signal core.SignalID, attempt uint32, until core.Time,
) broker.Result {
	return w.adapter.Submit(ctx, broker.Order{
		ClientOrderID: orderID(signal, attempt), Instrument: "NIFTY", Action: "EXIT", Position: "Long_1",
		Lots: "1",
	}, until)
}

// stamp is the instant that is signed into an order that leaves now, as the
// broker reads it.
func (w *brokerWalk) stamp() core.Time {
	d := senderClock{w.desk}.Now().Wall
	return d - d%core.Time(time.Millisecond)
}

// submit sends an order and, if there is an answer, compares it. One that is
// held up, or answered slowly, is waited for or not.
func (w *brokerWalk) submit() {
	signal, attempt := w.drawOrder()
	patient := rapid.Bool().Draw(w.rt, "patient")
	delay, isLate := w.acts[paper.Late]
	w.say("submit %s, patient=%v", orderID(signal, attempt), patient)
	want, silent := order.Unknown, false
	if isLate {
		w.late = append(w.late, lateOrder{w.now.Add(delay), signal, attempt, w.stamp()})
	} else {
		want, silent = w.model.Submit(w.now, signal, attempt, w.stamp())
	}
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	arrives := w.desk.arrived() + 1
	answer := make(chan broker.Result, 1)
	go func() { answer <- w.send(ctx, signal, attempt, core.Never) }()
	w.must(w.desk.quiet(arrives, count(silent && w.ack == 0)))
	if patient && isLate {
		want, silent = w.arrive(delay)
	}
	if patient && w.ack > 0 && !silent {
		w.seen["answered slowly"]++
		w.pass(w.ack)
	}
	if w.desk.handles(arrives) {
		cancel() // it has no answer, or is not waited for
		want = order.Unknown
	}
	got := <-answer
	w.must(w.desk.quiet(arrives, 0))
	w.seen["submit: "+want.String()]++
	switch {
	case got.Withheld:
		w.part(want, "withheld: "+got.Err.Error())
	case got.Answer != want:
		w.part(want, fmt.Sprintf("%v (%v)", got.Answer, got.Err))
	}
}

// arrive lets the time pass in which the order that was sent last is held up,
// and returns what the model's broker then says to it.
func (w *brokerWalk) arrive(delay time.Duration) (answer order.Answer, silent bool) {
	w.seen["late, answered"]++
	own := w.late[len(w.late)-1]
	w.late = w.late[:len(w.late)-1]
	w.passUntil(w.now.Add(delay), func() bool {
		answer, silent = w.model.Submit(w.now, own.signal, own.attempt, own.stamp)
		return silent && w.ack == 0
	})
	return answer, silent
}

// lookupOpen asks for an order that is placed and not filled.
func (w *brokerWalk) lookupOpen() {
	for _, o := range w.model.Orders() {
		if w.now < o.FillAt {
			w.lookup(o.Signal, o.Attempt)
			return
		}
	}
}

// lookup asks what became of an order.
func (w *brokerWalk) lookup(signal core.SignalID, attempt uint32) {
	w.say("look up %s", orderID(signal, attempt))
	want, _ := w.model.Lookup(w.now, signal, attempt)
	got := w.adapter.Lookup(w.ctx, orderID(signal, attempt))
	w.seen["look-up: "+want.String()]++
	if got.Answer != want {
		w.part(want, fmt.Sprintf("%v (%v)", got.Answer, got.Err))
	}
}

// mishap lets an answer be lost, or a request, of an order or of a question.
func (w *brokerWalk) mishap() {
	// Who misbehaves has ways of his own to answer nothing.
	for _, act := range slices.Sorted(maps.Keys(w.acts)) {
		w.end(act)
	}
	w.answersTake(0)
	how := rapid.SampledFrom([]mishap{answerLost, requestLost}).Draw(w.rt, "how")
	signal, attempt := w.drawOrder()
	op := core.Submit
	if rapid.Bool().Draw(w.rt, "look up") && w.class != order.ClassD {
		op = core.Lookup
	}
	w.say("%v %s, and %v", op, orderID(signal, attempt), how)
	stamp := w.stamp()
	arrives := w.desk.arrived()
	w.must(w.desk.wire.lose(how, op, func(limit time.Duration) error {
		ctx, cancel := context.WithCancel(w.ctx)
		defer cancel()
		if limit > 0 {
			ctx, cancel = context.WithTimeout(w.ctx, limit)
			defer cancel()
		}
		got := broker.Result{}
		if op == core.Lookup {
			got = w.adapter.Lookup(ctx, orderID(signal, attempt))
		} else {
			got = w.send(ctx, signal, attempt, core.Never)
		}
		if got.Answer == order.Unknown && got.Err == nil {
			return errors.New("unknown, without a reason")
		}
		return got.Err
	}))
	if how == requestLost {
		w.seen["request lost"]++
	} else {
		arrives++
		w.seen["answer lost to "+op.String()]++
		if op == core.Submit {
			w.model.Submit(w.now, signal, attempt, stamp)
		}
	}
	w.must(w.desk.quiet(arrives, 0))
	// A question may be repeated by itself, an order never.
	if n := w.desk.arrived(); n != arrives && op == core.Submit {
		w.part(arrives, fmt.Sprintf("%d requests", n))
	}
}

// withheld keeps an order back whose time has passed: the broker hears nothing.
func (w *brokerWalk) withheld() {
	signal, attempt := w.drawOrder()
	w.say("submit %s, which is withheld", orderID(signal, attempt))
	before := w.desk.arrived()
	got := w.send(w.ctx, signal, attempt, w.now-1)
	if after := w.desk.arrived(); !got.Withheld || after != before {
		w.part("withheld", got)
	}
	w.seen["withheld"]++
}

func count(one bool) int {
	if one {
		return 1
	}
	return 0
}
