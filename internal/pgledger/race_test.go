package pgledger_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"fencepost/core"
)

// The race: workers ask for permits under the newest epoch they have heard of,
// as fast as they can, while two nodes take the epoch from each other.
const (
	raceWorkers = 8
	raceSignals = 30_000
	raceBound   = 20 * time.Second
	raceSlice   = 100 * time.Millisecond
)

// race is one race and its judge.
type race struct {
	dsn    string
	takers [2]*process
	watch  executor
	// newest is the claim that the workers use.
	newest atomic.Pointer[claim]
	next   atomic.Int64
	// granted and refused count what the workers were told.
	granted, refused atomic.Int64
	stop             context.CancelFunc
	running          sync.WaitGroup
}

// startRace lets permits through the fence race takeovers until it is stopped.
func startRace(t *testing.T, f fence) *race {
	t.Helper()
	dsn := database(t)
	r := &race{
		dsn: dsn, takers: [2]*process{start(t, dsn, "n1"), start(t, dsn, "n2")}, watch: connect(t, dsn),
	}
	exec(t, r.watch, `INSERT INTO signals (group_name, key, type, instrument, position, "timestamp", payload)
		SELECT 'test', n::text, 'EXIT', 'NIFTY', 'LONG', 't', '' FROM generate_series(1, $1) n`, raceSignals)
	first := r.takers[0]
	r.newest.Store(&claim{first, first.lead(), first.token})
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	t.Cleanup(r.end)
	for range raceWorkers {
		r.work(ctx, t, f)
	}
	r.running.Go(func() { r.takeTurns(ctx, t) })
	return r
}

// end stops the race and waits until nobody runs any more.
func (r *race) end() {
	r.stop()
	r.running.Wait()
}

// work is one worker. Its permits are all for signals of their own, so that
// nothing but the fence decides.
func (r *race) work(ctx context.Context, t *testing.T, f fence) {
	conn := exact(t, r.dsn)
	r.running.Go(func() {
		for ctx.Err() == nil {
			signal := r.next.Add(1)
			if signal > raceSignals {
				return
			}
			// The worker's own context does not end, so that no connection breaks.
			granted, err := f.ask(context.WithoutCancel(ctx), conn, *r.newest.Load(), signal)
			switch {
			case mayHappen(err):
			case err != nil:
				t.Errorf("permit: %v", err)
				return
			case granted:
				r.granted.Add(1)
			default:
				r.refused.Add(1)
			}
		}
	})
}

// mayHappen reports errors that end one permit and say nothing of the fence:
// under REPEATABLE READ a row may have changed, and a crowd may wait too long.
func mayHappen(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) &&
		(answer.Code == "40001" || answer.Code == "40P01" || answer.Code == "55P03")
}

// takeTurns lets the two nodes take the epoch from each other. Sometimes the
// leader closes its tenure first.
func (r *race) takeTurns(ctx context.Context, t *testing.T) {
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for turn := 1; ctx.Err() == nil; turn++ {
		// Takeovers alone would leave no room for permits.
		for before, i := r.granted.Load(), 0; r.granted.Load() < before+raceWorkers && i < 20; i++ {
			<-pace.C
		}
		leader, next := r.takers[(turn+1)%2], r.takers[turn%2]
		current := r.newest.Load().epoch
		if turn%4 == 0 && !r.step(t, leader, core.Effect{
			Op: core.Resign, Epoch: current, Token: leader.token, Reason: core.OperatorRequest,
		}, core.TenureWasClosed) {
			return
		}
		next.token.Acquisition++
		take := core.Effect{Op: core.TakeEpoch, Epoch: current, Token: next.token}
		if !r.step(t, next, take, core.EpochWasTaken) {
			return
		}
		r.newest.Store(&claim{next, current + 1, next.token})
	}
}

// step carries out one operation of a taker.
func (r *race) step(t *testing.T, p *process, e core.Effect, want core.InputKind) bool {
	var got core.InputKind
	err := p.Call(context.WithoutCancel(t.Context()), &e, func(in *core.Input) { got = in.Kind })
	if err != nil || got != want {
		t.Errorf("%v: %v, %v", e.Op, got, err)
		return false
	}
	return true
}

// late counts the permits outside their tenure so far.
func (r *race) late(t *testing.T) int64 {
	t.Helper()
	return read[int64](t, r.watch, lateSQL)
}

// TestUnsafeFencesLoseTheRace lets each unsafe fence run until a permit stands
// after the takeover that should have stopped it.
func TestUnsafeFencesLoseTheRace(t *testing.T) {
	for _, f := range unsafeFences() {
		t.Run(f.name, func(t *testing.T) {
			began := time.Now()
			r := startRace(t, f)
			slice := time.NewTicker(raceSlice)
			defer slice.Stop()
			for r.late(t) == 0 {
				if time.Since(began) > raceBound {
					t.Fatalf("no late permit in %v: does it race at all?", raceBound)
				}
				<-slice.C
			}
			r.end()
			t.Logf("%d late of %d granted, epoch %d, after %v",
				r.late(t), r.granted.Load(), r.newest.Load().epoch, time.Since(began).Round(time.Millisecond))
		})
	}
}

// TestSafeFenceWinsTheRace runs the ledger itself through the same race for
// longer than the unsafe ones need to lose it.
func TestSafeFenceWinsTheRace(t *testing.T) {
	duration := 4 * time.Second
	if testing.Short() {
		duration = time.Second
	}
	began := time.Now()
	r := startRace(t, production())
	slice := time.NewTicker(raceSlice)
	defer slice.Stop()
	// A slow machine races for longer, until both sides have had their turns.
	raced := func() bool {
		return r.granted.Load() >= 200 && r.refused.Load() > 0 && r.newest.Load().epoch >= 10
	}
	for time.Since(began) < duration || !raced() {
		if time.Since(began) > 2*raceBound || t.Failed() {
			t.Fatalf("%d granted, %d refused, %d epochs: that was no race",
				r.granted.Load(), r.refused.Load(), r.newest.Load().epoch)
		}
		<-slice.C
	}
	r.end()
	if late := r.late(t); late != 0 {
		t.Errorf("%d permits stand outside their tenure", late)
	}
	granted, refused := r.granted.Load(), r.refused.Load()
	t.Logf("%d granted, %d refused, %d epochs", granted, refused, r.newest.Load().epoch)
	stored := read[int64](t, r.watch, `SELECT count(*) FROM attempts`)
	if stored != granted {
		t.Errorf("%d intents for %d granted permits", stored, granted)
	}
	noted := read[int64](t, r.watch, `SELECT count(*) FROM fence_refusals WHERE op = 'permit'`)
	if noted != refused {
		t.Errorf("%d rows about %d refused permits", noted, refused)
	}
}
