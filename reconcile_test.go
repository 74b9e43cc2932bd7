package fencepost_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost"
	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
	"fencepost/internal/config"
	"fencepost/internal/reconcile"
)

// often lets an instance compare all the time.
func often(c *fencepost.Config) {
	c.Reconcile.Interval = fencepost.Duration(time.Second)
	c.Reconcile.Settle = fencepost.Duration(time.Second)
}

// place puts an order into the broker's book behind the group's back.
func (s *stage) place(id string) {
	s.t.Helper()
	o := wire.Order{
		ClientOrderID: id, Instrument: "GOLD", Action: "BASE_ENTRY", Position: "Long_1", Lots: "2",
	}
	if _, no := s.desk.Book.Place(&o, time.Now()); no != nil {
		s.t.Fatalf("%+v", no)
	}
}

// control is the group's control mode, and why.
func (i *instance) control() (mode, reason, by string) {
	i.t.Helper()
	found := i.Authority(i.t.Context())
	if found.Ledger == nil {
		return "", strings.Join(found.Errors, "; "), ""
	}
	return found.Ledger.Control, found.Ledger.ControlReason, found.Ledger.ControlBy
}

// halted reports whether the control mode is halt.
func (i *instance) halted() bool {
	mode, _, _ := i.control()
	return mode == "halt"
}

// compared asks the instance for its last comparison.
func (i *instance) compared() (fencepost.Reconciliation, bool) {
	i.t.Helper()
	var last fencepost.Reconciliation
	code, body := i.admin("GET", "/v1/reconcile", "")
	if code != http.StatusOK {
		return last, false
	}
	if err := json.Unmarshal([]byte(body), &last); err != nil {
		i.t.Fatal(err)
	}
	return last, true
}

func signalBody(id string) string {
	return fmt.Sprintf(`{"type":"BASE_ENTRY","instrument":"GOLD","position":"Long_1","timestamp":"t",`+
		`"lots":2,"signal_id":%q}`, id)
}

// The leader finds an order that the ledger does not know, halts, and says so once.
// A person who goes on is not halted again for it; the next such order halts again.
func TestOrderThatTheLedgerDoesNotKnowHaltsTheGroup(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", often)
	leader.leads()
	until(t, "a clean comparison", func() bool {
		last, ok := leader.compared()
		return ok && last.Kept && last.Clean()
	})
	first := inbox.ClientOrderID("nobody's", 1)
	s.place(first)
	until(t, "the group is halted", leader.halted)
	if _, reason, by := leader.control(); by != "reconciler" || !strings.Contains(reason, first) {
		t.Errorf("halted by %q: %s", by, reason)
	}
	until(t, "the leader has read of it", func() bool { return leader.Status().Control == "halt" })
	if code, body := leader.webhook(signalBody("waits")); code != http.StatusAccepted {
		t.Errorf("%d %s", code, body)
	}
	if err := leader.SetControl(t.Context(), core.Run, "sent by hand, seen", "ann"); err != nil {
		t.Fatal(err)
	}
	until(t, "two more comparisons", func() bool {
		last, ok := leader.compared()
		return ok && last.Kept && len(last.Findings) == 1 && last.Findings[0].Acknowledged && last.Open() == 0
	})
	until(t, "the signal that waited is executed", func() bool {
		list, err := leader.Signals(t.Context(), fencepost.SignalFilter{})
		return err == nil && len(list) == 1 && list[0].State == "executed"
	})
	if mode, _, _ := leader.control(); mode != "run" {
		t.Errorf("halted again for an order that a person has seen: %s", mode)
	}
	if n := strings.Count(leader.log.String(), first); n != 1 {
		t.Errorf("the order is in the log %d times, want once", n)
	}
	s.place(inbox.ClientOrderID("nobody's", 2))
	until(t, "the next one halts again", leader.halted)
}

// slowBook is a broker whose list is asked for, then an order comes, and then the list
// is read.
type slowBook struct {
	*broker.HTTP
	meanwhile func()
	once      sync.Once
}

// Placed lets the order come once.
func (s *slowBook) Placed(ctx context.Context, since time.Time) (broker.Book, error) {
	s.once.Do(s.meanwhile)
	return s.HTTP.Placed(ctx, since)
}

