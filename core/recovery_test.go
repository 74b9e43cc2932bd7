package core_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/order"
)

// PROTOCOL 5.3: what an answer proves, by the class of the broker.

// orphan is an attempt of an earlier leadership whose send_by passed that long
// ago.
func orphan(age time.Duration) core.Input {
	return core.Input{
		Kind: core.SignalFound, Signal: 1, State: core.Submitting, Attempt: 1, Version: 2, Epoch: epoch - 1,
		Age: age, Flags: core.Overdue,
	}
}

// doubtful is a signal in doubt, of which a person was told or not.
func doubtful(flags core.Flags) core.Input {
	in := orphan(time.Hour)
	in.State, in.Version, in.Flags = core.InDoubt, 3, flags
	return in
}

// PROTOCOL 5.3.1: the class follows from what the interface promises.
func TestClassFollowsFromThePromise(t *testing.T) {
	type promise = order.Capability
	bound := 5 * time.Second
	for _, c := range []struct {
		promise promise
		want    order.Class
	}{
		{promise{}, order.ClassD},
		{promise{IDScope: order.ScopeForever}, order.ClassD},
		{promise{LateArrivalBound: bound}, order.ClassD},
		{promise{Lookup: order.LookupDayBook}, order.ClassC},
		{promise{Lookup: order.LookupExact, IDScope: order.ScopeDay}, order.ClassC},
		{promise{Lookup: order.LookupDayBook, LateArrivalBound: bound}, order.ClassB},
		{promise{Lookup: order.LookupExact, IDScope: order.ScopeOpen, LateArrivalBound: bound}, order.ClassB},
		{promise{Lookup: order.LookupDayBook, IDScope: order.ScopeForever}, order.ClassC},
		{promise{Lookup: order.LookupExact, IDScope: order.ScopeForever}, order.ClassA},
		{promise{
			Lookup: order.LookupExact, IDScope: order.ScopeForever, LateArrivalBound: bound,
		}, order.ClassA},
	} {
		if got := c.promise.Class(); got != c.want {
			t.Errorf("%+v: class %v, want %v", c.promise, got, c.want)
		}
	}
	for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC, order.ClassD} {
		if promise := class.Capability(); promise.Class() != class {
			t.Errorf("the typical broker of class %v has class %v", class, promise.Class())
		}
	}
}

// PROTOCOL 5.3.2: what an answer to an order means; silence is never "no".
func TestAnswerToAnOrderMeans(t *testing.T) {
	for _, c := range []struct {
		answer order.Answer
		want   core.SignalState
		event  event.Event
	}{
		{order.Filled, core.Executed, event.OrderAcked},
		{order.Accepted, core.Submitted, event.OrderAcked},
		{order.Rejected, core.Rejected, event.OrderAcked},
		{order.Cancelled, core.Cancelled, event.OrderAcked},
		{order.Unknown, core.InDoubt, event.OrderAmbiguous},
		{order.Absent, core.InDoubt, event.OrderAmbiguous},
	} {
		b := sending(t, order.ClassC)
		b.answer(core.Submit, said(c.answer))
		b.says(c.event)
		if r := b.asks(core.Record); r.State != c.want || r.Version != 0 {
			t.Errorf("%v: records %v with guard %d", c.answer, r.State, r.Version)
		}
	}
}

// PROTOCOL 5.3.2: a refusal is no proof where refusals are not definitive.
func TestRefusalIsProofOnlyWhereItIsDefinitive(t *testing.T) {
	promise := order.Capability{Lookup: order.LookupDayBook}
	if got := core.Outcome(promise, order.Rejected); got != core.InDoubt {
		t.Fatalf("%v", got)
	}
	promise.DefinitiveReject = true
	if got := core.Outcome(promise, order.Rejected); got != core.Rejected {
		t.Fatalf("%v", got)
	}
}

// PROTOCOL 5.3.2: an order without an answer is in doubt at its time limit,
// and a person is told at once where the broker cannot clear it up.
func TestSilentBrokerMeansDoubt(t *testing.T) {
	for class, person := range map[order.Class]bool{
		order.ClassA: false, order.ClassB: false, order.ClassC: true, order.ClassD: true,
	} {
		b := sending(t, class)
		b.stores = healthy
		b.pass(b.cfg.BrokerTimeout)
		b.says(event.OrderAmbiguous)
		if r := b.asks(core.Record); r.State != core.InDoubt || r.Alert != person {
			t.Errorf("class %v: records %v, alert %v", class, r.State, r.Alert)
		}
	}
}

