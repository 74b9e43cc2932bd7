package conformance_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
)

// every selects all states.
const every = 1<<core.Void - 1

// open selects the states of a signal that is not done with.
const open = 1<<core.Received | 1<<core.Held | 1<<core.Submitting | 1<<core.Submitted | 1<<core.InDoubt

// list asks for the signals that need work, and returns their ids and whether
// the list is complete.
func (l *ledger) list(states uint16, after core.SignalID) ([]core.SignalID, bool) {
	l.t.Helper()
	inputs := l.answers(n1, core.Effect{Op: core.Fetch, States: states, After: after})
	ids := []core.SignalID{}
	last := inputs[len(inputs)-1]
	for _, in := range inputs[:len(inputs)-1] {
		if in.Kind != core.SignalFound {
			l.t.Errorf("in the list: %+v", in)
		}
		ids = append(ids, in.Signal)
	}
	if last.Kind != core.WorkListed || last.Flags&^core.Done != 0 {
		l.t.Errorf("at its end: %+v", last)
	}
	return ids, last.Flags.Has(core.Done)
}

// lists demands what a list holds.
func (l *ledger) lists(states uint16, after core.SignalID, done bool, want ...core.SignalID) {
	l.t.Helper()
	ids, complete := l.list(states, after)
	same := len(ids) == len(want) && complete == done
	for i := range want {
		same = same && ids[i] == want[i]
	}
	if !same {
		l.t.Errorf("states %b after %d: %v (complete %v), want %v (%v)",
			states, after, ids, complete, want, done)
	}
}

func TestSignalIsStoredOnceForItsKey(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		offer := func(key, payload int64, want admitted) {
			t.Helper()
			if got, err := l.admit(alone(key, payload, 0)); err != nil || got != want {
				t.Errorf("key %d, payload %d: %+v, %v", key, payload, got, err)
			}
		}
		offer(1, 1, admitted{inbox.Fresh, 1, core.Received})
		offer(1, 1, admitted{inbox.Duplicate, 1, core.Received})
		offer(1, 2, admitted{inbox.Clash, 1, core.Received})
		offer(2, 1, admitted{inbox.Fresh, 2, core.Received})
		l.grant(n1, l.lead(n1), 1)
		offer(1, 1, admitted{inbox.Duplicate, 1, core.Submitting})
		l.recorded(n1, fact(n1, 1, 1, core.Executed), core.Executed)
		offer(1, 1, admitted{inbox.Duplicate, 1, core.Executed})
		offer(1, 2, admitted{inbox.Clash, 1, core.Executed})
		if r := l.rows(); len(r.Signals) != 2 || r.Signals[0].Version != 3 {
			t.Errorf("rows: %q", r.lines())
		}
	})
}

func TestListIsInTheOrderOfAdmissionAndSaysWhetherItIsComplete(t *testing.T) {
	eachLedger(t, func(_ *testing.T, l *ledger) {
		l.lists(every, 0, true)
		for key := range int64(core.FetchLimit) {
			l.store(key+1, 0)
		}
		l.lists(every, 0, true, 1, 2, 3, 4, 5, 6, 7, 8)
		l.store(core.FetchLimit+1, 0)
		l.lists(every, 0, false, 1, 2, 3, 4, 5, 6, 7, 8)
		l.lists(every, 1, true, 2, 3, 4, 5, 6, 7, 8, 9)
		l.lists(every, 8, true, 9)
		l.lists(every, 9, true)
		l.lists(1<<core.Held, 0, true)
		l.lists(0, 0, true)
	})
}

func TestListHasTheWantedStatesAndNoFinalOnes(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch := l.lead(n1)
		ends := []core.SignalState{
			core.Received, core.Held, core.Submitting, core.Submitted, core.InDoubt,
			core.Executed, core.Rejected, core.Cancelled, core.Expired,
		}
		for i, end := range ends {
			signal := l.store(int64(i+1), 0)
			switch end {
			case core.Received:
			case core.Held:
				if done, err := l.decide(signal, core.Held); err != nil || !done {
					t.Fatalf("held: %v, %v", done, err)
				}
			case core.Expired:
				l.recorded(n1, fact(n1, signal, 0, core.Expired), core.Expired)
			default:
				l.grant(n1, epoch, signal)
				if end != core.Submitting {
					l.recorded(n1, fact(n1, signal, 1, end), end)
				}
			}
		}
		l.lists(every, 0, true, 1, 2, 4, 5)
		l.wait(sendBy)
		l.lists(open, 0, true, 1, 2, 4, 5)
		l.wait(µs)
		l.lists(open, 0, true, 1, 2, 3, 4, 5)
		for i := range 5 {
			l.lists(1<<ends[i], 0, true, core.SignalID(i+1))
		}
		l.lists(every&^open, 0, true)
	})
}

func TestListTellsWhatIsKnownOfASignal(t *testing.T) {
	eachLedger(t, func(t *testing.T, l *ledger) {
		epoch, signal := l.lead(n1), l.store(1, 5*time.Second)
		found := func(want core.Input) {
			t.Helper()
			want.Kind, want.Signal = core.SignalFound, signal
			inputs := l.answers(n2, core.Effect{Op: core.Fetch, States: open})
			if len(inputs) != 2 || inputs[0] != want {
				t.Errorf("found %+v, want %+v", inputs, want)
			}
		}
		found(core.Input{State: core.Received, Version: 1})
		l.grant(n1, epoch, signal)
		l.wait(sendBy + µs)
		found(core.Input{
			State: core.Submitting, Version: 2, Attempt: 1, Epoch: epoch, Age: µs, Flags: core.Overdue,
		})
		l.recorded(n1, fact(n1, signal, 1, core.Void), core.Received)
		l.lead(n2)
		l.wait(sendBy - µs)
		found(core.Input{
			State: core.Received, Version: 3, Attempt: 1, Epoch: epoch, Age: sendBy,
			Flags: core.Overdue | core.Outdated,
		})
		l.recorded(n1, fact(n1, signal, 1, core.Submitted), core.InDoubt)
		found(core.Input{
			State: core.InDoubt, Version: 4, Attempt: 1, Epoch: epoch, Age: sendBy,
			Flags: core.Overdue | core.Outdated | core.Alerted,
		})
	})
}
