package pgledger_test

import (
	"fmt"
	"sync"
	"testing"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// inTurn has one signal of an instrument open at a time.
func inTurn(o *pgledger.Options) { o.OneOpen = true }

// exit makes an offer one of an exit.
func exit(o *pgledger.Offer) { o.Type = "EXIT" }

// wantTurn demands that a permit is refused for another signal's sake.
func wantTurn(t *testing.T, in core.Input) {
	t.Helper()
	if in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
		t.Errorf("%v (%v), want another signal's turn", in.Kind, in.Reason)
	}
}

func wantGranted(t *testing.T, in core.Input) {
	t.Helper()
	if in.Kind != core.PermitWasGranted {
		t.Errorf("%v (%v), want a permit", in.Kind, in.Reason)
	}
}

func TestOneSignalOfAnInstrumentIsPermittedAtATime(t *testing.T) {
	n1 := start(t, database(t), "n1", inTurn)
	epoch := n1.lead()
	first, second := n1.admit("first"), n1.admit("second")
	wantGranted(t, n1.permit(epoch, first, 1, 1))
	wantTurn(t, n1.permit(epoch, second, 1, 1))
	n1.record(first, 1, core.Submitted)
	wantTurn(t, n1.permit(epoch, second, 1, 1))
	n1.calls(core.Effect{Op: core.Record, Signal: first, Attempt: 1, State: core.Executed, Token: n1.token})
	wantGranted(t, n1.permit(epoch, second, 1, 1))
}

func TestExitIsPermittedBeforeAnOlderEntry(t *testing.T) {
	n1 := start(t, database(t), "n1", inTurn)
	epoch := n1.lead()
	entry, out := n1.admit("entry"), n1.admit("exit", exit)
	wantTurn(t, n1.permit(epoch, entry, 1, 1))
	wantGranted(t, n1.permit(epoch, out, 1, 1))
}

// Whoever asks at the same time finds that one was granted, and no error.
func TestOfPermitsOfOneInstrumentThatAreAskedForAtOnceOneIsGranted(t *testing.T) {
	const askers = 6
	n1 := start(t, database(t), "n1", inTurn, func(o *pgledger.Options) { o.Conns = askers })
	epoch := n1.lead()
	for round := range 5 {
		instrument := func(o *pgledger.Offer) { o.Instrument = fmt.Sprintf("instrument %d", round) }
		var (
			asking  sync.WaitGroup
			answers [askers]core.Input
			signals [askers]core.SignalID
		)
		// None stands before another by its kind alone: what is left is the race.
		for i := range askers {
			signals[i] = n1.admit(fmt.Sprintf("%d %d", round, i), instrument, exit)
		}
		for i := range askers {
			asking.Go(func() { answers[i] = n1.permit(epoch, signals[i], 1, 1) })
		}
		asking.Wait()
		for i, in := range answers {
			if i == 0 {
				wantGranted(t, in)
			} else {
				wantTurn(t, in)
			}
		}
	}
}

// A ledger that is set up without the rule says so to the schema, and grants both.
func TestWithoutTheRuleSeveralSignalsOfAnInstrumentAreOpen(t *testing.T) {
	n1 := start(t, database(t), "n1")
	epoch := n1.lead()
	entry, out := n1.admit("entry"), n1.admit("exit", exit)
	wantGranted(t, n1.permit(epoch, entry, 1, 1))
	wantGranted(t, n1.permit(epoch, out, 1, 1))
}
