package reconcile_test

import (
	"slices"
	"testing"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/reconcile"
)

// placed is the order of signal s-N's first attempt as the broker has it.
func placed(key string, attempt uint32, answer order.Answer) broker.Placed {
	return broker.Placed{
		ClientOrderID: inbox.ClientOrderID(key, attempt), OrderID: key + "/" + string(rune('0'+attempt)),
		Answer: answer, Ticket: broker.Ticket{Symbol: "X", Side: broker.Buy, Quantity: "2"},
	}
}

// attempt is that of the ledger.
func attempt(key string, n uint32, state core.SignalState, settled bool) reconcile.Attempt {
	return reconcile.Attempt{
		Signal: core.SignalID(key[0]), Attempt: n, ClientOrderID: inbox.ClientOrderID(key, n), State: state,
		Settled: settled, Ticket: broker.Ticket{Symbol: "X", Side: broker.Buy, Quantity: "2.0"},
	}
}

func kindsOf(findings []reconcile.Finding) []reconcile.Kind {
	var all []reconcile.Kind
	for i := range findings {
		all = append(all, findings[i].Kind)
	}
	return all
}

// Each pair of what the broker says and what the ledger has leads to what it must,
// and to nothing else. What was recorded just now may be younger than the book.
func TestOrderAndAttemptAreCompared(t *testing.T) {
	const none = order.Answer(200)
	for _, c := range []struct {
		broker  order.Answer
		ledger  core.SignalState
		settled bool
		want    []reconcile.Kind
	}{
		{order.Filled, core.Executed, true, nil},
		{order.Filled, core.Submitted, true, nil},
		{order.Filled, core.Submitting, false, nil},
		{order.Filled, core.InDoubt, true, []reconcile.Kind{reconcile.Resolvable}},
		{order.Rejected, core.InDoubt, true, []reconcile.Kind{reconcile.Resolvable}},
		{order.Unknown, core.InDoubt, true, nil},
		{order.Filled, core.Rejected, false, []reconcile.Kind{reconcile.Denied}},
		{order.Filled, core.Cancelled, false, []reconcile.Kind{reconcile.Denied}},
		{order.Filled, core.Void, false, []reconcile.Kind{reconcile.Denied}},
		{order.Accepted, core.Void, false, []reconcile.Kind{reconcile.Denied}},
		{order.Accepted, core.Rejected, true, []reconcile.Kind{reconcile.Denied}},
		{order.Accepted, core.Cancelled, true, []reconcile.Kind{reconcile.Denied}},
		{order.Accepted, core.Cancelled, false, nil}, // it ended while we read
		{order.Cancelled, core.Void, true, nil},
		{order.Rejected, core.Void, true, nil},
		{order.Unknown, core.Void, true, nil},
		{order.Cancelled, core.Executed, false, []reconcile.Kind{reconcile.Missing}},
		{order.Rejected, core.Executed, false, []reconcile.Kind{reconcile.Missing}},
		{order.Accepted, core.Executed, true, []reconcile.Kind{reconcile.Missing}},
		{order.Accepted, core.Executed, false, nil},
		{order.Unknown, core.Executed, true, nil},
		{none, core.Executed, true, []reconcile.Kind{reconcile.Missing}},
		{none, core.Submitted, true, []reconcile.Kind{reconcile.Missing}},
		{none, core.Executed, false, nil},
		{none, core.InDoubt, true, nil},
		{none, core.Void, true, nil},
		{none, core.Rejected, true, nil},
	} {
		r := reconcile.Readings{
			Book:     broker.Book{Whole: true},
			Attempts: []reconcile.Attempt{attempt("k", 1, c.ledger, c.settled)},
		}
		if c.broker != none {
			r.Book.Orders = []broker.Placed{placed("k", 1, c.broker)}
		}
		got, _ := reconcile.Compare(r)
		if !slices.Equal(kindsOf(got), c.want) {
			t.Errorf("broker %v, ledger %v, settled %v: %v, want %v",
				c.broker, c.ledger, c.settled, got, c.want)
		}
		for _, f := range got {
			if f.Signal != 'k' || f.Attempt != 1 || f.Ledger != c.ledger.String() || f.Detail == "" {
				t.Errorf("%+v", f)
			}
		}
	}
}