// PROTOCOL 5.2.12: an attempt of our own epoch that no flight knows of was
// never sent; except for class A, which may have sent it under an older epoch.
func TestOwnOrphanIsVoidExceptForClassA(t *testing.T) {
	for _, class := range []order.Class{order.ClassB, order.ClassC, order.ClassD} {
		b := idleLeader(t, broker(class))
		in := orphan(time.Second)
		in.Epoch = epoch
		b.work(in)
		b.asksNot(core.Lookup)
		if r := b.asks(core.Record); r.State != core.Void || r.Version != 2 || r.Attempt != 1 {
			t.Errorf("class %v: records %v of attempt %d, guard %d", class, r.State, r.Attempt, r.Version)
		}
	}
	b := idleLeader(t, broker(order.ClassA))
	in := orphan(time.Second)
	in.Epoch = epoch
	b.work(in)
	b.asks(core.Lookup)
	b.asksNot(core.Record)
}

// PROTOCOL 5.2.12: one that a flight of ours knows of is left to it.
func TestAttemptInFlightIsNoOrphan(t *testing.T) {
	b := sending(t, order.ClassC)
	in := orphan(time.Second)
	in.Epoch = epoch
	b.work(in)
	b.asksNot(core.Lookup, core.Record, core.Permit)
}

// PROTOCOL 5.3.3 to 5.3.6: an attempt of another epoch is looked up before
// anything else; without look-up it is in doubt.
func TestAnothersOrphanIsLookedUp(t *testing.T) {
	for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC} {
		b := idleLeader(t, broker(class))
		b.work(orphan(time.Minute))
		if l := b.asks(core.Lookup); l.Signal != 1 || l.Attempt != 1 {
			t.Errorf("class %v: looks up attempt %d of signal %d", class, l.Attempt, l.Signal)
		}
		b.asksNot(core.Record, core.Permit)
	}
	b := idleLeader(t, broker(order.ClassD))
	b.work(orphan(time.Minute))
	b.asksNot(core.Lookup)
	if r := b.asks(core.Record); r.State != core.InDoubt || !r.Alert || r.Version != 2 {
		t.Fatalf("class D: records %v, alert %v, guard %d", r.State, r.Alert, r.Version)
	}
}

// lookedUp returns a leader that found in and heard the answer.
func lookedUp(t *testing.T, class order.Class, in core.Input, answer order.Answer) *bench {
	t.Helper()
	b := idleLeader(t, broker(class))
	b.work(in)
	b.answer(core.Lookup, core.Input{Kind: core.OrderLookedUp, Signal: 1, Attempt: 1, Answer: answer})
	return b
}

// PROTOCOL 5.3.7: an order that is found says what became of its signal; what
// is recorded holds only for the version that was read.
func TestOrderThatIsFoundDecides(t *testing.T) {
	for answer, want := range map[order.Answer]core.SignalState{
		order.Filled: core.Executed, order.Rejected: core.Rejected,
		order.Cancelled: core.Cancelled, order.Accepted: core.Submitted,
	} {
		for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC} {
			b := lookedUp(t, class, orphan(time.Minute), answer)
			if r := b.asks(core.Record); r.State != want || r.Version != 2 || r.Alert {
				t.Errorf("class %v, %v: records %v, guard %d", class, answer, r.State, r.Version)
			}
		}
	}
}

// PROTOCOL 5.3.4: for class B absence is proof once send_by and the broker's
// own bound have passed by the database's clock, and not before.
func TestClassBVoidsAfterTheBound(t *testing.T) {
	bound := order.ClassB.Capability().LateArrivalBound
	b := lookedUp(t, order.ClassB, orphan(bound+1), order.Absent)
	if r := b.asks(core.Record); r.State != core.Void || r.Version != 2 {
		t.Fatalf("records %v, guard %d", r.State, r.Version)
	}
	b = lookedUp(t, order.ClassB, orphan(bound), order.Absent)
	if r := b.asks(core.Record); r.State != core.InDoubt || r.Alert {
		t.Fatalf("records %v, alert %v", r.State, r.Alert)
	}
	doubt := doubtful(0)
	doubt.Age = bound + 1
	b = lookedUp(t, order.ClassB, doubt, order.Absent)
	if r := b.asks(core.Record); r.State != core.Void || r.Version != 3 {
		t.Fatalf("records %v, guard %d", r.State, r.Version)
	}
}

// PROTOCOL 5.3.5: for class C absence proves nothing: a person decides.
func TestClassCAsksAPerson(t *testing.T) {
	b := lookedUp(t, order.ClassC, orphan(time.Hour), order.Absent)
	if r := b.asks(core.Record); r.State != core.InDoubt || !r.Alert || r.Version != 2 {
		t.Fatalf("records %v, alert %v, guard %d", r.State, r.Alert, r.Version)
	}
	b.answer(core.Record, recorded(core.InDoubt))
	b.says(event.SignalInDoubt)
	b.says(event.AlertRaised)
}

// PROTOCOL 5.2.19: a person is told once.
func TestPersonIsToldOnce(t *testing.T) {
	b := lookedUp(t, order.ClassC, doubtful(core.Alerted), order.Absent)
	b.asksNot(core.Record)
	b.saysNot(event.AlertRaised)

	b = lookedUp(t, order.ClassC, doubtful(0), order.Absent)
	if r := b.asks(core.Record); r.State != core.InDoubt || !r.Alert {
		t.Fatalf("records %v, alert %v", r.State, r.Alert)
	}
	b.answer(core.Record, recorded(core.InDoubt))
	b.says(event.AlertRaised)
	b.saysNot(event.SignalInDoubt)
}

