package pgledger_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/postgres"
	"fencepost/migrations"
)

// benchWorkers is how many clients ask at once.
const benchWorkers = 32

// benchRound is how many operations each side does before the other's turn:
// whatever else the machine does falls on both.
const benchRound = 500

// sides are two ledgers, the second one without events.
type sides struct {
	with, without *process
}

// both opens the two, on a server that writes to the disk before it says so.
func both(b *testing.B) sides {
	b.Helper()
	server := testbed.OwnPostgres(b, postgres.Options{Settings: map[string]string{
		"fsync": "on", "full_page_writes": "on",
	}})
	ledger := func(name string) string {
		if err := server.CreateDatabase(b.Context(), name); err != nil {
			b.Fatal(err)
		}
		if _, err := migrations.Up(b.Context(), server.DSN(name)); err != nil {
			b.Fatal(err)
		}
		return server.DSN(name)
	}
	many := func(o *pgledger.Options) { o.Conns = benchWorkers }
	s := sides{with: start(b, ledger("with"), "n1", many)}
	bare := ledger("without")
	conn := connect(b, bare)
	for _, event := range []string{"signals_event", "signals_stored_event", "attempts_event"} {
		table, _, _ := strings.Cut(event, "_")
		exec(b, conn, `ALTER TABLE `+table+` DISABLE TRIGGER `+event)
	}
	s.without = start(b, bare, "n1", many)
	s.with.lead()
	s.without.lead()
	return s
}

// compare runs the operation on both sides in turns and reports what the events
// cost.
func (s sides) compare(b *testing.B, prepare func(*process, int) func(int) error) {
	b.Helper()
	var took [2]time.Duration
	done := 0
	for done < b.N {
		round := min(benchRound, b.N-done)
		for i, p := range []*process{s.with, s.without} {
			took[i] += atOnce(b, round, prepare(p, round))
		}
		done += round
	}
	rate := func(d time.Duration) float64 { return float64(done) / d.Seconds() }
	b.ReportMetric(rate(took[0]), "with/s")
	b.ReportMetric(rate(took[1]), "without/s")
	b.ReportMetric(rate(took[0])/rate(took[1]), "ratio")
	b.ReportMetric(0, "ns/op")
}

// atOnce does n operations with all workers and tells how long they took.
func atOnce(b *testing.B, n int, do func(int) error) time.Duration {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, benchWorkers)
	began := time.Now()
	for range benchWorkers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := do(int(i - 1)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	select {
	case err := <-errs:
		b.Fatal(err)
	default:
	}
	return took
}

var benchKeys atomic.Int64

// admitOne stores one more signal.
func admitOne(b *testing.B, p *process) (core.SignalID, error) {
	o := offer(fmt.Sprintf("bench-%d", benchKeys.Add(1)))
	admitted, err := p.Admit(b.Context(), &o)
	return admitted.Signal, err
}

// BenchmarkAdmit says what the chain costs a webhook.
func BenchmarkAdmit(b *testing.B) {
	both(b).compare(b, func(p *process, _ int) func(int) error {
		return func(int) error { _, err := admitOne(b, p); return err }
	})
}

// BenchmarkPermit says what the chain costs a permit, which writes two events.
func BenchmarkPermit(b *testing.B) {
	both(b).compare(b, func(p *process, n int) func(int) error {
		ids := make([]core.SignalID, n)
		atOnce(b, n, func(i int) (err error) { ids[i], err = admitOne(b, p); return err })
		return func(i int) error {
			e := core.Effect{
				Op: core.Permit, Signal: ids[i], Attempt: 1, Version: 1, Epoch: 1, Token: p.token,
			}
			return p.Call(b.Context(), &e, func(in *core.Input) {
				if in.Kind != core.PermitWasGranted {
					b.Errorf("permit: %v %v", in.Kind, in.Reason)
				}
			})
		}
	})
}

// BenchmarkAdmitTogether says what it brings that signals which come at the same
// time are stored together: the rate of so many clients, to their rate when each
// signal has a transaction of its own, as one that is compared with others has.
func BenchmarkAdmitTogether(b *testing.B) {
	s := both(b)
	var took [2]time.Duration
	done := 0
	for done < b.N {
		round := min(benchRound, b.N-done)
		for i, window := range []time.Duration{0, time.Microsecond} {
			took[i] += atOnce(b, round, func(int) error {
				o := offer(fmt.Sprintf("bench-%d", benchKeys.Add(1)))
				o.Position, o.Screen.Similar = o.Key, window
				_, err := s.with.Admit(b.Context(), &o)
				return err
			})
		}
		done += round
	}
	together, alone := float64(done)/took[0].Seconds(), float64(done)/took[1].Seconds()
	b.ReportMetric(together, "together/s")
	b.ReportMetric(alone, "alone/s")
	b.ReportMetric(together/alone, "ratio")
	b.ReportMetric(0, "ns/op")
}
