package pgledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost/core"
)

// asked is a call that is made beside others.
type asked struct {
	effect core.Effect
	want   core.InputKind
	reason core.Reason
}

// besideEachOther makes the first call alone and the others while it is under way,
// held up by somebody who holds the table, and checks each one's own answer.
func besideEachOther(t *testing.T, p *process, dsn string, all []asked) {
	t.Helper()
	free := blocked(t, dsn)
	var calls sync.WaitGroup
	for i, one := range all {
		calls.Go(func() {
			err := p.Call(t.Context(), &one.effect, func(in *core.Input) {
				if in.Kind != one.want || in.Reason != one.reason || in.Signal != one.effect.Signal {
					t.Errorf("call %d: %+v, want %v %v", i, in, one.want, one.reason)
				}
			})
			if err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
		for i == 0 && waiting(t, dsn) == 0 {
			<-time.After(time.Millisecond)
		}
	}
	free()
	calls.Wait()
}

// TestEachOfSeveralPermitsHasItsOwnAnswer: they share transactions, and nothing else.
func TestEachOfSeveralPermitsHasItsOwnAnswer(t *testing.T) {
	dsn := database(t)
	n0, n1 := start(t, dsn, "n0"), start(t, dsn, "n1")
	n0.lead()
	epoch := n1.lead()
	const many = 24
	var all []asked
	for i := range many {
		one := asked{want: core.PermitWasGranted, effect: core.Effect{
			Op: core.Permit, Signal: n1.admit(fmt.Sprintf("s%02d", i)), Attempt: 1, Version: 1,
			Epoch: epoch, Token: n1.token,
		}}
		switch i {
		case 3: // as it never was
			one.effect.Version, one.want, one.reason = 7, core.PermitWasRefused, core.StateChanged
		case 5: // of a leadership that has passed
			one.effect.Epoch, one.want, one.reason = epoch-1, core.PermitWasRefused, core.Superseded
		case 7: // of nobody's
			one.effect.Signal, one.want, one.reason = 9999, core.PermitWasRefused, core.StateChanged
		}
		all = append(all, one)
	}
	besideEachOther(t, n1, dsn, all)
	watch := connect(t, dsn)
	if n := read[int64](t, watch, `SELECT count(*) FROM attempts`); n != many-3 {
		t.Errorf("%d permits stand", n)
	}
	if n := read[int64](t, watch, `SELECT count(DISTINCT fence_seq) FROM attempts`); n != many-3 {
		t.Errorf("%d permits have a number of their own", n)
	}
	if n := read[int64](t, watch, `SELECT count(DISTINCT xmin::text) FROM attempts`); n > 8 {
		t.Errorf("%d permits that were asked for at the same time took %d transactions", many-3, n)
	}
	if got, err := n1.Refusals(t.Context(), 9); err != nil || len(got) != 1 || got[0].Epoch != epoch-1 {
		t.Errorf("refusals %+v, %v", got, err)
	}
}

// TestEachOfSeveralOutcomesHasItsOwnAnswer: also that of another kind, of another
// leadership, and of an attempt that is not there.
func TestEachOfSeveralOutcomesHasItsOwnAnswer(t *testing.T) {
	dsn := database(t)
	n1 := start(t, dsn, "n1")
	epoch := n1.lead()
	const many = 24
	var all []asked
	for i := range many {
		signal := n1.admit(fmt.Sprintf("s%02d", i))
		n1.permit(epoch, signal, 1, 1)
		one := asked{want: core.OutcomeWasRecorded, effect: core.Effect{
			Op: core.Record, Signal: signal, Attempt: 1, State: core.Executed, Token: n1.token,
		}}
		switch i {
		case 2:
			one.effect.State = core.InDoubt
			one.effect.Alert = true
		case 3:
			one.effect.State, one.effect.Reason = core.Void, core.GateDeadline
		case 4: // by somebody who did not send it, before its time is over
			one.effect.Token.Acquisition++
			one.want = core.RecordWasRefused
		case 5:
			one.effect.Attempt, one.want = 2, core.RecordWasRefused
		}
		all = append(all, one)
	}
	besideEachOther(t, n1, dsn, all)
	watch := connect(t, dsn)
	for state, want := range map[string]int64{
		"executed": many - 4, "in_doubt": 1, "received": 1, "submitting": 2,
	} {
		n := read[int64](t, watch, `SELECT count(*) FROM signals WHERE state = '`+state+`'`)
		if n != want {
			t.Errorf("%d signals are %s, want %d", n, state, want)
		}
	}
	if n := read[int64](t, watch, `SELECT count(*) FROM signals WHERE alerted_at IS NOT NULL`); n != 1 {
		t.Errorf("%d signals raise an alert", n)
	}
	sql := `SELECT count(DISTINCT xmin::text) FROM signals WHERE state = 'executed'`
	if n := read[int64](t, watch, sql); n > 8 {
		t.Errorf("%d outcomes that came at the same time took %d transactions", many-4, n)
	}
}

// TestNewTablesAreCountedForThePlanner: until they are, it finds a signal by its group.
func TestNewTablesAreCountedForThePlanner(t *testing.T) {
	dsn := database(t)
	n1, watch := start(t, dsn, "n1"), connect(t, dsn)
	plan := func() string {
		// As the server checks the foreign key of an attempt, and keeps the plan.
		return read[string](t, watch, `EXPLAIN (FORMAT json) SELECT 1 FROM ONLY signals x
			WHERE group_name = 'test' AND id = 5 FOR KEY SHARE OF x`)
	}
	measured := func() {
		t.Helper()
		if known, err := n1.Measure(t.Context()); err != nil || known {
			t.Fatalf("tables are known: %t, %v; attempts has no row", known, err)
		}
	}
	measured()
	if n := read[int32](t, watch, `SELECT relpages FROM pg_class WHERE oid = 'signals'::regclass`); n != 0 {
		t.Errorf("an empty table was counted: %d pages", n)
	}
	exec(t, watch, `INSERT INTO signals (group_name, key, type, instrument, position, "timestamp", payload)
		SELECT 'test', n::text, 'EXIT', 'NIFTY', 'LONG', 't', '' FROM generate_series(1, 2000) n`)
	measured()
	if n := read[int32](t, watch, `SELECT relpages FROM pg_class WHERE oid = 'signals'::regclass`); n < 32 {
		t.Errorf("a table that has grown was not counted: %d pages", n)
	}
	if found := plan(); !strings.Contains(found, "(id = 5)") || strings.Contains(found, `"Filter": "(id`) {
		t.Errorf("one signal of 2,000 is found by %s", found)
	}
}

// While signals come in lists of work rest, as permits do; else they do not.
func TestListsRestWhileSignalsComeIn(t *testing.T) {
	n1 := start(t, database(t), "n1")
	list := func() { n1.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received}) }
	if list(); n1.Rest() > 0 {
		t.Errorf("a list rests for %v, and nothing comes in", n1.Rest())
	}
	until(t, "a list to rest", func() bool {
		n1.CameIn()
		list()
		return n1.Rest() > 0
	})
}

// Whoever asks for a list waits for the rest to end, for half of his time at the most.
func TestRestOfAListIsBounded(t *testing.T) {
	n1 := start(t, database(t), "n1")
	fetch := core.Effect{Op: core.Fetch, States: 1 << core.Received}
	const rest = 30 * time.Millisecond
	began := time.Now()
	n1.RestFor(rest)
	n1.calls(fetch)
	if took := time.Since(began); took < rest {
		t.Errorf("a list that was to rest for %v came after %v", rest, took)
	}
	n1.RestFor(time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	answers := 0
	if err := n1.Call(ctx, &fetch, func(*core.Input) { answers++ }); err != nil || answers != 1 {
		t.Errorf("a list that was to rest for an hour has %d answers: %v", answers, err)
	}
	n1.RestFor(time.Hour)
	gone, leave := context.WithCancelCause(t.Context())
	left := errors.New("left")
	leave(left)
	if err := n1.Call(gone, &fetch, func(*core.Input) {}); !errors.Is(err, left) {
		t.Errorf("whoever has left hears %v", err)
	}
}