// An order that is sent while the book is being read is in the ledger by the time that
// is read: it halts nobody.
func TestOrderThatComesDuringTheComparisonIsKnown(t *testing.T) {
	s := newStage(t)
	adapter, err := broker.NewHTTP(broker.HTTPConfig{
		URL: s.url, Promise: order.ClassA.Capability(), Clock: clock.System{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(adapter.Close)
	asked, placed := make(chan struct{}), make(chan struct{})
	book := &slowBook{HTTP: adapter, meanwhile: func() {
		close(asked)
		<-placed
	}}
	leader := s.startWith("blue-1", often, fencepost.WithBroker(book))
	leader.leads()
	<-asked
	leader.webhook(signalBody("s-1"))
	until(t, "the order is placed", func() bool { return len(s.desk.Book.Orders()) == 1 })
	close(placed)
	until(t, "it was compared", func() bool { last, ok := leader.compared(); return ok && last.Orders == 1 })
	if last, _ := leader.compared(); !last.Clean() || !last.Kept {
		t.Errorf("%+v", last)
	}
}

// A follower compares nothing by itself; as soon as it leads it does, and finds what
// came while nobody looked.
func TestNewLeaderComparesAtOnce(t *testing.T) {
	s := newStage(t)
	quiet := func(c *fencepost.Config) { c.Reconcile.Interval = fencepost.Duration(time.Hour) }
	first := s.start("blue-1", quiet)
	first.leads()
	second := s.start("green-1", quiet)
	until(t, "the first compared", func() bool { last, ok := first.compared(); return ok && last.Kept })
	s.place(inbox.ClientOrderID("nobody's", 1))
	if _, ok := second.compared(); ok {
		t.Error("a follower compared")
	}
	first.stop()
	second.leads()
	until(t, "the second halts", second.halted)
	if err := second.SetControl(t.Context(), core.Run, "seen", "ann"); err != nil {
		t.Fatal(err)
	}
	until(t, "the second compared", func() bool { last, ok := second.compared(); return ok && last.Kept })
	s.place(inbox.ClientOrderID("nobody's", 2))
	if err := second.Resign(t.Context()); err != nil {
		t.Fatal(err)
	}
	second.leads()
	until(t, "it compares anew under its next epoch", second.halted)
}

func TestOtherSystemsOrdersHaltUnlessTheyAreToBeIgnored(t *testing.T) {
	meanings := map[config.Foreign]bool{config.ForeignHalt: true, config.ForeignIgnore: false}
	for meaning, halts := range meanings {
		t.Run(string(meaning), func(t *testing.T) {
			s := newStage(t)
			s.place("other-system-17")
			leader := s.start("blue-1", func(c *fencepost.Config) {
				often(c)
				c.Reconcile.Foreign = meaning
			})
			leader.leads()
			until(t, "it was compared", func() bool { last, ok := leader.compared(); return ok && last.Kept })
			last, _ := leader.compared()
			mode, _, _ := leader.control()
			if halts != (mode == "halt") || halts != (last.Count(reconcile.Foreign) == 1) ||
				halts == (last.Ignored == 1) {
				t.Errorf("mode %s: %+v", mode, last)
			}
		})
	}
}

// A ledger that went back in time has forgotten a permit whose order exists. A person
// who only looks changes nothing.
func TestForgottenPermitIsFoundByItsOrder(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", func(c *fencepost.Config) { c.Reconcile.Interval = 0 })
	leader.leads()
	if code, body := leader.webhook(signalBody("s-1")); code != http.StatusAccepted {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "it is executed", func() bool {
		list, err := leader.Signals(t.Context(), fencepost.SignalFilter{})
		return err == nil && len(list) == 1 && list[0].State == "executed"
	})
	s.place(inbox.ClientOrderID("s-1", 2))
	code, body := leader.admin("POST", "/v1/reconcile?dry_run=true", "")
	var report fencepost.Reconciliation
	if err := json.Unmarshal([]byte(body), &report); err != nil || code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	if report.Count(reconcile.Unsent) != 1 || report.Findings[0].Signal != 1 || report.Kept || report.Halted {
		t.Errorf("%+v", report)
	}
	if mode, _, _ := leader.control(); mode != "run" {
		t.Errorf("a look halted: %s", mode)
	}
	code, body = leader.admin("POST", "/v1/reconcile?dry_run=perhaps", "")
	if code != http.StatusBadRequest {
		t.Errorf("%d %s", code, body)
	}
	if code, body := leader.admin("POST", "/v1/reconcile", ""); code != http.StatusOK ||
		!strings.Contains(body, `"halted":true`) {
		t.Errorf("%d %s", code, body)
	}
}

// A broker that cannot list its orders is said to be one, once, and nothing is called
// clean.
func TestBrokerWithoutAListIsSaidToHaveNone(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", func(c *fencepost.Config) {
		often(c)
		c.Broker.Class = "D"
	})
	leader.leads()
	until(t, "it was said", func() bool {
		return strings.Contains(leader.log.String(), "reconcile.impossible")
	})
	first, ok := leader.compared()
	if !ok || first.Listed || first.Clean() || first.Error == "" {
		t.Errorf("%+v", first)
	}
	for range 2 {
		if code, body := leader.admin("POST", "/v1/reconcile", ""); code != http.StatusServiceUnavailable {
			t.Errorf("%d %s", code, body)
		}
	}
	if n := strings.Count(leader.log.String(), "reconcile.impossible"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// A broker that does not answer leaves the group as it is, and is asked again.
func TestComparisonThatFailsHaltsNothing(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", func(c *fencepost.Config) {
		often(c)
		c.Broker.URL = "http://127.0.0.1:1"
	})
	leader.leads()
	until(t, "it failed", func() bool { last, ok := leader.compared(); return ok && last.Error != "" })
	if mode, _, _ := leader.control(); mode != "run" {
		t.Errorf("control mode %s", mode)
	}
	if last, _ := leader.compared(); last.Clean() || last.Kept {
		t.Errorf("%+v", last)
	}
}
