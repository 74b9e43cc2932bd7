package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/core/order"
	"fencepost/sim/model"
)

// desk is a model of a broker with what it told.
type desk struct {
	model.Broker
	records model.Records
}

func newDesk(class order.Class, fillAfter time.Duration) *desk {
	d := &desk{}
	d.Reset(model.BrokerConfig{Promise: class.Capability(), FillAfter: fillAfter}, &d.records)
	return d
}

// order submits an order that was dispatched just now.
func (d *desk) order(now core.Time, signal core.SignalID, attempt uint32) order.Answer {
	answer, _ := d.Submit(now, signal, attempt, now)
	return answer
}

// lookup asks for an order.
func (d *desk) lookup(now core.Time, signal core.SignalID, attempt uint32) order.Answer {
	answer, _ := d.Lookup(now, signal, attempt)
	return answer
}

func TestSameIDAgainFindsItsOrderAsFarAsTheClassPromises(t *testing.T) {
	for _, c := range []struct {
		class        order.Class
		whileOpen    int
		afterTheFill int
	}{
		{order.ClassA, 1, 1}, {order.ClassB, 1, 2}, {order.ClassC, 2, 3}, {order.ClassD, 2, 3},
	} {
		d := newDesk(c.class, 5*time.Second)
		if answer := d.order(0, 1, 1); answer != order.Accepted || !d.Has(1) {
			t.Fatalf("class %v: first order %v", c.class, answer)
		}
		if answer := d.order(second, 1, 1); answer != order.Accepted || d.OrdersOf(1) != c.whileOpen {
			t.Fatalf("class %v: %v, %d orders while the first is open", c.class, answer, d.OrdersOf(1))
		}
		d.order(7*second, 1, 1)
		if d.OrdersOf(1) != c.afterTheFill {
			t.Fatalf("class %v: %d orders after the first was filled", c.class, d.OrdersOf(1))
		}
		d.order(8*second, 1, 2)
		if d.OrdersOf(1) != c.afterTheFill+1 {
			t.Fatalf("class %v: another attempt is another order", c.class)
		}
	}
}

func TestLookupSaysWhatTheBookSays(t *testing.T) {
	for _, c := range []struct {
		class                   order.Class
		absent, working, filled order.Answer
	}{
		{order.ClassA, order.Absent, order.Accepted, order.Filled},
		{order.ClassB, order.Absent, order.Accepted, order.Filled},
		{order.ClassC, order.Absent, order.Accepted, order.Filled},
		{order.ClassD, order.Unknown, order.Unknown, order.Unknown},
	} {
		d := newDesk(c.class, 5*time.Second)
		d.order(0, 2, 1)
		for _, absent := range []core.SignalID{1, 3} {
			if answer := d.lookup(0, absent, 1); answer != c.absent {
				t.Fatalf("class %v: no order: %v", c.class, answer)
			}
		}
		if answer := d.lookup(0, 2, 2); answer != c.absent {
			t.Fatalf("class %v: another attempt: %v", c.class, answer)
		}
		if answer := d.lookup(5*second-1, 2, 1); answer != c.working {
			t.Fatalf("class %v: before the fill: %v", c.class, answer)
		}
		if answer := d.lookup(5*second, 2, 1); answer != c.filled {
			t.Fatalf("class %v: after the fill: %v", c.class, answer)
		}
	}
}

func TestOrderIsToldWhenItIsCreatedAndWhenItIsFilled(t *testing.T) {
	d := newDesk(order.ClassA, 5*time.Second)
	d.order(0, 1, 1)
	d.order(second, 2, 1)
	if made := seen(&d.records, history.OrderCreated); len(made) != 2 || made[0].Signal != 1 ||
		made[0].Attempt != 1 {
		t.Fatalf("records %+v", d.records.List)
	}
	for _, said := range seen(&d.records, history.Announced) {
		if said.Event != event.OrderAccepted {
			t.Fatalf("record %+v", said)
		}
	}
	if d.NextFill() != 5*second {
		t.Fatalf("next fill %v", d.NextFill())
	}
	d.records.Reset()
	d.Advance(5 * second)
	if filled := only(t, &d.records, history.OrderFilled); filled.Signal != 1 || d.NextFill() != 6*second {
		t.Fatalf("record %+v, next fill %v", filled, d.NextFill())
	}
	d.Advance(9 * second)
	if d.NextFill() != core.Never {
		t.Fatalf("next fill %v", d.NextFill())
	}
	at := newDesk(order.ClassD, 0)
	if answer := at.order(0, 1, 1); answer != order.Filled ||
		len(seen(&at.records, history.OrderFilled)) != 1 {
		t.Fatalf("an order that fills at once: %v", answer)
	}
}

