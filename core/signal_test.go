package core_test

import (
	"testing"

	"fencepost/core"
)

// PROTOCOL 5.2.1: each arrow of the diagram, and no other. A row is a state, a
// column an outcome; a dash is no arrow.
func TestArrowsAreThoseOfTheDiagram(t *testing.T) {
	outcomes := []core.SignalState{
		core.Expired, core.Void, core.InDoubt, core.Submitted, core.Executed, core.Rejected, core.Cancelled,
	}
	const none = core.NoSignal
	for state, row := range map[core.SignalState][]core.SignalState{
		core.Received: {core.Expired, none, none, none, none, none, none},
		core.Held:     {core.Expired, none, none, none, none, none, none},
		core.Submitting: {
			none, core.Received, core.InDoubt, core.Submitted, core.Executed, core.Rejected, core.Cancelled,
		},
		core.Submitted: {none, none, none, core.Submitted, core.Executed, core.Rejected, core.Cancelled},
		core.InDoubt: {
			none, core.Received, core.InDoubt, core.Submitted, core.Executed, core.Rejected, core.Cancelled,
		},
		core.Executed:  {none, none, none, none, core.Executed, none, none},
		core.Rejected:  {none, none, none, none, none, core.Rejected, none},
		core.Cancelled: {none, none, none, none, none, none, core.Cancelled},
		core.Expired:   {core.Expired, none, none, none, none, none, none},
		core.NoSignal:  {none, none, none, none, none, none, none},
		core.Void:      {none, none, none, none, none, none, none},
	} {
		for i, outcome := range outcomes {
			next, ok := state.After(outcome)
			if ok != (row[i] != none) || ok && next != row[i] {
				t.Errorf("%v after %v: %v, %v; want %v", state, outcome, next, ok, row[i])
			}
		}
		for _, outcome := range []core.SignalState{core.NoSignal, core.Received, core.Held, core.Submitting} {
			if _, ok := state.After(outcome); ok {
				t.Errorf("%v is no outcome, yet %v has an arrow for it", outcome, state)
			}
		}
	}
}

// PROTOCOL 5.2.1: what is final stays, and recording it twice is no error.
func TestFinalStatesStay(t *testing.T) {
	final := 0
	for state := core.NoSignal; state <= core.Void; state++ {
		if !state.Final() {
			continue
		}
		final++
		for outcome := core.NoSignal; outcome <= core.Void; outcome++ {
			if next, ok := state.After(outcome); ok && next != state {
				t.Errorf("%v after %v: %v", state, outcome, next)
			}
		}
		if next, ok := state.After(state); !ok || next != state {
			t.Errorf("%v twice: %v, %v", state, next, ok)
		}
	}
	if final != 4 {
		t.Fatalf("%d final states, want executed, rejected, cancelled and expired", final)
	}
}
