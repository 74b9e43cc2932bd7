package broker_test

import (
	"strings"
	"testing"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
)

// promises are brokers as they are: what each can do, not which letter it has.
func promises() map[string]broker.Promise {
	remembers := order.ClassA.Capability()
	refusesLate := order.ClassB.Capability()
	return map[string]broker.Promise{
		"remembers ids":  {Capability: remembers},
		"refuses late":   {Capability: refusesLate},
		"can be asked":   {Capability: order.ClassC.Capability()},
		"promises none":  {Capability: order.ClassD.Capability()},
		"does both":      {Capability: both(remembers, refusesLate)},
		"unsure refusal": {Capability: order.Capability{Lookup: order.LookupExact}},
	}
}

func both(a, b order.Capability) order.Capability {
	a.LateArrivalBound = b.LateArrivalBound
	return a
}

func TestClassIsRefusedWhenTheAdapterDoesNotKeepIt(t *testing.T) {
	for name, allowed := range map[string]string{
		"remembers ids": "ACD", "refuses late": "BCD", "can be asked": "CD", "promises none": "D",
		"does both": "ABCD", "unsure refusal": "",
	} {
		promise := promises()[name]
		for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC, order.ClassD} {
			err := promise.Check(class.Capability())
			if want := strings.Contains(allowed, class.String()); want != (err == nil) {
				t.Errorf("a broker that %s, as class %v: %v", name, class, err)
			}
			if err != nil && !strings.Contains(err.Error(), "class "+class.String()) {
				t.Errorf("%q does not name the class that was asked for", err)
			}
		}
	}
}

func TestShorterBoundThanTheBrokersOwnIsRefused(t *testing.T) {
	promise := promises()["refuses late"]
	asked := order.ClassB.Capability()
	asked.LateArrivalBound = promise.LateArrivalBound - time.Millisecond
	if err := promise.Check(asked); err == nil {
		t.Error("absence would be proof before the broker refuses late requests")
	}
	asked.LateArrivalBound = 2 * promise.LateArrivalBound
	if err := promise.Check(asked); err != nil {
		t.Errorf("a longer wait is no fault: %v", err)
	}
}

func TestBrokerThatCannotHoldOurIdsIsRefused(t *testing.T) {
	digits := promises()["remembers ids"]
	digits.IDLetters = "0123456789"
	short := promises()["remembers ids"]
	short.LongestID = 19
	for _, promise := range []broker.Promise{digits, short} {
		if err := promise.Check(order.ClassD.Capability()); err == nil ||
			!strings.Contains(err.Error(), "client order ids") {
			t.Errorf("%+v: %v", promise, err)
		}
	}
	exact := promises()["remembers ids"]
	exact.LongestID = 20
	if err := exact.Check(order.ClassA.Capability()); err != nil {
		t.Error(err)
	}
}