func TestClassBItselfRefusesWhatArrivesLate(t *testing.T) {
	bound := order.ClassB.Capability().LateArrivalBound
	d := newDesk(order.ClassB, 0)
	now := core.Time(bound)
	if answer, _ := d.Submit(now+1, 1, 1, 0); answer != order.Unknown || d.Has(1) {
		t.Fatalf("one nanosecond late: %v", answer)
	}
	if answer, _ := d.Submit(now, 1, 1, now.Add(time.Second)+1); answer != order.Unknown || d.Has(1) {
		t.Fatalf("from the future: %v", answer)
	}
	if answer, _ := d.Submit(now, 1, 1, 0); answer != order.Filled || !d.Has(1) {
		t.Fatalf("at the bound: %v", answer)
	}
	c := newDesk(order.ClassC, 0)
	if answer, _ := c.Submit(now*100, 1, 1, 0); answer != order.Filled {
		t.Fatalf("class C has no bound: %v", answer)
	}
}

func TestMisconductOfABroker(t *testing.T) {
	for _, c := range []struct {
		act     string
		answer  order.Answer
		silent  bool
		created bool
	}{
		{"accept_then_silence", order.Filled, true, true},
		{"wrong_status", order.Unknown, false, true},
		{"reject", order.Rejected, false, false},
		{"down", order.Unknown, false, false},
		{"duplicate_ack", order.Filled, false, true},
		{"late", order.Filled, false, true},
	} {
		d := newDesk(order.ClassA, 0)
		d.Misbehave(c.act, time.Minute)
		answer, silent := d.Submit(0, 1, 1, 0)
		if answer != c.answer || silent != c.silent || d.Has(1) != c.created {
			t.Fatalf("%s: %v, silent %v, created %v", c.act, answer, silent, d.Has(1))
		}
		after, twice := d.SecondAnswer()
		if twice != (c.act == "duplicate_ack") || twice && after != time.Minute {
			t.Fatalf("%s: second answer %v, %v", c.act, after, twice)
		}
		if late := d.Late(); (late == time.Minute) != (c.act == "late") {
			t.Fatalf("%s: late by %v", c.act, late)
		}
		if answer := d.lookup(0, 1, 1); c.act == "down" && answer != order.Unknown {
			t.Fatalf("a broker that is down was asked: %v", answer)
		}
		d.Heal(c.act)
		if answer, silent := d.Submit(0, 2, 1, 0); answer != order.Filled || silent || d.Late() != 0 {
			t.Fatalf("healed of %s: %v", c.act, answer)
		}
	}
}

func TestRefusalIsNoWordOnAnOrderThatExists(t *testing.T) {
	d := newDesk(order.ClassA, time.Minute)
	d.order(0, 1, 1)
	d.Misbehave("reject", 0)
	if answer := d.order(second, 1, 1); answer != order.Accepted || d.OrdersOf(1) != 1 {
		t.Fatalf("an order that exists: %v", answer)
	}
}

func TestDayScopeForgetsAtMidnight(t *testing.T) {
	d := &desk{}
	promise := order.Capability{IDScope: order.ScopeDay, Lookup: order.LookupDayBook}
	d.Reset(model.BrokerConfig{Promise: promise}, &d.records)
	day := core.Time(24 * time.Hour)
	d.order(day-2, 1, 1)
	d.order(day-1, 1, 1)
	if d.OrdersOf(1) != 1 {
		t.Fatalf("%d orders on one day", d.OrdersOf(1))
	}
	d.order(day, 1, 1)
	if d.OrdersOf(1) != 2 {
		t.Fatalf("%d orders on two days", d.OrdersOf(1))
	}
}

func TestOrdersEndUnfilledAsOftenAsConfigured(t *testing.T) {
	const orders = 10_000
	d := &desk{}
	d.Reset(model.BrokerConfig{
		Promise: order.ClassA.Capability(), FillAfter: time.Second, Unfilled: 200_000,
	}, &d.records)
	ends := map[order.Answer]int{}
	for signal := core.SignalID(1); signal <= orders; signal++ {
		if answer := d.order(0, signal, 1); answer != order.Accepted {
			t.Fatalf("an order that works is %v", answer)
		}
		if d.Standing(0, signal) != order.Accepted ||
			d.lookup(2*second, signal, 1) != d.Standing(2*second, signal) {
			t.Fatalf("signal %d stands otherwise than its order", signal)
		}
		ends[d.Standing(2*second, signal)]++
	}
	for answer, share := range map[order.Answer]int{
		order.Filled: 8000, order.Cancelled: 1000, order.Rejected: 1000,
	} {
		if n := ends[answer]; n < share*9/10 || n > share*11/10 {
			t.Errorf("%d of %d orders end %v", n, orders, answer)
		}
	}
	if d.Standing(0, orders+1) != order.Absent {
		t.Error("an order that was never sent stands")
	}
}

func TestMisconductThatWasAskedForTwiceEndsWithTheSecond(t *testing.T) {
	var records model.Records
	var b model.Broker
	b.Reset(model.BrokerConfig{Promise: order.ClassA.Capability()}, &records)
	b.Misbehave("late", time.Minute)
	b.Misbehave("late", time.Second)
	if b.Heal("late"); b.Late() == 0 {
		t.Error("the first one's end ended the second")
	}
	if b.Heal("late"); b.Late() != 0 {
		t.Errorf("nobody asks for it any more: %v late", b.Late())
	}
	b.Heal("late")
	b.Misbehave("duplicate_ack", time.Second)
	if after, twice := b.SecondAnswer(); !twice || after != time.Second {
		t.Errorf("%v %v", after, twice)
	}
}
