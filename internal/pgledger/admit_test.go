package pgledger_test

import (
	"sync"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/internal/pgledger"
)

func TestSignalIsStoredOnceForItsKey(t *testing.T) {
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1"), start(t, dsn, "n2")
	o := offer("s1")
	first, err := n1.Admit(t.Context(), &o)
	if err != nil || first.Admission != inbox.Fresh || first.State != core.Received || first.Signal == 0 {
		t.Fatalf("first %+v, %v", first, err)
	}
	again, err := n2.Admit(t.Context(), &o)
	if err != nil || again.Admission != inbox.Duplicate || again.Signal != first.Signal ||
		again.State != core.Received || !again.ReceivedAt.Equal(first.ReceivedAt) {
		t.Errorf("again %+v, %v", again, err)
	}
	o.Payload = []byte(`{"other":1}`)
	clash, err := n2.Admit(t.Context(), &o)
	if err != nil || clash.Admission != inbox.Clash || clash.Signal != first.Signal {
		t.Errorf("other payload %+v, %v", clash, err)
	}
	detail, err := n2.Signal(t.Context(), first.Signal)
	if err != nil || detail.Payload != `{"id":"s1"}` || detail.ReceivedBy != "n1" ||
		detail.Price != "52000.05" || detail.Lots != "2" || len(detail.Attempts) != 0 {
		t.Errorf("stored %+v, %v", detail, err)
	}
}

func TestDuplicateIsToldTheStateOfTheFirst(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	id := n1.admit("s1")
	exec(t, conn, `UPDATE signals SET state = 'expired', version = 2, ended_at = clock_timestamp()
		WHERE id = $1`, int64(id))
	o := offer("s1")
	again, err := n1.Admit(t.Context(), &o)
	if err != nil || again.Admission != inbox.Duplicate || again.State != core.Expired {
		t.Errorf("again %+v, %v", again, err)
	}
}

// One that loses the race waits for the winner's commit, and must then see its
// row although its own statement began before.
func TestOfManyDeliveriesAtOnceOneIsFresh(t *testing.T) {
	dsn := database(t)
	nodes := []*process{start(t, dsn, "n1"), start(t, dsn, "n2"), start(t, dsn, "n3")}
	for round := range 20 {
		key := string(rune('a' + round))
		count := map[inbox.Admission]int{}
		var (
			mu sync.Mutex
			wg sync.WaitGroup
		)
		for i := range 6 {
			wg.Go(func() {
				o := offer(key)
				got, err := nodes[i%len(nodes)].Admit(t.Context(), &o)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				count[got.Admission]++
			})
		}
		wg.Wait()
		if count[inbox.Fresh] != 1 || count[inbox.Duplicate] != 5 {
			t.Fatalf("%s: %v", key, count)
		}
	}
}

func TestRefusedSignalCanBeRemembered(t *testing.T) {
	n1 := start(t, database(t), "n1")
	o := offer("s1")
	o.State, o.StateReason = core.Rejected, "not_traded_here"
	got, err := n1.Admit(t.Context(), &o)
	if err != nil || got.Admission != inbox.Fresh || got.State != core.Rejected {
		t.Errorf("%+v, %v", got, err)
	}
	o = offer("s2")
	o.State = core.Submitting
	if got, err := n1.Admit(t.Context(), &o); err == nil {
		t.Errorf("a signal began in the middle: %+v", got)
	}
}

func TestNumbersAreKeptAsTheyWereWritten(t *testing.T) {
	n1 := start(t, database(t), "n1")
	id := n1.admit("s1", func(o *pgledger.Offer) {
		o.Price, o.Stop, o.Lots = "0.1000000000000000000001", "", "-3"
	})
	order, err := n1.Order(t.Context(), id)
	if err != nil || order.Price != "0.1000000000000000000001" || order.Stop != "" || order.Lots != "-3" {
		t.Errorf("order %+v, %v", order, err)
	}
	o := offer("s2")
	o.Price = "cheap"
	if got, err := n1.Admit(t.Context(), &o); err == nil {
		t.Errorf("took a price that is no number: %+v", got)
	}
	if _, err := n1.Signal(t.Context(), id+1000); err == nil {
		t.Error("found a signal that is not there")
	}
}

func TestGroupsDoNotSeeEachOther(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1")
	other := start(t, dsn, "n1", func(o *pgledger.Options) { o.Group = "other" })
	id := n1.admit("s1")
	if _, err := other.Signal(t.Context(), id); err == nil {
		t.Error("a signal of another group is readable")
	}
	o := offer("s1")
	if got, err := other.Admit(t.Context(), &o); err != nil || got.Admission != inbox.Fresh {
		t.Errorf("the same key in another group: %+v, %v", got, err)
	}
	n1.lead()
	if in := other.observe(); in.Epoch != 0 {
		t.Errorf("another group's epoch: %+v", in)
	}
	if in := other.take(0); in.Kind != core.EpochWasTaken || in.Epoch != 1 {
		t.Errorf("epochs are not counted for each group: %+v", in)
	}
	if in := other.permit(1, id, 1, 1); in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
		t.Errorf("a permit for another group's signal: %+v", in)
	}
}

func TestSignalsAreListedForPeople(t *testing.T) {
	n1 := start(t, database(t), "n1")
	for _, key := range []string{"a", "b", "c"} {
		n1.admit(key)
	}
	n1.lead()
	n1.permit(1, 2, 1, 1)
	list, err := n1.Signals(t.Context(), pgledger.SignalFilter{})
	if err != nil || len(list) != 3 || list[0].Key != "c" || list[2].Key != "a" {
		t.Errorf("all: %+v, %v", list, err)
	}
	list, err = n1.Signals(t.Context(), pgledger.SignalFilter{States: []core.SignalState{core.Submitting}})
	if err != nil || len(list) != 1 || list[0].Key != "b" || list[0].State != "submitting" {
		t.Errorf("submitting: %+v, %v", list, err)
	}
	list, err = n1.Signals(t.Context(), pgledger.SignalFilter{Before: 3, Limit: 1})
	if err != nil || len(list) != 1 || list[0].Key != "b" {
		t.Errorf("a page: %+v, %v", list, err)
	}
	list, err = n1.Signals(t.Context(), pgledger.SignalFilter{Alerted: true})
	if err != nil || len(list) != 0 {
		t.Errorf("alerted: %+v, %v", list, err)
	}
}

func TestSignalIsValidByTheDatabasesClock(t *testing.T) {
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	id := n1.admit("s1", func(o *pgledger.Offer) { o.ValidFor = time.Hour })
	found := n1.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received})
	if len(found) != 2 || found[0].Flags.Has(core.Outdated) {
		t.Fatalf("found %+v", found)
	}
	exec(t, conn, `UPDATE signals SET valid_until = clock_timestamp() - interval '1 ms'`)
	found = n1.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received})
	if len(found) != 2 || !found[0].Flags.Has(core.Outdated) {
		t.Fatalf("found %+v", found)
	}
	if in := n1.permit(1, id, 1, 1); in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
		t.Errorf("a permit for an outdated signal: %+v", in)
	}
	if in := n1.record(id, 0, core.Expired); in.Kind != core.OutcomeWasRecorded || in.State != core.Expired {
		t.Errorf("expiry: %+v", in)
	}
}
