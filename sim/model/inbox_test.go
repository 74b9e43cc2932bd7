package model_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/core/inbox"
	"fencepost/sim/model"
)

// openStates asks for every state in which something can still happen.
const openStates = 1<<core.Received | 1<<core.Submitting | 1<<core.Submitted | 1<<core.InDoubt | 1<<core.Held

// list carries out a Fetch and returns what was found and whether it is all.
func (l *ledger) list(now core.Time, states uint16, after core.SignalID) ([]core.Input, bool) {
	l.t.Helper()
	l.Do(now, &core.Effect{Op: core.Fetch, States: states, After: after}, 1, &l.reply)
	all := l.reply.All()
	end := all[len(all)-1]
	if end.Kind != core.WorkListed {
		l.t.Fatalf("a list ends with %v", end.Kind)
	}
	found := append([]core.Input(nil), all[:len(all)-1]...)
	for i := range found {
		if found[i].Kind != core.SignalFound {
			l.t.Fatalf("a list holds %v", found[i].Kind)
		}
	}
	return found, end.Flags.Has(core.Done)
}

func TestSignalIsStoredOnceForEachKey(t *testing.T) {
	l := newLedger(t)
	id := l.admit(second, 7, 0)
	if stored := only(t, &l.records, history.Stored); stored.Signal != id {
		t.Fatalf("record %+v", stored)
	}
	l.records.Reset()
	offer := model.Offer{Key: 7, Payload: 7}
	if admission, same, state := l.Admit(2*second, offer); admission != inbox.Duplicate || same != id ||
		state != core.Received {
		t.Fatalf("the same again: %v, %d, %v", admission, same, state)
	}
	admission, same, _ := l.Admit(2*second, model.Offer{Key: 7, Payload: 8})
	if admission != inbox.Clash || same != id {
		t.Fatalf("another payload: %v, %d", admission, same)
	}
	if len(l.records.List) != 0 {
		t.Fatalf("records %v", l.records.List)
	}
	l.record(3*second, id, 0, core.Expired)
	if admission, _, state := l.Admit(4*second, offer); admission != inbox.Duplicate ||
		state != core.Expired {
		t.Fatalf("the same after its end: %v, %v", admission, state)
	}
}

func TestListShowsWhatIsKnownOfASignal(t *testing.T) {
	l := newLedger(t)
	l.take(0, 1)
	id := l.admit(second, 7, 9*time.Second)
	found, done := l.list(2*second, openStates, 0)
	if len(found) != 1 || !done || found[0].Signal != id || found[0].State != core.Received ||
		found[0].Version != 1 || found[0].Attempt != 0 || found[0].Epoch != 0 || found[0].Age != 0 ||
		found[0].Flags != 0 {
		t.Fatalf("found %+v", found)
	}
	l.permit(3*second, id)
	e := l.outcome(id, core.InDoubt, 0)
	e.Alert = true
	l.ask(4*second, e)
	found, _ = l.list(10*second, openStates, 0)
	if len(found) != 1 || found[0].Attempt != 1 || found[0].Epoch != 1 || found[0].Age != 5*time.Second ||
		found[0].Flags != core.Overdue|core.Outdated|core.Alerted || found[0].Version != 3 {
		t.Fatalf("found %+v", found)
	}
	if found, _ = l.list(10*second, openStates, id); len(found) != 0 {
		t.Fatalf("after the cursor: %+v", found)
	}
	if found, _ = l.list(10*second, 1<<core.Received, 0); len(found) != 0 {
		t.Fatalf("another state: %+v", found)
	}
}

func TestListLeavesOutWhatItsSenderMayStillSend(t *testing.T) {
	l, id := sent(t)
	if found, _ := l.list(2*second, openStates, 0); len(found) != 0 {
		t.Fatalf("at send_by: %+v", found)
	}
	found, _ := l.list(2*second+1, openStates, 0)
	if len(found) != 1 || found[0].Signal != id || found[0].Flags != core.Overdue || found[0].Age != 1 {
		t.Fatalf("after send_by: %+v", found)
	}
}

func TestListHoldsEightAndTellsOfMore(t *testing.T) {
	l := newLedger(t)
	for key := int64(1); key <= 20; key++ {
		l.admit(0, key, 0)
	}
	for _, id := range []core.SignalID{3, 1, 20, 12} {
		l.record(0, id, 0, core.Expired)
	}
	var ids []core.SignalID
	after := core.SignalID(0)
	for pages := 1; ; pages++ {
		found, done := l.list(0, openStates, after)
		for _, in := range found {
			ids = append(ids, in.Signal)
			after = in.Signal
		}
		if done {
			if pages != 2 || len(found) != core.FetchLimit {
				t.Fatalf("page %d holds %d", pages, len(found))
			}
			break
		}
		if len(found) != core.FetchLimit {
			t.Fatalf("a full page holds %d", len(found))
		}
	}
	want := []core.SignalID{2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19}
	if found, _ := l.list(0, 1<<core.Expired|1<<core.Executed, 0); len(found) != 0 {
		t.Fatalf("a list names final signals: %+v", found)
	}
	if len(ids) != len(want) {
		t.Fatalf("ids %v", ids)
	}
	for i := range want {
		if ids[i] != want[i] {
			t.Fatalf("ids %v, want %v", ids, want)
		}
	}
}