// PROTOCOL 5.3.7: a look-up without an answer is a doubt; of a standing order
// it changes nothing.
func TestUnansweredLookupIsADoubt(t *testing.T) {
	for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC} {
		b := idleLeader(t, broker(class))
		b.work(orphan(time.Hour))
		b.stores = healthy
		b.pass(b.cfg.BrokerTimeout)
		if r := b.asks(core.Record); r.State != core.InDoubt || !r.Alert {
			t.Errorf("class %v: records %v, alert %v", class, r.State, r.Alert)
		}
		standing := doubtful(0)
		standing.State = core.Submitted
		b = lookedUp(t, class, standing, order.Unknown)
		b.asksNot(core.Record)
	}
}

// PROTOCOL 5.3.8: a standing order is looked up until it ends.
func TestStandingOrderIsLookedUp(t *testing.T) {
	standing := doubtful(0)
	standing.State = core.Submitted
	for answer, want := range map[order.Answer]core.SignalState{
		order.Filled: core.Executed, order.Cancelled: core.Cancelled,
	} {
		b := lookedUp(t, order.ClassC, standing, answer)
		if r := b.asks(core.Record); r.State != want {
			t.Errorf("%v: records %v", answer, r.State)
		}
	}
	b := lookedUp(t, order.ClassC, standing, order.Accepted)
	b.asksNot(core.Record)
	if flying := b.node.Status(b.now.Boot).InFlight; flying != 0 {
		t.Fatalf("%d signals in flight", flying)
	}
}

// PROTOCOL 5.2.10: where the ledger moved on meanwhile, the decision is
// dropped.
func TestRefusedRecordEndsTheFlight(t *testing.T) {
	b := lookedUp(t, order.ClassB, orphan(time.Hour), order.Absent)
	b.answer(core.Record, core.Input{
		Kind: core.RecordWasRefused, Signal: 1, Attempt: 1, State: core.Executed,
	})
	b.asksNot(core.Record, core.Permit, core.Submit)
	if flying := b.node.Status(b.now.Boot).InFlight; flying != 0 {
		t.Fatalf("%d signals in flight", flying)
	}
}

// PROTOCOL 5.2.14: an outcome that the ledger could only keep with a void
// attempt puts the signal in doubt, and a person is told.
func TestLateOutcomeOfAVoidAttemptIsToldToAPerson(t *testing.T) {
	b := sending(t, order.ClassB)
	b.answer(core.Submit, said(order.Filled))
	b.answer(core.Record, recorded(core.InDoubt))
	b.says(event.SignalInDoubt)
	b.says(event.AlertRaised)
	b.saysNot(event.SignalExecuted)
}

// PROTOCOL 5.2.14, 5.2.19: so it is where the signal has ended, and two orders may
// exist, or where what the ledger kept is itself a doubt.
func TestLateOutcomeIsToldWhateverTheSignalIs(t *testing.T) {
	for answer, state := range map[order.Answer]core.SignalState{
		order.Filled: core.Executed, order.Unknown: core.InDoubt,
	} {
		b := sending(t, order.ClassB)
		b.answer(core.Submit, said(answer))
		in := recorded(state)
		in.Flags = core.Late
		b.answer(core.Record, in)
		if told := b.says(event.AlertRaised); told.Signal != 1 || told.Attempt != 1 || told.State != state {
			t.Errorf("%v: %+v", answer, told)
		}
	}
}

// PROTOCOL 5.3.6: where nothing can be asked, an order that was merely accepted
// is for a person too.
func TestAcceptedOrderOfClassDIsForAPerson(t *testing.T) {
	b := sending(t, order.ClassD)
	b.answer(core.Submit, said(order.Accepted))
	if r := b.asks(core.Record); r.State != core.InDoubt || !r.Alert {
		t.Fatalf("records %v, alert %v", r.State, r.Alert)
	}
}

// PROTOCOL 5.3.8: an order that stood and is not there any more is for a
// person, once.
func TestVanishedOrderIsForAPersonOnce(t *testing.T) {
	standing := doubtful(0)
	standing.State = core.Submitted
	b := lookedUp(t, order.ClassC, standing, order.Absent)
	if r := b.asks(core.Record); r.State != core.Submitted || !r.Alert || r.Version != 3 {
		t.Fatalf("records %v, alert %v, guard %d", r.State, r.Alert, r.Version)
	}
	b.answer(core.Record, recorded(core.Submitted))
	b.says(event.AlertRaised)

	standing.Flags = core.Alerted
	b = lookedUp(t, order.ClassC, standing, order.Absent)
	b.asksNot(core.Record)
	b.saysNot(event.AlertRaised)
}