func TestLateWordOfAVoidAttemptIsNoNews(t *testing.T) {
	told := attempt("k", 1, core.Void, true)
	told.Told = true
	got, _ := reconcile.Compare(reconcile.Readings{
		Book:     broker.Book{Orders: []broker.Placed{placed("k", 1, order.Filled)}, Whole: true},
		Attempts: []reconcile.Attempt{told},
	})
	if len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestOrderThatNoAttemptHasIsFoundByItsForm(t *testing.T) {
	foreign := broker.Placed{ClientOrderID: "by-hand", OrderID: "7", Answer: order.Filled}
	nameless := broker.Placed{OrderID: "8", Answer: order.Accepted}
	r := reconcile.Readings{
		Book: broker.Book{Orders: []broker.Placed{
			foreign, nameless, placed("nobody", 1, order.Rejected), placed("known", 3, order.Accepted),
		}},
		Forgotten: map[string]reconcile.Permit{
			inbox.ClientOrderID("known", 3): {Signal: 5, Attempt: 3, State: core.Received},
		},
	}
	got, ignored := reconcile.Compare(r)
	want := []reconcile.Kind{reconcile.Unknown, reconcile.Unsent, reconcile.Foreign, reconcile.Foreign}
	if !slices.Equal(kindsOf(got), want) || ignored != 0 {
		t.Fatalf("%v, %d ignored", got, ignored)
	}
	if got[1].Signal != 5 || got[1].Attempt != 3 || got[1].Ledger != "received" {
		t.Errorf("%+v", got[1])
	}
	r.IgnoreForeign = true
	if got, ignored = reconcile.Compare(r); len(got) != 2 || ignored != 2 {
		t.Errorf("%v, %d ignored", got, ignored)
	}
	for _, f := range got {
		if !f.Kind.Halts() {
			t.Errorf("%v does not halt", f.Kind)
		}
	}
}

func TestTwoOrdersForOneSignalAreFound(t *testing.T) {
	second := placed("k", 1, order.Filled)
	second.OrderID = "again"
	got, _ := reconcile.Compare(reconcile.Readings{
		Book: broker.Book{Whole: true, Orders: []broker.Placed{
			placed("k", 1, order.Filled), second,
			placed("l", 1, order.Cancelled), placed("l", 2, order.Filled),
		}},
		Attempts: []reconcile.Attempt{
			attempt("k", 1, core.Executed, true),
			attempt("l", 1, core.Void, true), attempt("l", 2, core.Executed, true),
		},
	})
	if len(got) != 1 || got[0].Kind != reconcile.Doubled || got[0].OrderID != "again" ||
		!got[0].Kind.Halts() {
		t.Errorf("%v", got)
	}
	got, _ = reconcile.Compare(reconcile.Readings{
		Book: broker.Book{Orders: []broker.Placed{
			placed("k", 1, order.Filled), placed("k", 2, order.Accepted),
		}},
		Attempts: []reconcile.Attempt{
			attempt("k", 1, core.Void, true), attempt("k", 2, core.Submitted, true),
		},
	})
	if !slices.Equal(kindsOf(got), []reconcile.Kind{reconcile.Doubled, reconcile.Denied}) {
		t.Errorf("%v", got)
	}
}

// A book that is not whole proves nothing by what it does not hold.
func TestNothingIsMissingFromAPartOfABook(t *testing.T) {
	got, _ := reconcile.Compare(reconcile.Readings{
		Attempts: []reconcile.Attempt{attempt("k", 1, core.Executed, true)},
	})
	if len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestOrderForSomethingElseIsFound(t *testing.T) {
	for _, c := range []struct {
		ticket broker.Ticket
		differ bool
	}{
		{broker.Ticket{Symbol: "X", Side: broker.Buy, Quantity: "2"}, false},
		{broker.Ticket{Symbol: "X", Side: broker.Buy, Quantity: "2.000"}, false},
		{broker.Ticket{}, false}, // what is not told is not compared
		{broker.Ticket{Symbol: "Y", Side: broker.Buy, Quantity: "2"}, true},
		{broker.Ticket{Symbol: "X", Side: broker.Sell, Quantity: "2"}, true},
		{broker.Ticket{Symbol: "X", Side: broker.Buy, Quantity: "20"}, true},
		{broker.Ticket{Symbol: "X", Side: broker.Buy, Quantity: "1e999999999"}, true},
	} {
		p := placed("k", 1, order.Filled)
		p.Ticket = c.ticket
		got, _ := reconcile.Compare(reconcile.Readings{
			Book:     broker.Book{Orders: []broker.Placed{p}, Whole: true},
			Attempts: []reconcile.Attempt{attempt("k", 1, core.Executed, true)},
		})
		if differ := len(got) == 1 && got[0].Kind == reconcile.Differs; differ != c.differ || len(got) > 1 {
			t.Errorf("%+v: %v", c.ticket, got)
		}
	}
}

// A canary is cancelled without an order, and that is as it should be; an order for
// one is not.
func TestCanaryHasNoOrder(t *testing.T) {
	canary := attempt("k", 1, core.Cancelled, true)
	canary.Canary = true
	if got, _ := reconcile.Compare(reconcile.Readings{
		Book: broker.Book{Whole: true}, Attempts: []reconcile.Attempt{canary},
	}); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got, _ := reconcile.Compare(reconcile.Readings{
		Book:     broker.Book{Whole: true, Orders: []broker.Placed{placed("k", 1, order.Accepted)}},
		Attempts: []reconcile.Attempt{canary},
	}); !slices.Equal(kindsOf(got), []reconcile.Kind{reconcile.Denied}) {
		t.Errorf("%v", got)
	}
}

// Every id that the program makes has the form by which it is told from others'.
func TestOurIdsHaveOurForm(t *testing.T) {
	for _, key := range []string{"", "a", "ü", "k\x00"} {
		for n := range uint32(50) {
			if id := inbox.ClientOrderID(key, n); !reconcile.Ours(id) {
				t.Errorf("%q is not taken for ours", id)
			}
		}
	}
	for _, id := range []string{
		"", "AAAABBBBCCCCDDDDEEE", "AAAABBBBCCCCDDDDEEEEF", "aaaabbbbccccddddeeee", "AAAABBBBCCCCDDDDEEE1",
		"904837e3-3b76-47ec-b432-046db621571b", "AAAABBBBCCCCDDDDEEEE\n",
	} {
		if reconcile.Ours(id) {
			t.Errorf("%q is taken for ours", id)
		}
	}
}
