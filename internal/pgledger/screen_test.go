package pgledger_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/internal/pgledger"
)

// screened stores a signal with a key of its own and a screening.
func (p *process) screened(key string, change func(*pgledger.Offer)) pgledger.Admitted {
	p.t.Helper()
	o := offer(key)
	change(&o)
	got, err := p.Admit(p.t.Context(), &o)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

// The ledger decides what core decides, whatever was found and configured.
func TestOddSignalBeginsAsCoreSays(t *testing.T) {
	n1 := start(t, database(t), "n1")
	for bits := range 8 {
		want := inbox.Screening{Similar: bits&1 != 0, Ahead: bits&2 != 0, RefuseSimilar: bits&4 != 0}
		state, doubt := want.Begin()
		instrument := "INSTRUMENT_" + strconv.Itoa(bits)
		change := func(o *pgledger.Offer) {
			o.Instrument = instrument
			o.Screen.Similar, o.Screen.RefuseSimilar = time.Hour, want.RefuseSimilar
			o.Screen.SentAt, o.Screen.Tolerance = time.Now(), time.Hour
			if want.Ahead {
				o.Screen.SentAt = o.Screen.SentAt.Add(2 * time.Hour)
			}
		}
		var first pgledger.Admitted
		if want.Similar {
			first = n1.screened("first-"+instrument, func(o *pgledger.Offer) { o.Instrument = instrument })
		}
		got := n1.screened("k-"+instrument, change)
		if got.Admission != inbox.Fresh || got.State != state || got.Doubt != doubt ||
			got.SimilarTo != first.Signal {
			t.Errorf("%+v: %+v, want %v for %v", want, got, state, doubt)
		}
		detail, err := n1.Signal(t.Context(), got.Signal)
		if err != nil {
			t.Fatal(err)
		}
		reason := map[inbox.Doubt]string{inbox.Similar: "similar", inbox.Ahead: "ahead"}[doubt]
		if detail.StateReason != reason || (detail.AlertedAt != nil) != (state == core.Held) ||
			(detail.EndedAt != nil) != (state == core.Rejected) {
			t.Errorf("%+v is stored as %+v", want, detail.Signal)
		}
		if state == core.Held && doubt == inbox.Similar &&
			detail.AlertReason != "similar to signal "+strconv.Itoa(int(first.Signal)) {
			t.Errorf("the alert says %q", detail.AlertReason)
		}
	}
}

func TestSimilarIsWhatSaysTheSameUnderAnotherKeyWithinTheWindow(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	screen := func(change func(*pgledger.Offer)) func(*pgledger.Offer) {
		return func(o *pgledger.Offer) {
			o.Screen.Similar = time.Hour
			if change != nil {
				change(o)
			}
		}
	}
	first := n1.screened("a", screen(nil))
	if first.State != core.Received || first.Doubt != inbox.NoDoubt || first.SimilarTo != 0 {
		t.Fatalf("%+v", first)
	}
	// The same key is the same signal.
	again := n1.screened("a", screen(nil))
	if again.Admission != inbox.Duplicate || again.State != core.Received {
		t.Errorf("again: %+v", again)
	}
	for name, change := range map[string]func(*pgledger.Offer){
		"instrument": func(o *pgledger.Offer) { o.Instrument = "GOLD" },
		"type":       func(o *pgledger.Offer) { o.Type = "EXIT" },
		"position":   func(o *pgledger.Offer) { o.Position = "LONG_2" },
		"no window":  func(o *pgledger.Offer) { o.Screen.Similar = 0 },
	} {
		if got := n1.screened("other "+name, screen(change)); got.State != core.Received {
			t.Errorf("other %s: %+v", name, got)
		}
	}
	exec(t, conn, `ALTER TABLE signals DISABLE TRIGGER USER;
		UPDATE signals SET received_at = received_at - interval '2 hours'`)
	if got := n1.screened("b", screen(nil)); got.State != core.Received {
		t.Errorf("after the window: %+v", got)
	}
}

// A refused one does not make the next one similar: the first one's window is
// not prolonged by what came of it.
func TestRefusedSignalMakesNothingSimilar(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	refusing := func(o *pgledger.Offer) { o.Screen.Similar, o.Screen.RefuseSimilar = time.Hour, true }
	first := n1.screened("a", refusing)
	if got := n1.screened("b", refusing); got.State != core.Rejected || got.SimilarTo != first.Signal {
		t.Fatalf("%+v", got)
	}
	again := n1.screened("b", refusing)
	if again.Admission != inbox.Duplicate || again.State != core.Rejected {
		t.Errorf("again: %+v", again)
	}
	exec(t, conn, `ALTER TABLE signals DISABLE TRIGGER USER;
		UPDATE signals SET received_at = received_at - interval '2 hours' WHERE key = 'a'`)
	if got := n1.screened("c", refusing); got.State != core.Received {
		t.Errorf("%+v", got)
	}
}

// Of many signals that say the same, offered to several instances at once, one
// gets through.
func TestOfManySimilarSignalsAtOnceOneGetsThrough(t *testing.T) {
	dsn := database(t)
	nodes := []*process{start(t, dsn, "n1"), start(t, dsn, "n2"), start(t, dsn, "n3")}
	for round := range 10 {
		count := map[core.SignalState]int{}
		var (
			mu sync.Mutex
			wg sync.WaitGroup
		)
		for i := range 6 {
			wg.Go(func() {
				o := offer("k" + strconv.Itoa(10*round+i))
				o.Instrument = "INSTRUMENT_" + strconv.Itoa(round)
				o.Screen.Similar, o.Screen.RefuseSimilar = time.Hour, true
				got, err := nodes[i%len(nodes)].Admit(t.Context(), &o)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				count[got.State]++
			})
		}
		wg.Wait()
		if count[core.Received] != 1 || count[core.Rejected] != 5 {
			t.Fatalf("round %d: %v", round, count)
		}
	}
}

// A person frees or cancels what is held, and its alert is over: a doubt that
// comes later must be heard.
func TestAlertOfAHeldSignalEndsWithTheHold(t *testing.T) {
	n1 := start(t, database(t), "n1")
	ahead := func(o *pgledger.Offer) { o.Screen.SentAt = time.Now().Add(time.Hour) }
	held := n1.screened("a", ahead)
	list, err := n1.Signals(t.Context(), pgledger.SignalFilter{Alerted: true})
	if err != nil || len(list) != 1 || list[0].ID != held.Signal ||
		!strings.Contains(list[0].AlertReason, "ahead") {
		t.Fatalf("%+v, %v", list, err)
	}
	err = n1.Decide(t.Context(), pgledger.Decision{
		Signal: held.Signal, Outcome: core.Received, By: "eve", Reason: "the sender's clock is wrong",
	})
	if err != nil {
		t.Fatal(err)
	}
	detail, err := n1.Signal(t.Context(), held.Signal)
	if err != nil || detail.State != "received" || detail.AlertedAt != nil || detail.AlertReason != "" {
		t.Errorf("%+v, %v", detail.Signal, err)
	}
}

// The time that a signal may wait counts from its arrival, whatever the
// sender's clock says.
func TestValidityCountsFromArrival(t *testing.T) {
	n1 := start(t, database(t), "n1")
	got := n1.screened("a", func(o *pgledger.Offer) {
		o.ValidFor, o.Screen.SentAt = time.Hour, time.Now().Add(-24*time.Hour)
	})
	detail, err := n1.Signal(t.Context(), got.Signal)
	if err != nil || got.State != core.Received || detail.ValidUntil == nil {
		t.Fatalf("%+v, %v", detail.Signal, err)
	}
	if waits := detail.ValidUntil.Sub(detail.ReceivedAt); waits < time.Hour || waits > time.Hour+time.Minute {
		t.Errorf("valid for %v", waits)
	}
}
