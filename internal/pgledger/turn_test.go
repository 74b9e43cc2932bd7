package pgledger_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

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

func wantGranted(t testing.TB, in core.Input) {
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

// What is asked at the same time is answered together, and of each instrument one
// signal is granted all the same: nobody's permit fails for another's sake.
func TestOfPermitsThatAreGrantedTogetherOneOfEachInstrumentIs(t *testing.T) {
	const many, instruments = 48, 16
	dsn := database(t)
	n1 := start(t, dsn, "n1", inTurn)
	epoch := n1.lead()
	var all []asked
	for i := range many {
		instrument := func(o *pgledger.Offer) { o.Instrument = fmt.Sprintf("instrument %d", i%instruments) }
		one := asked{want: core.PermitWasGranted, effect: core.Effect{
			Op: core.Permit, Signal: n1.admit(fmt.Sprintf("s%02d", i), instrument), Attempt: 1, Version: 1,
			Epoch: epoch, Token: n1.token,
		}}
		if i >= instruments {
			one.want, one.reason = core.PermitWasRefused, core.StateChanged
		}
		all = append(all, one)
	}
	besideEachOther(t, n1, dsn, all)
	watch := connect(t, dsn)
	if n := read[int64](t, watch, `SELECT count(*) FROM attempts`); n != instruments {
		t.Errorf("%d permits stand, for %d instruments", n, instruments)
	}
	if n := read[int64](t, watch, `SELECT count(DISTINCT xmin::text) FROM attempts`); n > 8 {
		t.Errorf("%d permits that were asked for at the same time took %d transactions", instruments, n)
	}
}

// Two leaderships that overlap ask for the same instruments in opposite orders; that
// is no ring.
func TestPermitsOfSeveralInstrumentsDoNotWaitInARing(t *testing.T) {
	const instruments, rounds = 16, 8
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1", inTurn), start(t, dsn, "n2", inTurn)
	n1.lead()
	epoch := n2.lead()
	for round := range rounds {
		var signals [instruments]core.SignalID
		for i := range instruments {
			instrument := func(o *pgledger.Offer) { o.Instrument = fmt.Sprintf("instrument %d %d", round, i) }
			signals[i] = n1.admit(fmt.Sprintf("%d %d", round, i), instrument)
		}
		free := blocked(t, dsn)
		var asking sync.WaitGroup
		for i := range instruments {
			for n, p := range []*process{n1, n2} {
				signal := signals[i]
				if n == 1 {
					signal = signals[instruments-1-i]
				}
				asking.Go(func() {
					e := core.Effect{
						Op: core.Permit, Signal: signal, Attempt: 1, Version: 1,
						Epoch: epoch, Token: n2.token,
					}
					if err := p.Call(t.Context(), &e, func(*core.Input) {}); err != nil {
						t.Errorf("%s: %v", p.name, err)
					}
				})
			}
		}
		until(t, "both wait", func() bool { return waiting(t, dsn) >= 2 })
		free()
		asking.Wait()
	}
	watch := connect(t, dsn)
	if n := read[int64](t, watch, `SELECT count(*) FROM attempts`); n != instruments*rounds {
		t.Errorf("%d permits stand, want %d", n, instruments*rounds)
	}
	// Whoever is thrown out of a ring asks again, so the server has to be asked. It
	// counts when a session ends.
	n1.Close()
	n2.Close()
	until(t, "the sessions gone", func() bool {
		return read[int64](t, watch, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE '/* %'`) == 0
	})
	if n := read[int64](t, watch, `SELECT deadlocks FROM pg_stat_database
		WHERE datname = current_database()`); n != 0 {
		t.Errorf("%d times they waited in a ring", n)
	}
}

// Each outcome that is recorded beside others says itself whether another signal of
// its instrument waits.
func TestEachOfSeveralOutcomesTellsWhoWaits(t *testing.T) {
	const many = 16
	dsn := database(t)
	n1 := start(t, dsn, "n1", inTurn)
	epoch := n1.lead()
	var signals [many]core.SignalID
	for i := range many {
		instrument := func(o *pgledger.Offer) { o.Instrument = fmt.Sprintf("instrument %d", i) }
		signals[i] = n1.admit(fmt.Sprintf("s%02d", i), instrument)
		wantGranted(t, n1.permit(epoch, signals[i], 1, 1))
		if i%2 == 0 {
			n1.admit(fmt.Sprintf("next %02d", i), instrument)
		}
	}
	free := blocked(t, dsn)
	var recording sync.WaitGroup
	for i := range many {
		recording.Go(func() {
			want := []core.InputKind{core.OutcomeWasRecorded}
			if i%2 == 0 {
				want = append(want, core.WorkHeard)
			}
			var got []core.InputKind
			e := core.Effect{
				Op: core.Record, Signal: signals[i], Attempt: 1, State: core.Executed, Token: n1.token,
			}
			err := n1.Call(t.Context(), &e, func(in *core.Input) { got = append(got, in.Kind) })
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("outcome %d: %v, %v, want %v", i, got, err, want)
			}
		})
		for i == 0 && waiting(t, dsn) == 0 {
			<-time.After(time.Millisecond)
		}
	}
	free()
	recording.Wait()
}
